// Which functions do activations need that WGSL lacks or gets wrong?
//
// WGSL promises little: tanh may lose all digits near 0, atan is right to 2^-11, and there is no normal distribution.
// Each piece is right to a few roundings; series near 0 keep the digits of numbers below float32.
import { logOnePlusSeries } from '../logOnePlusWgsl.ts'

/** tanh and its slope: an odd series below 0.2 is right to 1e-9, exp(-2|x|) beyond. */
export const TANH_WGSL = `
fn tanhGain(x: vec4f) -> vec4f {
  let y = x * x;
  return 1.0 + y * (-0.33333334 + y * (0.13333334 + y * (-0.053968254 + y * 0.021869488)));
}
fn tanhFar(x: vec4f) -> vec4f {
  let tail = exp(-2.0 * abs(x));
  return sign(x) * (1.0 - tail) / (1.0 + tail);
}
fn tanhAny(x: vec4f) -> vec4f { return select(tanhFar(x), x * tanhGain(x), abs(x) < vec4f(0.2)); }
fn tanhSlope(x: vec4f) -> Tails {
  let tail = lastOf(2.0 * abs(x));
  let sum = besideOne(tail);
  return Tails(4.0 * tail.mantissa / (sum * sum), tail.power);
}
// tanh of z 2^e as a mantissa of 2^e.
fn tanhScaled(z: vec4f, x: vec4f, e: i32) -> vec4f { return select(tanhFar(x) * exp2i(-e), z * tanhGain(x), abs(x) < vec4f(0.2)); }`

/** 1 / (1 + exp(-x)) and its slope without overflow, and x held where all is over. */
export const LOGISTIC_WGSL = `
fn logistic(x: vec4f) -> Tails {
  let tail = lastOf(abs(x));
  let isBelow = x < vec4f(0.0);
  return Tails(select(vec4f(1.0), tail.mantissa, isBelow) / besideOne(tail), select(vec4i(0), tail.power, isBelow));
}
fn logisticSlope(x: vec4f) -> Tails {
  let tail = lastOf(abs(x));
  let sum = besideOne(tail);
  return Tails(tail.mantissa / (sum * sum), tail.power);
}
fn within(x: vec4f) -> vec4f { return clamp(x, vec4f(-2.0e5), vec4f(2.0e5)); }`

/** Derivatives of x logistic(x), of one exponential each: logistic(x) (1 + x logistic(-x)), and its own slope times 2 - |x| (1 - r) / (1 + r). */
export const SWISH_WGSL = `
fn swishSlope(x: vec4f) -> Tails {
  let tail = lastOf(abs(x));
  let r = flushed(tail);
  let sum = 1.0 + r;
  let isBelow = x < vec4f(0.0);
  let own = select(vec4f(1.0), tail.mantissa, isBelow) / sum;
  return Tails(own * (1.0 + x * select(r, vec4f(1.0), isBelow) / sum), select(vec4i(0), tail.power, isBelow));
}
fn swishCurvature(x: vec4f) -> Tails {
  let tail = lastOf(abs(x));
  let r = flushed(tail);
  let sum = 1.0 + r;
  return Tails(tail.mantissa / (sum * sum) * (2.0 - abs(x) * (1.0 - r) / sum), tail.power);
}`

/** log(1 + exp(-|x|)). */
export const SOFTPLUS_WGSL = `${logOnePlusSeries('logOnePlusSeries4', 'vec4f')}
fn softplusTail(x: vec4f) -> Tails {
  let tail = lastOf(abs(x));
  return Tails(select(logOnePlusSeries4(tail.mantissa), tail.mantissa, tail.power != vec4i(0)), tail.power);
}`

/** atan to 2e-9: turned by 45 or 90 degrees until |w| < 0.415, where a fitted odd polynomial serves; gain is atan(x) / x there. */
export const ARCTAN_WGSL = `
fn arctanGain(w: vec4f) -> vec4f {
  let y = w * w;
  return 1.0 + y * (-0.33333313 + y * (0.1999851 + y * (-0.14245382 + y * (0.10612086 + y * -0.0613218))));
}
fn arctanFar(x: vec4f) -> vec4f {
  let a = max(abs(x), vec4f(1.0e-3));
  let outer = a > vec4f(2.4142135);
  let w = select((a - 1.0) / (a + 1.0), -1.0 / a, outer);
  return sign(x) * (select(vec4f(0.78539816), vec4f(1.5707963), outer) + w * arctanGain(w));
}`

/** exp(x) - 1 for x <= 0: its series above -0.25 (remainder 2e-9); gain is (exp(x) - 1) / x there. */
export const EXPM1_WGSL = `
fn expm1Gain(x: vec4f) -> vec4f {
  return 1.0 + x * (0.5 + x * (0.16666667 + x * (0.041666668 + x * (0.008333334 + x * (0.0013888889 + x * 0.0001984127)))));
}
fn expBelow(x: vec4f) -> vec4f { return exp(clamp(x, vec4f(-85.0), vec4f(0.0))); }`

/** exp(-x^2 / 2), and what P(N(0, 1) > |x|) is beside it: a polynomial in 1 / (1 + 0.3 |x|) fitted to 4e-7, beyond 13 the asymptotic series. */
export const NORMAL_WGSL = `
fn normalBell(x: vec4f) -> Tails { let a = min(abs(x), vec4f(500.0)); return lastOf(0.5 * a * a); }
fn normalTail(x: vec4f) -> vec4f {
  let a = clamp(abs(x), vec4f(13.0), vec4f(500.0));
  let y = 1.0 / (a * a);
  let far = 0.3989423 / a * (1.0 - y * (1.0 - 3.0 * y * (1.0 - 5.0 * y)));
  let t = 1.0 / (1.0 + 0.3 * min(abs(x), vec4f(13.0)));
  let near = t * (0.1196874 + t * (0.11955738 + t * (0.11036005 + t * (0.07778901 + t * (0.09794125 + t * (-0.08282141 + t * (0.19594358 + t * (-0.23137788 + t * (0.1137972 + t * -0.020876583)))))))));
  return select(far, near, abs(x) < vec4f(13.0));
}`
