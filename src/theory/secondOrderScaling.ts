// At which rate do gradient and curvature of a wide network vanish with depth?
//
// Exponents of p d s2 at large width d, valid while p d s2 <= 1; above, the own term wins and gradients double their rate.
// Compare Frobenius norms at fixed width: mean entries also contain powers of d.
import type { GateProbability } from './forwardMoments.ts'

/** Slopes per layer of log10 of root-mean-square Frobenius norms. */
export interface ScalingSlopes {
  readonly gradient: number
  readonly diagonalBlocks: number
  readonly offDiagonalBlocks: number
}

/** p d s2, the factor by which one layer multiplies the mean square of the signal. */
export function layerGain(gate: GateProbability, width: number, variance: number): number {
  return gate * width * variance
}

/**
 * Slopes for d to infinity: half of log10 gain for gradient and off-diagonal blocks, all of it for diagonal blocks; gain > 1: all of it for all.
 *
 * Gain 1: zero. LeCun uniform linear: -0.2386 and -0.4771.
 * Source: Orvieto et al. 2021, Theorem 10 and Proposition 24, with exponents (L-1)/2, L-1, (L-2)/2.
 */
export function wideSlopes(gain: number): ScalingSlopes {
  const rate = Math.log10(gain)
  return { gradient: rate > 0 ? rate : rate / 2, diagonalBlocks: rate, offDiagonalBlocks: rate > 0 ? rate : rate / 2 }
}

/**
 * Slope of the diagonal blocks at any width for linear Gaussian layers: log10(d(d+2) s2^2) / 2.
 *
 * Source: Orvieto et al. 2021, Proposition 23 as corrected.
 */
export function linearDiagonalSlope(width: number, variance: number): number {
  return 0.5 * Math.log10(width * (width + 2) * variance * variance)
}
