// What is log(1 + r) in WGSL, to the last digits of float32?
//
// The built-in logarithm is right to 2^-21 only near 1, and that is all that a well learned sample costs. Here it is
// 2 atanh(r / (2 + r)) by its series, remainder 2e-9 relative at r = 1.

/** `fn <name>(r: <numbers>) -> <numbers>`: log(1 + r) for 0 <= r <= 1, to 3e-7 relative; r itself where r is below 1e-7. */
export const logOnePlusSeries = (name: string, numbers: 'f32' | 'vec4f'): string => `
fn ${name}(r: ${numbers}) -> ${numbers} {
  let s = r / (2.0 + r);
  let y = s * s;
  return 2.0 * s * (1.0 + y * (0.33333334 + y * (0.2 + y * (0.14285715 + y * (0.11111111 + y * (0.09090909 + y * (0.07692308 + y * 0.06666667)))))));
}`

/** `fn logOnePlus(r: f32) -> f32`: the same for every r >= 0. */
export const LOG_ONE_PLUS_WGSL = `${logOnePlusSeries('logOnePlusSeries', 'f32')}
fn logOnePlus(r: f32) -> f32 {
  if (r > 1.0) { return log(1.0 + r); }
  return logOnePlusSeries(r);
}`
