// Which mini-batches are compared?
//
// Pairs are independent of each other and of training: their stream is named by the instrument and the step, so the
// draw at step t is the same whether or not step t - 1 was measured, and both arms of a comparison see the same batches.
import type { SampleSet } from '../core/probe.ts'
import { namedStream } from '../numerics/streams.ts'

/** Pairs of mini-batches of training indices. */
export interface BatchPairs {
  readonly pairs: readonly (readonly [SampleSet, SampleSet])[]
  /** Samples in each batch: what was asked for, but at most half of the training set. */
  readonly batchSize: number
}

/**
 * Draws independent pairs, each batch without replacement within itself.
 *
 * @param trainCount at least 2.
 */
export function drawBatchPairs(seed: number, step: number, trainCount: number, pairCount: number, wantedSize: number): BatchPairs {
  // Two full batches would be the same batch, and every cosine 1.
  const batchSize = Math.max(1, Math.min(wantedSize, Math.floor(trainCount / 2)))
  const stream = namedStream(seed, `cosines/pairs/step ${step}`)
  const order = Int32Array.from({ length: trainCount }, (_, i) => i)
  const draw = (): SampleSet => {
    // A partial shuffle of an order already shuffled is as random as one of a fresh order.
    for (let i = 0; i < batchSize; i++) {
      const j = i + stream.integer(trainCount - i)
      const kept = order[i]
      order[i] = order[j]
      order[j] = kept
    }
    return { indices: order.slice(0, batchSize), from: 'train' }
  }
  return { pairs: Array.from({ length: pairCount }, () => [draw(), draw()] as const), batchSize }
}
