// How far does each weight really step for a unit of gradient?
//
// lr / (sqrt v + eps) for RMSprop and Adam, with eps outside the root; lr for the others. Before the first update v is 0 and
// the quotient lr / eps says nothing, so there is no effective step then.
import type { OptimizerSettings } from '../core/experiment.ts'
import type { HessianSample } from '../core/sample.ts'

/**
 * Step of each weight, [P]; null while the second moments are all zero.
 *
 * @param secondMoments [P] v, bias-corrected for Adam; null for SGD and momentum.
 * @param parameterCount P.
 */
export function effectiveSteps(
  optimizer: OptimizerSettings & { readonly eps: number },
  secondMoments: Float64Array | null,
  parameterCount: number,
): Float64Array | null {
  if (secondMoments === null) return new Float64Array(parameterCount).fill(optimizer.lr)
  if (secondMoments.every((v) => v === 0)) return null
  return secondMoments.map((v) => optimizer.lr / (Math.sqrt(v) + optimizer.eps))
}

/** Smallest, median and largest step; null where there is none. */
export function effectiveStepRange(steps: Float64Array | null): HessianSample['effectiveStep'] {
  if (steps === null || steps.length === 0) return null
  const sorted = steps.toSorted()
  const half = sorted.length >> 1
  const median = sorted.length % 2 === 1 ? sorted[half] : sorted[half - 1] / 2 + sorted[half] / 2
  return { min: sorted[0], median, max: sorted[sorted.length - 1] }
}
