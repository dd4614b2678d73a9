// How does a kernel evaluate an activation in extended range?
//
// A tile holds z and h as mantissas of 2^e. Each entry gives three WGSL bodies: the value in the same
// exponent, and the true first and second derivatives. Below 2^-20 an activation is its own tangent at 0
// to float32 accuracy, so nothing is lost by not evaluating it there.
import type { Activation } from '../../core/experiment.ts'

interface ActivationWgsl {
  /** Value in the exponent of z; may use z, e. */
  readonly value: string
  /** First derivative; may use z, h (both mantissas) and e. */
  readonly slope: string
  /** Second derivative; likewise. */
  readonly curvature: string
  /** Whether slope or curvature need z, so that the forward pass must keep it. */
  readonly needsPreactivation: boolean
}

// tanh of WGSL may lose all digits near 0; an odd series below 0.2 is right to 3.3e-7.
const TANH = `
fn tanhSafe(x: vec4f) -> vec4f {
  let y = x * x;
  let series = x * (1.0 + y * (-0.33333334 + y * (0.13333334 + y * (-0.053968254 + y * 0.021869488))));
  return select(tanh(clamp(x, vec4f(-20.0), vec4f(20.0))), series, abs(x) < vec4f(0.2));
}
fn logistic(x: vec4f) -> vec4f { return 1.0 / (1.0 + exp(-clamp(x, vec4f(-80.0), vec4f(80.0)))); }`

const ZERO = 'return vec4f(0.0);'

const TABLE: Readonly<Record<Activation, ActivationWgsl>> = {
  identity: { value: 'return z;', slope: 'return vec4f(1.0);', curvature: ZERO, needsPreactivation: false },
  relu: {
    value: 'return max(z, vec4f(0.0));',
    slope: 'return select(vec4f(0.0), vec4f(1.0), h > vec4f(0.0));',
    curvature: ZERO,
    needsPreactivation: false,
  },
  tanh: {
    value: 'if (e <= -20) { return z; } return tanhSafe(z * exp2i(e)) * exp2i(-e);',
    slope: 'if (e <= -20) { return vec4f(1.0); } let t = h * exp2i(e); return 1.0 - t * t;',
    curvature: 'if (e <= -40) { return vec4f(0.0); } let t = h * exp2i(e); return -2.0 * t * (1.0 - t * t);',
    needsPreactivation: false,
  },
  tanh3: {
    value: 'if (e <= -20) { return 3.0 * z; } return 3.0 * tanhSafe(z * exp2i(e)) * exp2i(-e);',
    slope: 'if (e <= -20) { return vec4f(3.0); } let t = h * exp2i(e) / 3.0; return 3.0 * (1.0 - t * t);',
    curvature: 'if (e <= -40) { return vec4f(0.0); } let t = h * exp2i(e) / 3.0; return -6.0 * t * (1.0 - t * t);',
    needsPreactivation: false,
  },
  swish: {
    value: 'if (e <= -24) { return 0.5 * z; } return z * logistic(z * exp2i(e));',
    slope: 'if (e <= -24) { return vec4f(0.5); } let x = z * exp2i(e); let s = logistic(x); return s + x * s * (1.0 - s);',
    curvature: 'if (e <= -24) { return vec4f(0.5); } let x = z * exp2i(e); let s = logistic(x); return s * (1.0 - s) * (2.0 + x * (1.0 - 2.0 * s));',
    needsPreactivation: true,
  },
}

/** Whether the forward pass must keep z for this activation's derivatives. */
export function needsPreactivation(activation: Activation): boolean {
  return TABLE[activation].needsPreactivation
}

/** WGSL functions `<prefix>Value(z, e)`, `<prefix>Slope(z, h, e)`, `<prefix>Curvature(z, h, e)`; they call `exp2i` of `exponentWgsl`. */
export function activationWgsl(prefix: string, activation: Activation): string {
  const { value, slope, curvature } = TABLE[activation]
  return `
fn ${prefix}Value(z: vec4f, e: i32) -> vec4f { ${value} }
fn ${prefix}Slope(z: vec4f, h: vec4f, e: i32) -> vec4f { ${slope} }
fn ${prefix}Curvature(z: vec4f, h: vec4f, e: i32) -> vec4f { ${curvature} }`
}

/** The functions that the bodies above share; once per module. */
export const ACTIVATION_PRELUDE = TANH
