// How does a kernel evaluate an activation in extended range?
//
// A tile holds z and h as mantissas of 2^e. Each entry gives three WGSL bodies: the value in the same exponent, and
// the true first and second derivatives. Near 0 an activation is z times a gain, so numbers below float32 keep their
// digits; derivatives near saturation come from exp(-2|z|), because 1 - tanh^2 would be rounding noise there.
import type { Activation } from '../../core/experiment.ts'

interface ActivationWgsl {
  /** Value in the exponent of z; may use z, e and the true preactivation x. */
  readonly value: string
  /** First derivative; may use z, h (both mantissas), e and x. */
  readonly slope: string
  /** Second derivative; likewise. */
  readonly curvature: string
  /** Whether slope or curvature need z, so that the forward pass must keep it. */
  readonly needsPreactivation: boolean
  /** Saturates: a tile with e > 0 is evaluated at true scale, and e becomes 0. */
  readonly bounded: boolean
}

// tanh of WGSL may lose all digits near 0; an odd series below 0.2 is right to 1e-9.
const FUNCTIONS = `
fn tanhGain(x: vec4f) -> vec4f {
  let y = x * x;
  return 1.0 + y * (-0.33333334 + y * (0.13333334 + y * (-0.053968254 + y * 0.021869488)));
}
fn tanhFar(x: vec4f) -> vec4f {
  let tail = exp(-2.0 * abs(x));
  return sign(x) * (1.0 - tail) / (1.0 + tail);
}
fn tanhAny(x: vec4f) -> vec4f { return select(tanhFar(x), x * tanhGain(x), abs(x) < vec4f(0.2)); }
fn tanhSlope(x: vec4f) -> vec4f {
  let tail = exp(-2.0 * abs(x));
  let sum = 1.0 + tail;
  return 4.0 * tail / (sum * sum);
}
// tanh of z 2^e as a mantissa of 2^e.
fn tanhScaled(z: vec4f, x: vec4f, e: i32) -> vec4f { return select(tanhFar(x) * exp2i(-e), z * tanhGain(x), abs(x) < vec4f(0.2)); }
fn logistic(x: vec4f) -> vec4f {
  let tail = exp(-min(abs(x), vec4f(85.0)));
  return select(vec4f(1.0), tail, x < vec4f(0.0)) / (1.0 + tail);
}
fn within(x: vec4f) -> vec4f { return clamp(x, vec4f(-85.0), vec4f(85.0)); }`

const ZERO = 'return vec4f(0.0);'

const TABLE: Readonly<Record<Activation, ActivationWgsl>> = {
  identity: { value: 'return z;', slope: 'return vec4f(1.0);', curvature: ZERO, needsPreactivation: false, bounded: false },
  relu: {
    // Turned so that NaN passes through.
    value: 'return select(z, vec4f(0.0), z <= vec4f(0.0));',
    slope: 'return select(vec4f(1.0), vec4f(0.0), h <= vec4f(0.0));',
    curvature: ZERO,
    needsPreactivation: false,
    bounded: false,
  },
  tanh: {
    value: 'return tanhScaled(z, x, e);',
    slope: 'return tanhSlope(x);',
    curvature: 'return -2.0 * tanhAny(x) * tanhSlope(x);',
    needsPreactivation: true,
    bounded: true,
  },
  tanh3: {
    value: 'return 3.0 * tanhScaled(z, x, e);',
    slope: 'return 3.0 * tanhSlope(x);',
    curvature: 'return -6.0 * tanhAny(x) * tanhSlope(x);',
    needsPreactivation: true,
    bounded: true,
  },
  swish: {
    value: 'return z * logistic(x);',
    slope: 'let y = within(x); let s = logistic(y); return s * (1.0 + y * logistic(-y));',
    curvature: 'let y = within(x); let s = logistic(y); let t = logistic(-y); return s * t * (2.0 + y * (t - s));',
    needsPreactivation: true,
    bounded: false,
  },
}

/** Whether the forward pass must keep z for this activation's derivatives. */
export function needsPreactivation(activation: Activation): boolean {
  return TABLE[activation].needsPreactivation
}

/** Whether the activation saturates, so that its values need no exponent above 0. */
export function isBounded(activation: Activation): boolean {
  return TABLE[activation].bounded
}

/** WGSL functions `<prefix>Value(z, e)`, `<prefix>Slope(z, h, e)`, `<prefix>Curvature(z, h, e)`; they call `exp2i` of `exponentWgsl`. */
export function activationWgsl(prefix: string, activation: Activation): string {
  const { value, slope, curvature } = TABLE[activation]
  const x = 'let x = z * exp2i(e);'
  return `
fn ${prefix}Value(z: vec4f, e: i32) -> vec4f { ${x} ${value} }
fn ${prefix}Slope(z: vec4f, h: vec4f, e: i32) -> vec4f { ${x} ${slope} }
fn ${prefix}Curvature(z: vec4f, h: vec4f, e: i32) -> vec4f { ${x} ${curvature} }`
}

/** The functions that the bodies above share; once per module. */
export const ACTIVATION_PRELUDE = FUNCTIONS
