// How do the sizes of preactivations, and the tails of those sizes, change from layer to layer?
//
// Square layers of width d with independent symmetric weights, linear (p = 1) or relu (p = 1/2). The mean square is
// multiplied by d s2 p per layer; the fourth moments obey a 2 x 2 recursion, which is where width enters. Natural logs throughout.
import { DomainFault } from '../core/faults.ts'
import type { WeightLaw } from './weightLaw.ts'

/** Moments of a vector: E|h|_2^2, E|h|_2^4, E|h|_4^4 (sum of fourth powers), all as natural logarithms. */
export interface ForwardMoments {
  readonly logSquare: number
  readonly logSquareSquared: number
  readonly logFourth: number
}

/** p: 1 for identity, 1/2 for relu; the other activations have no closed form here. */
export type GateProbability = 1 | 0.5

/** Moments of a vector of d independent entries from a law with this second moment and kurtosis. */
export function independentMoments(width: number, variance: number, kurtosis: number): ForwardMoments {
  const square = width * variance
  return {
    logSquare: Math.log(square),
    logSquareSquared: Math.log(square * square + width * (kurtosis - 1) * variance * variance),
    logFourth: Math.log(width * kurtosis * variance * variance),
  }
}

/** Moments of a fixed vector. */
export function fixedMoments(z: ArrayLike<number>): ForwardMoments {
  let square = 0
  let fourth = 0
  for (let i = 0; i < z.length; i++) {
    square += z[i] ** 2
    fourth += z[i] ** 4
  }
  return { logSquare: Math.log(square), logSquareSquared: 2 * Math.log(square), logFourth: Math.log(fourth) }
}

/**
 * Moments of the preactivation h_k after each of k = 0 .. layers; entry 0 is the start itself.
 *
 * E|h_k|^2 = (d s2 p)^k E|z|^2; (E|.|_2^4, E|.|_4^4) = (p^2 d s2^2)^k Q^k (...), Q = [[d+2, (kappa-3+(1-p)(d+2))/p], [3, (kappa-3p)/p]].
 * An activation carries one more factor p than its preactivation. For relu the start must be random with independent symmetric signs.
 * Source: Orvieto et al. 2021, Proposition 8 and Theorem 17 (kappa = mu4 / sigma^4, as corrected).
 *
 * @param gate 1 for linear layers, 1/2 for relu.
 * @throws {DomainFault} when width < 1.
 */
export function forwardMoments(
  start: ForwardMoments,
  layers: number,
  width: number,
  law: WeightLaw,
  gate: GateProbability,
): readonly ForwardMoments[] {
  if (!(width >= 1)) throw new DomainFault(`forwardMoments: width out of range, got ${width}, expected >= 1`)
  const { variance, kurtosis } = law
  const p = gate
  const logFactor = Math.log(p * p * width * variance * variance)
  const toSquare = (kurtosis - 3 + (1 - p) * (width + 2)) / p
  const toFourth = (kurtosis - 3 * p) / p
  const moments: ForwardMoments[] = [start]
  // Both fourth moments relative to the larger, so that any depth fits.
  let scale = Math.max(start.logSquareSquared, start.logFourth)
  let a = Math.exp(start.logSquareSquared - scale)
  let b = Math.exp(start.logFourth - scale)
  for (let layer = 1; layer <= layers; layer++) {
    const nextA = (width + 2) * a + toSquare * b
    const nextB = 3 * a + toFourth * b
    const size = Math.max(nextA, nextB)
    scale += logFactor + Math.log(size)
    a = nextA / size
    b = nextB / size
    moments.push({
      logSquare: start.logSquare + layer * Math.log(width * variance * p),
      logSquareSquared: scale + Math.log(a),
      logFourth: scale + Math.log(b),
    })
  }
  return moments
}

/**
 * E|h_L|^4 / (E|h_L|^2)^2 = ((d+2)/d)^L for linear Gaussian layers from a fixed start: e^2 at L = d, explosive at L = d^2.
 *
 * Source: Orvieto et al. 2021, equation 6.
 */
export function linearGaussianTail(depth: number, width: number): number {
  return ((width + 2) / width) ** depth
}

/** Least width for which that ratio stays below 1 + excess^2: d >= 2 / ((1 + a^2)^(1/L) - 1). Source: Orvieto et al. 2021, Theorem 9. */
export function widthForTail(depth: number, excess: number): number {
  return 2 / ((1 + excess * excess) ** (1 / depth) - 1)
}
