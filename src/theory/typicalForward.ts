// How does the typical, not the mean, preactivation size change with depth in a Gaussian network?
//
// |W z|^2 / (s2 |z|^2) is chi-square, so logarithms add up exactly; their mean is below the logarithm of the mean, which is
// why a variance-stable narrow network still vanishes. With relu the number of open gates is binomial, and a layer may be dead.
import { DomainFault } from '../core/faults.ts'
import { digamma, logGamma, trigamma } from '../numerics/specialFunctions.ts'

/** Mean and variance of the natural log of a squared norm. */
export interface LogNormMoments {
  readonly mean: number
  readonly variance: number
}

/**
 * Moments of ln(|W_L .. W_1 z|^2 / |z|^2) for Gaussian d x d layers: L [psi(d/2) + ln 2 s2] and L psi'(d/2).
 *
 * Source: derived from the log chi-square moments; Orvieto et al. 2021, section 4, for the setting.
 */
export function linearLogNorm(depth: number, width: number, variance: number): LogNormMoments {
  requireWidth('linearLogNorm', width)
  return { mean: depth * (digamma(width / 2) + Math.log(2 * variance)), variance: depth * trigamma(width / 2) }
}

/** The variance at which that mean is 0: exp(-psi(d/2)) / 2, about (1 + 1/d) / d. */
export function medianStableVariance(width: number): number {
  requireWidth('medianStableVariance', width)
  return 0.5 * Math.exp(-digamma(width / 2))
}

/**
 * The same for relu layers, activation to activation, given that no layer is dead: psi is averaged over k open gates, k ~ Bin(d, 1/2) given k > 0.
 */
export function reluLogNorm(depth: number, width: number, variance: number): LogNormMoments {
  requireWidth('reluLogNorm', width)
  let total = 0
  let mean = 0
  let square = 0
  let inner = 0
  for (let k = 1; k <= width; k++) {
    const weight = Math.exp(logGamma(width + 1) - logGamma(k + 1) - logGamma(width - k + 1) - width * Math.LN2)
    const psi = digamma(k / 2)
    total += weight
    mean += weight * psi
    square += weight * psi * psi
    inner += weight * trigamma(k / 2)
  }
  mean /= total
  return { mean: depth * (mean + Math.log(2 * variance)), variance: depth * (inner / total + square / total - mean * mean) }
}

/** Probability that one input passes H relu layers of width d with at least one open gate in each: (1 - 2^-d)^H. */
export function aliveProbability(width: number, reluLayers: number): number {
  requireWidth('aliveProbability', width)
  return Math.exp(reluLayers * Math.log1p(-(2 ** -width)))
}

function requireWidth(caller: string, width: number): void {
  if (!(Number.isInteger(width) && width >= 1))
    throw new DomainFault(`${caller}: width out of range, got ${width}, expected an integer >= 1`)
}
