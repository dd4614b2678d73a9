// Which samples are in the mini-batch of step t?
//
// Without replacement, epoch by epoch; each epoch has a stream of its own name, so the batch of any step is
// reached without drawing those before it: the step number is the whole state, and a restored run goes on by it.
// The last short batch of an epoch is dropped: every step then sees the same batch size, hence the same noise scale.
import { DomainFault } from '../core/faults.ts'
import { namedStream } from '../numerics/streams.ts'

/** The order of one run; both arms of an experiment share seed and epochs, whatever their batch sizes. */
export interface BatchOrder {
  /** Samples in each batch: min(batchSize, trainCount). */
  readonly batchSize: number
  /** floor(trainCount / batchSize), at least 1. */
  readonly batchesPerEpoch: number
  /** Training indices of step 0, 1, 2, ...; the full batch comes in natural order. Do not write into it. */
  batchAt(step: number): Int32Array
}

/**
 * The deterministic order of mini-batches of one seed.
 *
 * @throws {DomainFault} when a count is not a positive integer, or (batchAt) a step is negative or not an integer.
 */
export function createBatchOrder(seed: number, trainCount: number, batchSize: number): BatchOrder {
  for (const [name, count] of [
    ['trainCount', trainCount],
    ['batchSize', batchSize],
  ] as const) {
    if (!(Number.isInteger(count) && count >= 1)) {
      throw new DomainFault(`createBatchOrder: ${name} is no count, got ${count}, expected an integer from 1`)
    }
  }
  const size = Math.min(batchSize, trainCount)
  const full = size === trainCount ? Int32Array.from({ length: trainCount }, (_, i) => i) : null
  const batchesPerEpoch = Math.floor(trainCount / size)
  let epoch = -1
  let order = new Int32Array(0)
  return {
    batchSize: size,
    batchesPerEpoch,
    batchAt(step) {
      if (!(Number.isSafeInteger(step) && step >= 0)) {
        throw new DomainFault(`batchAt: step is no count, got ${step}, expected an integer from 0`)
      }
      // The order of a full batch would change the loss by rounding only, and no sum needs that.
      if (full !== null) return full
      const wanted = Math.floor(step / batchesPerEpoch)
      if (wanted !== epoch) {
        order = Int32Array.from(namedStream(seed, `batches/epoch ${wanted}`).permutation(trainCount))
        epoch = wanted
      }
      const start = (step - wanted * batchesPerEpoch) * size
      return order.slice(start, start + size)
    },
  }
}

/** The batch of one step, for callers that need a single one; see `createBatchOrder`. */
export function batchAt(seed: number, trainCount: number, batchSize: number, step: number): Int32Array {
  return createBatchOrder(seed, trainCount, batchSize).batchAt(step)
}
