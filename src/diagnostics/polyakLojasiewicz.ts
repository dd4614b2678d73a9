// Does the gradient stay large enough, for the loss that is left, that descent cannot get stuck?
//
// The PL* inequality holds at every step of every run, for the half squared error only; an engine that breaks it is wrong.
import type { LossSettings } from '../core/experiment.ts'
import { norm } from '../numerics/logMagnitude.ts'

/**
 * PL* ratio |grad L|^2 / (2 L) of the reduced loss; NaN at a loss of 0.
 *
 * Source: Liu, Zhu, Belkin 2020, Definition 2.
 *
 * @param gradient [P] of the reduced loss.
 */
export function plRatio(gradient: Float64Array, loss: number): number {
  // The root of the loss goes in before squaring: a deep chain's squared gradient is below float64.
  return (norm(gradient) / Math.sqrt(2 * loss)) ** 2
}

/**
 * The bounds of that ratio from the extreme eigenvalues of the tangent kernel: lambda/n for a mean loss, lambda for a sum.
 *
 * NaN for softmax cross-entropy, whose residual is not the gradient of half a squared error.
 * Source: Liu, Zhu, Belkin 2020, Theorem 1.
 */
export function plBounds(
  lambdaMin: number,
  lambdaMax: number,
  loss: LossSettings,
  sampleCount: number,
): { readonly lower: number; readonly upper: number } {
  if (loss.kind !== 'squaredError') return { lower: NaN, upper: NaN }
  const share = loss.reduction === 'mean' ? 1 / sampleCount : 1
  return { lower: lambdaMin * share, upper: lambdaMax * share }
}
