// What of the samples does a chain see? Two numbers: the reduced x^2 and xy; any number of samples costs the same.
//
// The loss is written around its minimum, 1/2 (xx (P - best)^2 + rest): the form with mean y^2 cancels exactly
// where training ends, and a loss of 1e-20 would be noise.
import type { SplitArrays } from '../../core/dataset.ts'
import type { LossSettings } from '../../core/experiment.ts'
import type { Scaled } from './runningProducts.ts'

export interface SampleMoments {
  /** Reduced sum of x^2 (mean or sum, as the loss says). */
  readonly xx: number
  /** (sum of x y) / (sum of x^2), the product of weights at which the loss is least; 0 when every x is 0. */
  readonly best: number
  /** Reduced sum of (y - best x)^2: twice the least loss. */
  readonly rest: number
}

/** Moments of some rows of a data set with one input and one output. */
export function sampleMoments(split: SplitArrays, indices: Int32Array, reduction: LossSettings['reduction']): SampleMoments {
  const share = reduction === 'mean' ? 1 / indices.length : 1
  let xx = 0
  let xy = 0
  for (const i of indices) {
    xx += split.inputs[i] * split.inputs[i]
    xy += split.inputs[i] * split.targets[i]
  }
  const best = xx === 0 ? 0 : xy / xx
  let rest = 0
  for (const i of indices) {
    const gap = split.targets[i] - best * split.inputs[i]
    rest += gap * gap
  }
  return { xx: xx * share, best, rest: rest * share }
}

/** The reduced loss at a product of weights; Infinity where its square leaves float64. */
export function lossAt(moments: SampleMoments, product: number): number {
  const gap = product - moments.best
  return 0.5 * (moments.xx * gap * gap + moments.rest)
}

/**
 * xx (count P - best) into `into`; right where P itself leaves float64.
 *
 * @param count 1: the first derivative of the loss by the product, xx P - xy. 2: 2 xx P - xy, the factor of the Hessian off its diagonal.
 */
export function fillResidual(moments: SampleMoments, product: Scaled, count: 1 | 2, into: Scaled): void {
  const { xx, best } = moments
  if (product.exponent === 0) {
    into.mantissa = xx * (count * product.mantissa - best)
    into.exponent = 0
  } else if (product.exponent > 0 || best === 0) {
    into.mantissa = xx * (count * product.mantissa - (best === 0 ? 0 : best * 2 ** -product.exponent))
    into.exponent = product.exponent
  } else {
    into.mantissa = xx * (count * product.mantissa * 2 ** product.exponent - best)
    into.exponent = 0
  }
}
