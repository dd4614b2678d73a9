// Which samples are in the mini-batch of step t?
//
// Without replacement, epoch by epoch; each epoch has a stream of its own name, so the batch of any step is
// reached without drawing those before it: the step number is the whole state, and a restored run goes on by it.
// The last short batch of an epoch is dropped: every step then sees the same batch size, hence the same noise scale.
// With replacement every step has a stream of its own, for the same reason.
import { DomainFault } from '../core/faults.ts'
import type { Experiment } from '../core/experiment.ts'
import { namedStream } from '../numerics/streams.ts'

/** The order of one run; both arms of an experiment share seed and epochs, whatever their batch sizes. */
export interface BatchOrder {
  /** Samples in each batch: min(batchSize, trainCount). */
  readonly batchSize: number
  /** floor(trainCount / batchSize), at least 1; with replacement the batches that are as long as an epoch would be. */
  readonly batchesPerEpoch: number
  /** Training indices of step 0, 1, 2, ...; the full batch comes in natural order. Do not write into it. */
  batchAt(step: number): Int32Array
}

/**
 * The deterministic order of mini-batches of one seed.
 *
 * @param sampling with replacement every entry of every batch is uniform and independent; a batch as large as the set is the set either way.
 * @throws {DomainFault} when a count is not a positive integer, or (batchAt) a step is negative or not an integer.
 */
export function createBatchOrder(
  seed: number,
  trainCount: number,
  batchSize: number,
  sampling: Experiment['sampling'] = 'withoutReplacement',
): BatchOrder {
  for (const [name, count] of [
    ['trainCount', trainCount],
    ['batchSize', batchSize],
  ] as const) {
    if (!(Number.isInteger(count) && count >= 1)) {
      throw new DomainFault(`createBatchOrder: ${name} is no count, got ${count}, expected an integer from 1`)
    }
  }
  const size = Math.min(batchSize, trainCount)
  const batchesPerEpoch = Math.floor(trainCount / size)
  const batchOf = batchSource(seed, trainCount, size, sampling)
  return {
    batchSize: size,
    batchesPerEpoch,
    batchAt(step) {
      if (!(Number.isSafeInteger(step) && step >= 0)) {
        throw new DomainFault(`batchAt: step is no count, got ${step}, expected an integer from 0`)
      }
      return batchOf(step)
    },
  }
}

/** The batch of one step, for callers that need a single one; see `createBatchOrder`. */
export function batchAt(seed: number, trainCount: number, batchSize: number, step: number, sampling?: Experiment['sampling']): Int32Array {
  return createBatchOrder(seed, trainCount, batchSize, sampling).batchAt(step)
}

function batchSource(seed: number, trainCount: number, size: number, sampling: Experiment['sampling']): (step: number) => Int32Array {
  if (size === trainCount) {
    // The order of a full batch would change the loss by rounding only, and no sum needs that.
    const full = Int32Array.from({ length: trainCount }, (_, i) => i)
    return () => full
  }
  switch (sampling) {
    case 'withReplacement':
      return (step) => {
        const stream = namedStream(seed, `batches/step ${step}`)
        return Int32Array.from({ length: size }, () => stream.integer(trainCount))
      }
    case 'withoutReplacement': {
      const perEpoch = Math.floor(trainCount / size)
      let epoch = -1
      let order = new Int32Array(0)
      return (step) => {
        const wanted = Math.floor(step / perEpoch)
        if (wanted !== epoch) {
          order = Int32Array.from(namedStream(seed, `batches/epoch ${wanted}`).permutation(trainCount))
          epoch = wanted
        }
        const start = (step - wanted * perEpoch) * size
        return order.slice(start, start + size)
      }
    }
    default:
      return sampling satisfies never
  }
}
