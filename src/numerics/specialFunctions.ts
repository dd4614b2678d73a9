// The gamma family and the error function, by hand: the packages for them bring hundreds of others.
//
// Asymptotic series after shifting the argument up, power series and continued fractions; every one is checked against
// tabulated values to 1e-12 or better.
import { DomainFault } from '../core/faults.ts'

const SHIFT_TO = 15
/** B_2k for k = 1 .. 8. */
const BERNOULLI = [1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510] as const
const HALF_LOG_TWO_PI = 0.5 * Math.log(2 * Math.PI)
const TINY = 1e-300

function requirePositive(caller: string, x: number): void {
  if (!(x > 0)) throw new DomainFault(`${caller}: argument out of range, got ${x}, expected a positive number`)
}

/**
 * Natural logarithm of the gamma function for x > 0, absolute error below 1e-13 for x < 100 (relative beyond).
 *
 * @throws {DomainFault} when x <= 0.
 */
export function logGamma(x: number): number {
  requirePositive('logGamma', x)
  let z = x
  let product = 1
  while (z < SHIFT_TO) product *= z++
  const w = 1 / (z * z)
  let series = 0
  for (let k = BERNOULLI.length; k >= 1; k--) series = series * w + BERNOULLI[k - 1] / (2 * k * (2 * k - 1))
  return (z - 0.5) * Math.log(z) - z + HALF_LOG_TWO_PI + series / z - Math.log(product)
}

/**
 * Digamma, the derivative of logGamma, for x > 0.
 *
 * @throws {DomainFault} when x <= 0.
 */
export function digamma(x: number): number {
  requirePositive('digamma', x)
  let z = x
  let shift = 0
  while (z < SHIFT_TO) shift -= 1 / z++
  const w = 1 / (z * z)
  let series = 0
  for (let k = BERNOULLI.length; k >= 1; k--) series = series * w + BERNOULLI[k - 1] / (2 * k)
  return shift + Math.log(z) - 0.5 / z - series * w
}

/**
 * Trigamma, the derivative of digamma, for x > 0.
 *
 * @throws {DomainFault} when x <= 0.
 */
export function trigamma(x: number): number {
  requirePositive('trigamma', x)
  let z = x
  let shift = 0
  while (z < SHIFT_TO) {
    shift += 1 / (z * z)
    z++
  }
  const w = 1 / (z * z)
  let series = 0
  for (let k = BERNOULLI.length; k >= 1; k--) series = series * w + BERNOULLI[k - 1]
  return shift + 1 / z + 0.5 * w + (series * w) / z
}

/**
 * Regularised lower incomplete gamma function P(a, x): the distribution function of Gamma(a, 1).
 *
 * P(a, 0) = 0, P(a, Infinity) = 1.
 *
 * @throws {DomainFault} when a <= 0 or x < 0.
 */
export function regularisedGammaP(a: number, x: number): number {
  return x < a + 1 ? gammaSeries(a, x) : 1 - gammaFraction(a, x)
}

/**
 * Regularised upper incomplete gamma function Q(a, x) = 1 - P(a, x), with full relative accuracy in the upper tail.
 *
 * @throws {DomainFault} when a <= 0 or x < 0.
 */
export function regularisedGammaQ(a: number, x: number): number {
  return x < a + 1 ? 1 - gammaSeries(a, x) : gammaFraction(a, x)
}

function requireGammaDomain(a: number, x: number): void {
  if (!(a > 0 && x >= 0))
    throw new DomainFault(`regularisedGamma: arguments out of range, got a = ${a}, x = ${x}, expected a > 0 and x >= 0`)
}

/** x^a e^-x / Gamma(a + 1) times a power series; all terms positive. */
function gammaSeries(a: number, x: number): number {
  requireGammaDomain(a, x)
  if (x === 0) return 0
  let term = 1
  let sum = 1
  for (let k = 1; term > sum * 1e-17; k++) {
    term *= x / (a + k)
    sum += term
  }
  return sum * Math.exp(a * Math.log(x) - x - logGamma(a + 1))
}

/** Legendre's continued fraction by Lentz's method. */
function gammaFraction(a: number, x: number): number {
  requireGammaDomain(a, x)
  if (x === Infinity) return 0
  let b = x + 1 - a
  let c = 1 / TINY
  let d = 1 / b
  let h = d
  for (let k = 1; k < 100_000; k++) {
    const numerator = -k * (k - a)
    b += 2
    d = numerator * d + b
    d = 1 / (Math.abs(d) < TINY ? TINY : d)
    c = b + numerator / c
    if (Math.abs(c) < TINY) c = TINY
    const step = c * d
    h *= step
    if (Math.abs(step - 1) < 1e-16) break
  }
  return h * Math.exp(a * Math.log(x) - x - logGamma(a))
}

/**
 * The x with P(a, x) = probability, by Newton steps inside a bracket.
 *
 * @throws {DomainFault} when a <= 0 or the probability leaves [0, 1].
 */
export function gammaQuantile(a: number, probability: number): number {
  requireGammaDomain(a, 0)
  if (!(probability >= 0 && probability <= 1))
    throw new DomainFault(`gammaQuantile: probability out of range, got ${probability}, expected within [0, 1]`)
  if (probability === 0) return 0
  if (probability === 1) return Infinity
  let lower = 0
  let upper = Math.max(1, 2 * a)
  while (regularisedGammaP(a, upper) < probability) upper *= 2
  let x = Math.min(upper / 2, Math.max(a, 1e-3))
  for (let step = 0; step < 200; step++) {
    const excess = regularisedGammaP(a, x) - probability
    if (excess > 0) upper = x
    else lower = x
    const density = Math.exp((a - 1) * Math.log(x) - x - logGamma(a))
    let next = x - excess / density
    if (!(next > lower && next < upper)) next = (lower + upper) / 2
    if (Math.abs(next - x) <= 1e-15 * x) return next
    x = next
  }
  return x
}

/** The error function; odd, tends to 1. */
export function erf(x: number): number {
  return Math.sign(x) * regularisedGammaP(0.5, x * x)
}

/** 1 - erf(x), with full relative accuracy for large x. */
export function erfc(x: number): number {
  return x >= 0 ? regularisedGammaQ(0.5, x * x) : 1 + regularisedGammaP(0.5, x * x)
}
