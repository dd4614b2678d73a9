// What do the activations and their first two derivatives look like in WGSL?
//
// `gain` is act(z)/z for |z| < 0.2 and `far` is act(z) beyond: tfjs' tanh loses everything near 0, and gains let an
// activation act on numbers stored with an exponent of their own (z itself may be below float32). 1 - tanh^2 and
// 1 - sigmoid are written without the subtraction. Comparisons are turned so that NaN passes through.
import type { Activation } from '../../core/experiment.ts'

export interface ActivationCode {
  /** act(c z) = c act(z) for c > 0: the stored number may be used for the true one. */
  readonly homogeneous: boolean
  /** act'' is 0 everywhere (where it exists). */
  readonly flat: boolean
  /** WGSL of `gain`, `far`, `slope` and `curvature`, each f32 -> f32. */
  readonly declarations: string
}

// Remainder of the series at 0.2: 9e-10 relative.
const TANH = `
fn tanhGain(z : f32) -> f32 {
  let y = z * z;
  return 1.0 + y * (-0.33333334 + y * (0.13333334 + y * (-0.053968254 + y * 0.021869488)));
}
fn tanhFar(z : f32) -> f32 {
  let e = exp(-2.0 * abs(z));
  return select(1.0, -1.0, z < 0.0) * (1.0 - e) / (1.0 + e);
}
fn tanhAny(z : f32) -> f32 {
  if (abs(z) < 0.2) { return z * tanhGain(z); }
  return tanhFar(z);
}
fn tanhSlope(z : f32) -> f32 {
  let e = exp(-2.0 * abs(z));
  return 4.0 * e / ((1.0 + e) * (1.0 + e));
}`

const SIGMOID = `
fn sigmoid(z : f32) -> f32 {
  let e = exp(-abs(z));
  return select(1.0, e, z < 0.0) / (1.0 + e);
}`

const CODES: Readonly<Record<Activation, ActivationCode>> = {
  identity: {
    homogeneous: true,
    flat: true,
    declarations: `
fn gain(z : f32) -> f32 { return 1.0; }
fn far(z : f32) -> f32 { return z; }
fn slope(z : f32) -> f32 { return 1.0; }
fn curvature(z : f32) -> f32 { return 0.0; }`,
  },
  relu: {
    homogeneous: true,
    flat: true,
    declarations: `
fn gain(z : f32) -> f32 { return select(1.0, 0.0, z <= 0.0); }
fn far(z : f32) -> f32 { return select(z, 0.0, z <= 0.0); }
fn slope(z : f32) -> f32 { return select(1.0, 0.0, z <= 0.0); }
fn curvature(z : f32) -> f32 { return 0.0; }`,
  },
  tanh: { homogeneous: false, flat: false, declarations: tanhTimes(1) },
  tanh3: { homogeneous: false, flat: false, declarations: tanhTimes(3) },
  swish: {
    homogeneous: false,
    flat: false,
    declarations: `${SIGMOID}
fn gain(z : f32) -> f32 { return sigmoid(z); }
fn far(z : f32) -> f32 { return z * sigmoid(z); }
fn slope(z : f32) -> f32 { return sigmoid(z) * (1.0 + z * sigmoid(-z)); }
fn curvature(z : f32) -> f32 {
  let s = sigmoid(z);
  return s * sigmoid(-z) * (2.0 + z * (sigmoid(-z) - s));
}`,
  },
}

function tanhTimes(factor: number): string {
  const f = factor.toFixed(1)
  return `${TANH}
fn gain(z : f32) -> f32 { return ${f} * tanhGain(z); }
fn far(z : f32) -> f32 { return ${f} * tanhFar(z); }
fn slope(z : f32) -> f32 { return ${f} * tanhSlope(z); }
fn curvature(z : f32) -> f32 { return ${(-2 * factor).toFixed(1)} * tanhAny(z) * tanhSlope(z); }`
}

/** WGSL of one activation. */
export function activationCode(activation: Activation): ActivationCode {
  return CODES[activation]
}
