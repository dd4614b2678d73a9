// How many standard errors make a 95 % interval when there are few seeds?
//
// The distribution function through the regularised incomplete beta function, its quantile by bisection with Newton steps.
import { DomainFault } from '../core/faults.ts'
import { logGamma } from './specialFunctions.ts'

const TINY = 1e-300

/**
 * Regularised incomplete beta function I_x(a, b); 0 at x = 0, 1 at x = 1.
 *
 * @throws {DomainFault} when a or b is not positive or x leaves [0, 1].
 */
export function regularisedBeta(a: number, b: number, x: number): number {
  if (!(a > 0 && b > 0 && x >= 0 && x <= 1)) {
    throw new DomainFault(
      `regularisedBeta: arguments out of range, got a = ${a}, b = ${b}, x = ${x}, expected a, b > 0 and x within [0, 1]`,
    )
  }
  if (x === 0 || x === 1) return x
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x))
  // The fraction converges fast only on the near side of the mean.
  if (x < (a + 1) / (a + b + 2)) return (front * betaFraction(a, b, x)) / a
  return 1 - (front * betaFraction(b, a, 1 - x)) / b
}

/** The continued fraction of the incomplete beta function by Lentz's method. */
function betaFraction(a: number, b: number, x: number): number {
  const guarded = (value: number): number => (Math.abs(value) < TINY ? TINY : value)
  let c = 1
  let d = 1 / guarded(1 - ((a + b) * x) / (a + 1))
  let h = d
  for (let m = 1; m < 10_000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
    d = 1 / guarded(1 + even * d)
    c = guarded(1 + even / c)
    h *= c * d
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))
    d = 1 / guarded(1 + odd * d)
    c = guarded(1 + odd / c)
    h *= c * d
    if (Math.abs(c * d - 1) < 1e-16) break
  }
  return h
}

/**
 * Distribution function of Student's t with the given degrees of freedom.
 *
 * Source: Abramowitz and Stegun 26.7.1.
 *
 * @throws {DomainFault} when degrees is not positive.
 */
export function studentTProbability(t: number, degrees: number): number {
  const tail =
    t * t > degrees
      ? regularisedBeta(degrees / 2, 0.5, degrees / (degrees + t * t))
      : 1 - regularisedBeta(0.5, degrees / 2, (t * t) / (degrees + t * t))
  return t >= 0 ? 1 - tail / 2 : tail / 2
}

/**
 * The t that a Student t variable stays below with the given probability; antisymmetric about 1/2.
 *
 * 12.7062 at (0.975, 1), tends to the normal 1.95996 for many degrees.
 *
 * @throws {DomainFault} when the probability is not strictly between 0 and 1 or degrees is not positive.
 */
export function studentTQuantile(probability: number, degrees: number): number {
  if (!(probability > 0 && probability < 1 && degrees > 0)) {
    throw new DomainFault(
      `studentTQuantile: arguments out of range, got ${probability} with ${degrees} degrees, expected a probability in (0, 1) and positive degrees`,
    )
  }
  if (probability === 0.5) return 0
  if (probability < 0.5) return -studentTQuantile(1 - probability, degrees)
  let lower = 0
  let upper = 1
  while (studentTProbability(upper, degrees) < probability) upper *= 2
  // Bisection alone: a few dozen cheap steps, and no way to leave the bracket.
  for (let step = 0; step < 200; step++) {
    const middle = (lower + upper) / 2
    if (middle <= lower || middle >= upper) break
    if (studentTProbability(middle, degrees) < probability) lower = middle
    else upper = middle
  }
  return (lower + upper) / 2
}
