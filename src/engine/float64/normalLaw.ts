// What is the distribution function of N(0, 1), to the last digits and fast enough for an activation?
//
// `numerics` sums series until they converge, about a microsecond a value; gelu needs millions a second. Rational
// approximations in three ranges keep the relative accuracy of the tail, where 1 + erf would cancel.
// Source: Cody 1969, Rational Chebyshev approximations for the error function.

const NEAR = [
  1.85777706184603152673e-1, 3.161123743870565596947, 1.138641541510501556495e2, 3.774852376853020208137e2, 3.209377589138469472562e3,
]
const NEAR_BELOW = [1, 2.360129095234412093499e1, 2.440246379344441733056e2, 1.282616526077372275645e3, 2.844236833439170622273e3]
const MIDDLE = [
  2.15311535474403846343e-8, 5.6418849698867008918e-1, 8.88314979438837594118, 6.61191906371416294775e1, 2.98635138197400131132e2,
  8.81952221241769090411e2, 1.71204761263407058314e3, 2.05107837782607146532e3, 1.23033935479799725272e3,
]
const MIDDLE_BELOW = [
  1, 1.57449261107098347253e1, 1.17693950891312499305e2, 5.37181101862009857509e2, 1.62138957456669018874e3, 3.29079923573345962678e3,
  4.3626190901432471582e3, 3.43936767414372163696e3, 1.23033935480374942043e3,
]
const FAR = [
  1.63153871373020978498e-2, 3.05326634961232344035e-1, 3.60344899949804439429e-1, 1.25781726111229246204e-1, 1.60837851487422766278e-2,
  6.58749161529837803157e-4,
]
const FAR_BELOW = [
  1, 2.56852019228982242072, 1.87295284992346047209, 5.27905102951428412248e-1, 6.05183413124413191178e-2, 2.33520497626869185443e-3,
]
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
