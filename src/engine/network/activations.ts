// What do the activations and their first two derivatives look like in WGSL?
//
// `gain` is act(z)/z for |z| < 0.2 and `far` is act(z) beyond: tfjs' tanh loses everything near 0, and gains let an
// activation act on numbers stored with an exponent of their own (z itself may be below float32). 1 - tanh^2 and
// 1 - sigmoid are written without the subtraction. Comparisons are turned so that NaN passes through. What WGSL only
// promises to a few digits (atan, and it has no erf) is a polynomial here, fitted to 2e-8.
import type { Activation } from '../../core/experiment.ts'
import { EXPONENTIAL } from './exponential.ts'

export interface ActivationCode {
  /** act(0) = 0: near 0 the activation is `gain` times z, whatever exponent z is stored with. */
  readonly throughZero: boolean
  /** act(c z) = c act(z) for c > 0: the stored number may be used for the true one. */
  readonly homogeneous: boolean
  /** act'' is 0 everywhere (where it exists). */
  readonly flat: boolean
  /**
   * Arguments of this size may have values (below 0) and slopes (below 0, or on both sides) under 2^-60: float32 may show 0 where
   * none is. Null: it has no such tails.
   */
  readonly tails: { readonly from: number; readonly ofValue: boolean } | null
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
  let e = expOf(-2.0 * abs(z));
  return select(1.0, -1.0, z < 0.0) * (1.0 - e) / (1.0 + e);
}
fn tanhAny(z : f32) -> f32 {
  if (abs(z) < 0.2) { return z * tanhGain(z); }
  return tanhFar(z);
}
fn tanhSlope(z : f32) -> f32 {
  let e = expOf(-2.0 * abs(z));
  return 4.0 * e / ((1.0 + e) * (1.0 + e));
}`

const SIGMOID = `
fn sigmoid(z : f32) -> f32 {
  let e = expOf(-abs(z));
  return select(1.0, e, z < 0.0) / (1.0 + e);
}`

const SIGMOID_SLOPE = `
fn sigmoidSlope(z : f32) -> f32 {
  let e = expOf(-abs(z));
  return e / ((1.0 + e) * (1.0 + e));
}`

// e = exp(-|z|) below 0.05 by the series of log(1 + e): 1 + e would round it away. Remainder 5e-8 relative.
const SOFTPLUS = `
fn softplus(z : f32) -> f32 {
  let e = expOf(-abs(z));
  let series = e * (1.0 - e * (0.5 - e * (0.33333334 - e * (0.25 - e * 0.2))));
  return max(z, 0.0) + select(log(1.0 + e), series, e < 0.05);
}`

// At most tan(pi/8) goes into the polynomial, its coefficients fitted there; larger angles by the two addition rules.
const ARCTAN = `
fn arctanSmall(x : f32) -> f32 {
  let y = x * x;
  return x + x * y * (-0.33332800 + y * (0.19974478 + y * (-0.13852137 + y * 0.07986846)));
}
fn arctan(z : f32) -> f32 {
  let x = abs(z);
  var angle = 0.0;
  if (x > 2.4142136) { angle = 1.5707964 - arctanSmall(1.0 / x); }
  else if (x > 0.41421357) { angle = 0.7853982 + arctanSmall((x - 1.0) / (x + 1.0)); }
  else { angle = arctanSmall(x); }
  return select(angle, -angle, z < 0.0);
}`

// P(N(0, 1) < -x) exp(x^2 / 2) for x >= 0 is a polynomial in 1 / (1 + x / 4), fitted to 2e-8 for x below 60.
const NORMAL_LAW = `
fn density(z : f32) -> f32 { return 0.3989422804 * expOf(-0.5 * z * z); }
fn normalLaw(z : f32) -> f32 {
  let t = 1.0 / (1.0 + 0.25 * abs(z));
  let head = 0.057435977 + t * (0.06795957 + t * (-0.038833036 + t * (0.10263539 + t * (-0.08466895 + t * 0.020638341))));
  let tail = expOf(-0.5 * z * z) * t * (0.09973553 + t * (0.099738516 + t * (0.093428234 + t * (0.08193045 + t * head))));
  return select(1.0 - tail, tail, z < 0.0);
}`

const CODES: Readonly<Record<Activation, ActivationCode>> = {
  identity: {
    throughZero: true,
    homogeneous: true,
    flat: true,
    tails: null,
    declarations: `
fn gain(z : f32) -> f32 { return 1.0; }
fn far(z : f32) -> f32 { return z; }
fn slope(z : f32) -> f32 { return 1.0; }
fn curvature(z : f32) -> f32 { return 0.0; }`,
  },
  relu: {
    throughZero: true,
    homogeneous: true,
    flat: true,
    tails: null,
    declarations: `
fn gain(z : f32) -> f32 { return select(1.0, 0.0, z <= 0.0); }
fn far(z : f32) -> f32 { return select(z, 0.0, z <= 0.0); }
fn slope(z : f32) -> f32 { return select(1.0, 0.0, z <= 0.0); }
fn curvature(z : f32) -> f32 { return 0.0; }`,
  },
  tanh: { throughZero: true, homogeneous: false, flat: false, tails: { from: 21, ofValue: false }, declarations: tanhTimes(1) },
  tanh3: { throughZero: true, homogeneous: false, flat: false, tails: { from: 21, ofValue: false }, declarations: tanhTimes(3) },
  swish: {
    throughZero: true,
    homogeneous: false,
    flat: false,
    tails: { from: 42, ofValue: true },
    declarations: `${SIGMOID}
fn gain(z : f32) -> f32 { return sigmoid(z); }
fn far(z : f32) -> f32 { return z * sigmoid(z); }
fn slope(z : f32) -> f32 { return sigmoid(z) * (1.0 + z * sigmoid(-z)); }
fn curvature(z : f32) -> f32 {
  let s = sigmoid(z);
  return s * sigmoid(-z) * (2.0 + z * (sigmoid(-z) - s));
}`,
  },
  sigmoid: {
    throughZero: false,
    homogeneous: false,
    flat: false,
    tails: { from: 42, ofValue: true },
    declarations: `${SIGMOID}${SIGMOID_SLOPE}${TANH}
fn gain(z : f32) -> f32 { return 1.0; }
fn far(z : f32) -> f32 { return sigmoid(z); }
fn slope(z : f32) -> f32 { return sigmoidSlope(z); }
fn curvature(z : f32) -> f32 { return -sigmoidSlope(z) * tanhAny(0.5 * z); }`,
  },
  // The slope has a kink at 0, where its derivative counts as 0.
  softsign: {
    throughZero: true,
    homogeneous: false,
    flat: false,
    tails: null,
    declarations: `
fn gain(z : f32) -> f32 { return 1.0 / (1.0 + abs(z)); }
fn far(z : f32) -> f32 { return z / (1.0 + abs(z)); }
fn slope(z : f32) -> f32 { return gain(z) * gain(z); }
fn curvature(z : f32) -> f32 { return -2.0 * sign(z) * gain(z) * gain(z) * gain(z); }`,
  },
  arctan: {
    throughZero: true,
    homogeneous: false,
    flat: false,
    tails: null,
    declarations: `${ARCTAN}
fn gain(z : f32) -> f32 {
  let y = z * z;
  return 1.0 + y * (-0.33333334 + y * (0.2 + y * (-0.14285715 + y * 0.11111111)));
}
fn far(z : f32) -> f32 { return arctan(z); }
fn slope(z : f32) -> f32 { return 1.0 / (1.0 + z * z); }
fn curvature(z : f32) -> f32 { return -2.0 * z * slope(z) * slope(z); }`,
  },
  softplus: {
    throughZero: false,
    homogeneous: false,
    flat: false,
    tails: { from: 42, ofValue: true },
    declarations: `${SIGMOID}${SIGMOID_SLOPE}${SOFTPLUS}
fn gain(z : f32) -> f32 { return 1.0; }
fn far(z : f32) -> f32 { return softplus(z); }
fn slope(z : f32) -> f32 { return sigmoid(z); }
fn curvature(z : f32) -> f32 { return sigmoidSlope(z); }`,
  },
  gelu: {
    throughZero: true,
    homogeneous: false,
    flat: false,
    tails: { from: 9, ofValue: true },
    declarations: `${NORMAL_LAW}
fn gain(z : f32) -> f32 { return normalLaw(z); }
fn far(z : f32) -> f32 { return z * normalLaw(z); }
fn slope(z : f32) -> f32 { return normalLaw(z) + z * density(z); }
fn curvature(z : f32) -> f32 { return (2.0 - z * z) * density(z); }`,
  },
  // Below 0 the gain is the series of (exp(z) - 1) / z, remainder 1e-8 relative at 0.2.
  elu: {
    throughZero: true,
    homogeneous: false,
    flat: false,
    tails: { from: 42, ofValue: false },
    declarations: `
fn gain(z : f32) -> f32 {
  let below = 1.0 + z * (0.5 + z * (0.16666667 + z * (0.041666668 + z * (0.008333334 + z * 0.0013888889))));
  return select(below, 1.0, z > 0.0);
}
fn far(z : f32) -> f32 { return select(expOf(z) - 1.0, z, z > 0.0); }
fn slope(z : f32) -> f32 { return select(expOf(z), 1.0, z > 0.0); }
fn curvature(z : f32) -> f32 { return select(expOf(z), 0.0, z > 0.0); }`,
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

/** The table with the exponential before those that call it; made once, because every dispatch asks for its code. */
const WITH_EXPONENTIAL = Object.fromEntries(
  Object.entries(CODES).map(([name, code]) => {
    const calls = code.declarations.includes('expOf(')
    return [name, calls ? { ...code, declarations: EXPONENTIAL + code.declarations } : code]
  }),
) as Readonly<Record<Activation, ActivationCode>>

/** WGSL of one activation. */
export function activationCode(activation: Activation): ActivationCode {
  return WITH_EXPONENTIAL[activation]
}
