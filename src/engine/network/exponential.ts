// What is exp(x) in WGSL, to the last digits of float32?
//
// The built-in one may be wrong by 3 + 2 |x| units in the last place (1e-6 at 10 on a software adapter), and everything
// that saturates is built on it. Here 2^k exp(r) with |r| <= ln(2)/2: k ln(2) is subtracted in two parts, the first of few
// enough bits that its product is exact, and the polynomial leaves 5e-9. Measured over -20 .. 20: 9e-8 relative.

/** `fn expOf(x : f32) -> f32`; 0 below -87.3 and held at 3e38 above 88.7. */
export const EXPONENTIAL = `
// p and k of exp(x) = p 2^k, x held at lowest .. 88.7.
fn expParts(x : f32, lowest : f32) -> vec2f {
  // Turned so that NaN passes through.
  let above = select(x, lowest, x < lowest);
  let held = select(above, 88.7, x > 88.7);
  let k = round(held * 1.442695);
  let r = (held - k * 0.69314575) - k * 1.4286068e-6;
  let p = 1.0 + r * (1.0 + r * (0.5 + r * (0.16666667 + r * (0.041666668 + r * (0.008333334 + r * (0.0013888889 + r * 0.0001984127))))));
  return vec2f(p, k);
}
fn expOf(x : f32) -> f32 {
  let parts = expParts(x, -88.0);
  return select(ldexp(parts.x, i32(parts.y)), 0.0, x < -87.3);
}`

/**
 * `fn expScaled(x : f32, exponent : i32) -> f32`, exp(x) 2^exponent, where neither factor need be a float32: 0 below 2^-126 and
 * below x = -354 (beyond 2^-510), held at 2^118; relative error 1e-7 plus what the last place of x is worth.
 */
export const TAILS = `${EXPONENTIAL}
fn expScaled(x : f32, exponent : i32) -> f32 {
  let parts = expParts(x, -354.0);
  let size = parts.y + f32(exponent);
  return select(ldexp(parts.x, clamp(i32(parts.y) + exponent, -126, 118)), 0.0, size < -126.0 || x < -354.0);
}`
