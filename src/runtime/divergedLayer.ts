// Which layer is to be named when every seed of an arm has left the finite numbers?
//
// The one with the largest gradient at the last finite weights, on the batch that broke them: there the step was
// largest. A gradient that is itself not finite counts as larger than any number.
import type { Fault } from '../core/faults.ts'
import { log10Norms } from '../diagnostics/logNorms.ts'
import type { Arm } from './arm.ts'

/** The fault of an arm whose seeds have all diverged. */
export async function divergenceFault(arm: Arm): Promise<Fault> {
  const step = Math.max(...arm.divergedAt)
  const seedIndex = arm.divergedAt.indexOf(step)
  const norms = await arm.trainer.probe(seedIndex).gradientNorms({ indices: arm.order.batchAt(step), from: 'train' })
  const layer = largestIndex(log10Norms(norms.mantissa, norms.exponent))
  const layerName = arm.trainer.layers[layer].name
  return {
    type: 'diverged',
    arm: arm.name,
    step,
    layer,
    layerName,
    detail: `The loss left the finite numbers at step ${step}; the gradient was largest in ${layerName}. The last finite weights were kept.`,
  }
}

/** Position of the largest value; a value that is not a number or not bounded wins over all others. */
export function largestIndex(values: Float64Array): number {
  let best = 0
  for (let i = 1; i < values.length; i++) if (rank(values[i]) > rank(values[best])) best = i
  return best
}

function rank(value: number): number {
  return Number.isNaN(value) ? Infinity : value
}
