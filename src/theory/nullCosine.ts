// How would gradient cosines be spread if gradients had no preferred direction at all?
//
// The reference under every cosine density: random unit vectors in R^P. Even a large network's gradients differ from it,
// because batches share the mean gradient; the distance between the two is the message.
import { DomainFault } from '../core/faults.ts'
import { logGamma } from '../numerics/specialFunctions.ts'

/**
 * Density of the cosine of two independent uniform unit vectors in R^P: c_P (1 - x^2)^((P-3)/2) on [-1, 1].
 *
 * P = 3: 1/2. P = 2: 1/(pi sqrt(1 - x^2)), infinite at the ends. P to infinity: normal with sd 1/sqrt P. Integral 1.
 * Source: Sankararaman et al. 2020, Lemma B.1 (setting); Muirhead 1982, section 1.5.
 *
 * @throws {DomainFault} when dimension < 2: in R^1 cosines are +-1 and have no density.
 */
export function nullCosineDensity(x: number, dimension: number): number {
  if (!(dimension >= 2)) throw new DomainFault(`nullCosineDensity: dimension out of range, got ${dimension}, expected >= 2`)
  if (Math.abs(x) > 1) return 0
  const logScale = logGammaRatio(dimension) - 0.5 * Math.log(Math.PI)
  if (dimension === 3) return Math.exp(logScale)
  return Math.exp(logScale + ((dimension - 3) / 2) * Math.log1p(-x * x))
}

/** Standard deviation of that cosine: 1/sqrt P. */
export function nullCosineDeviation(dimension: number): number {
  return 1 / Math.sqrt(dimension)
}

/** Upper bound of P(|cosine| >= level): sqrt(pi/2) exp(-(P-1) level^2 / 2). Source: Sankararaman et al. 2020, Lemma B.1. */
export function nullCosineTailBound(level: number, dimension: number): number {
  return Math.min(1, Math.sqrt(Math.PI / 2) * Math.exp((-(dimension - 1) * level * level) / 2))
}

/** ln(Gamma(P/2) / Gamma((P-1)/2)), without the cancellation of two huge logs. */
function logGammaRatio(dimension: number): number {
  const z = (dimension - 1) / 2
  if (z < 1e4) return logGamma(z + 0.5) - logGamma(z)
  // Asymptotic: sqrt(z) (1 - 1/(8z) + 1/(128 z^2) + ...).
  return 0.5 * Math.log(z) + Math.log1p(-1 / (8 * z) + 1 / (128 * z * z))
}
