// How many decades per layer do a chain's gradient and curvature lose, typically?
//
// Exponents only: the fluctuations of the logarithm grow like sqrt L, so single seeds scatter widely around the line.
// Above the median-stable scale the own term P x beats the target and all three rates double.
import type { WeightLaw } from './weightLaw.ts'
import { logWeightMoments } from './chainDistribution.ts'

/** Slopes per layer of log10 of the median size. */
export interface ChainSlopes {
  readonly gradient: number
  readonly offDiagonal: number
  readonly diagonal: number
}

/**
 * Slopes per layer of log10 medians: log10(tau/e) for gradient and off-diagonal Hessian, twice that for the diagonal; all twice for tau > e.
 *
 * Zero at tau = e. tau = sqrt 3: -0.1957 and -0.3915; normal weights of variance 1: -0.2759 and -0.5517.
 * Source: Orvieto et al. 2021, Theorem 6, corrected (rate 2 log10(tau/e) above e; off-diagonal exponent L - 2).
 */
export function chainSlopes(law: WeightLaw): ChainSlopes {
  const rate = logWeightMoments(law).mean / Math.LN10
  const single = rate > 0 ? 2 * rate : rate
  return { gradient: single, offDiagonal: single, diagonal: 2 * rate }
}
