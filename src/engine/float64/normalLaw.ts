// What is the distribution function of N(0, 1), to the last digits and fast enough for an activation?
//
// `numerics` sums series until they converge, about a microsecond a value; gelu needs millions a second. Rational
// approximations in three ranges keep the relative accuracy of the tail, where 1 + erf would cancel.
// Source: Cody 1969, Rational Chebyshev approximations for the error function.

const NEAR = [0.18577770618460315, 3.1611237438705655, 113.86415415105016, 377.485237685302, 3209.3775891384694]
const NEAR_BELOW = [1, 23.601290952344122, 244.02463793444417, 1282.6165260773723, 2844.236833439171]
const MIDDLE = [
  2.1531153547440383e-8, 0.5641884969886701, 8.883149794388377, 66.11919063714163, 298.6351381974001, 881.952221241769, 1712.0476126340707,
  2051.0783778260716, 1230.3393547979972,
]
const MIDDLE_BELOW = [
  1, 15.744926110709835, 117.6939508913125, 537.1811018620099, 1621.3895745666903, 3290.7992357334597, 4362.619090143247,
  3439.3676741437216, 1230.3393548037495,
]
const FAR = [
  0.016315387137302097, 0.30532663496123236, 0.36034489994980445, 0.12578172611122926, 0.016083785148742275, 0.0006587491615298378,
]
const FAR_BELOW = [1, 2.568520192289822, 1.8729528499234604, 0.5279051029514285, 0.06051834131244132, 0.0023352049762686918]
const NEAR_END = 0.46875
const MIDDLE_END = 4
/** erfc is below the smallest double. */
const GONE = 28
const INVERSE_ROOT_PI = 1 / Math.sqrt(Math.PI)
const INVERSE_ROOT_TWO_PI = 1 / Math.sqrt(2 * Math.PI)

/** Density of N(0, 1). */
export function normalDensity(z: number): number {
  return INVERSE_ROOT_TWO_PI * Math.exp(-0.5 * z * z)
}

/** P(N(0, 1) <= z), with relative accuracy about 1e-15 times max(1, z^2) in the lower tail. */
export function normalDistribution(z: number): number {
  const x = Math.abs(z) * Math.SQRT1_2
  if (x <= NEAR_END) {
    const square = x * x
    return 0.5 + 0.5 * Math.sign(z) * x * ratio(NEAR, NEAR_BELOW, square)
  }
  const upper = 0.5 * complement(x)
  return z < 0 ? upper : 1 - upper
}

/** erfc(x) for x > 0.46875. */
function complement(x: number): number {
  if (x > GONE) return 0
  // The square in two parts: its rounding alone would cost x^2 units of relative accuracy.
  const head = Math.trunc(x * 16) / 16
  const decay = Math.exp(-head * head) * Math.exp(-(x - head) * (x + head))
  if (x <= MIDDLE_END) return decay * ratio(MIDDLE, MIDDLE_BELOW, x)
  const inverse = 1 / (x * x)
  return (decay * (INVERSE_ROOT_PI - inverse * ratio(FAR, FAR_BELOW, inverse))) / x
}

/** Two polynomials, highest power first. */
function ratio(above: readonly number[], below: readonly number[], x: number): number {
  let numerator = above[0]
  let denominator = below[0]
  for (let k = 1; k < above.length; k++) {
    numerator = numerator * x + above[k]
    denominator = denominator * x + below[k]
  }
  return numerator / denominator
}
