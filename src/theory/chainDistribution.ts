// How large is the product of L random weights, typically rather than on average?
//
// For uniform weights -ln|w/tau| is exponential, so the logarithm of the product is a shifted Gamma variable: all quantiles are exact.
// The mean of v is ruled by rare huge products; the median falls (tau/e)^L. Everything is returned as natural logarithms.
import { DomainFault } from '../core/faults.ts'
import { digamma, gammaQuantile, regularisedGammaP, regularisedGammaQ, trigamma } from '../numerics/specialFunctions.ts'
import type { WeightLaw } from './weightLaw.ts'

/**
 * P(ln v <= u) for v = |product of L weights from U[-tau, tau]|: Q(L, L ln tau - u).
 *
 * 0 far below, 1 at the largest value u = L ln tau.
 * Source: Orvieto et al. 2021, Lemma 4.
 */
export function productLogCdf(u: number, depth: number, tau: number): number {
  requireChain('productLogCdf', depth, tau)
  const x = depth * Math.log(tau) - u
  return x <= 0 ? 1 : regularisedGammaQ(depth, x)
}

/**
 * The u with P(ln v <= u) = probability, for uniform weights.
 *
 * Median: L ln tau - M with L - 1/3 <= M <= L - 1 + ln 2.
 * Source: Orvieto et al. 2021, Proposition 5 in the corrected form exp(L ln tau - M), M the median of Gamma(L, 1).
 */
export function productLogQuantile(probability: number, depth: number, tau: number): number {
  requireChain('productLogQuantile', depth, tau)
  return depth * Math.log(tau) - gammaQuantile(depth, 1 - probability)
}

/** P(-ln v <= z) for uniform weights; the form in which the law is usually printed. */
export function negativeLogCdf(z: number, depth: number, tau: number): number {
  const x = z + depth * Math.log(tau)
  return x <= 0 ? 0 : regularisedGammaP(depth, x)
}

/** Mean and variance of ln|w| for one weight: ln tau - 1 and 1 (uniform), (psi(1/2) + ln 2 s^2)/2 and pi^2/8 (normal), ln|w| and 0 (constant). */
export function logWeightMoments(law: WeightLaw): { readonly mean: number; readonly variance: number } {
  const halfLog = 0.5 * Math.log(law.variance)
  switch (law.family) {
    case 'uniform':
      return { mean: nearZero(halfLog + 0.5 * Math.log(3) - 1), variance: 1 }
    case 'normal':
      return { mean: nearZero(halfLog + 0.5 * (digamma(0.5) + Math.LN2)), variance: 0.25 * trigamma(0.5) }
    // An orthogonal 1 x 1 matrix is a sign.
    case 'orthogonal':
    case 'constant':
      return { mean: halfLog, variance: 0 }
    default:
      return law.family satisfies never
  }
}

/** At the median-stable scale the mean is 0: what rounding leaves would say that the signal falls, or rises. */
function nearZero(mean: number): number {
  return Math.abs(mean) < 1e-14 ? 0 : mean
}

/**
 * Mean and standard deviation of ln v for L weights: L (ln tau - 1) and sqrt L for uniform ones.
 *
 * Source: Orvieto et al. 2021, Lemma 4 and its proof; normal weights by the log chi-square moments.
 */
export function productLogMoments(law: WeightLaw, depth: number): { readonly mean: number; readonly standardDeviation: number } {
  const one = logWeightMoments(law)
  return { mean: depth * one.mean, standardDeviation: Math.sqrt(depth * one.variance) }
}

/** The scale at which the typical product neither falls nor grows: standard deviation of the weights (uniform: e/sqrt 3, that is tau = e; normal: 1.887). */
export function medianStableDeviation(family: 'uniform' | 'normal'): number {
  const { mean } = logWeightMoments({ family, variance: 1, kurtosis: NaN })
  return Math.exp(-mean)
}

function requireChain(caller: string, depth: number, tau: number): void {
  if (!(Number.isInteger(depth) && depth >= 1 && tau > 0)) {
    throw new DomainFault(`${caller}: chain out of range, got depth ${depth} and tau ${tau}, expected depth >= 1 and tau > 0`)
  }
}
