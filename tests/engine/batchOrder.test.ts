import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DomainFault } from '../../src/core/faults.ts'
import { batchAt, createBatchOrder } from '../../src/engine/batchOrder.ts'
import { SEED } from './reference/problems.ts'

describe('createBatchOrder', () => {
  test('deals each epoch without repeats and leaves out only the short rest', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 70 }), fc.integer({ min: 0, max: 5 }), (n, size, epoch) => {
        const order = createBatchOrder(SEED, n, size)
        const seen = new Set<number>()
        for (let b = 0; b < order.batchesPerEpoch; b++) {
          const batch = order.batchAt(epoch * order.batchesPerEpoch + b)
          expect(batch).toHaveLength(Math.min(n, size))
          for (const index of batch) seen.add(index)
        }
        expect(seen.size).toBe(order.batchesPerEpoch * order.batchSize)
        expect(n - seen.size).toBeLessThan(order.batchSize)
        expect(Math.min(...seen)).toBeGreaterThanOrEqual(0)
        expect(Math.max(...seen)).toBeLessThan(n)
      }),
      { seed: SEED, numRuns: 60 },
    )
  })
  test('is the whole set in natural order when the batch is as large', () => {
    const order = createBatchOrder(SEED, 4, 100)
    expect(Array.from(order.batchAt(17))).toEqual([0, 1, 2, 3])
    expect(order.batchesPerEpoch).toBe(1)
  })
  test('reaches any step without the steps before it', () => {
    const walked = createBatchOrder(SEED, 50, 8)
    const batches = Array.from({ length: 40 }, (_, step) => Array.from(walked.batchAt(step)))
    for (const step of [39, 0, 17, 6, 38]) expect(Array.from(batchAt(SEED, 50, 8, step))).toEqual(batches[step])
  })
  test('shuffles each epoch and each seed anew', () => {
    const first = Array.from(batchAt(1, 1000, 500, 0))
    expect(Array.from(batchAt(1, 1000, 500, 2))).not.toEqual(first)
    expect(Array.from(batchAt(2, 1000, 500, 0))).not.toEqual(first)
  })
  test('draws with replacement: every sample equally often, some twice in a batch', () => {
    const order = createBatchOrder(SEED, 20, 5, 'withReplacement')
    const counts = new Float64Array(20)
    let repeats = 0
    const steps = 4000
    for (let step = 0; step < steps; step++) {
      const batch = order.batchAt(step)
      expect(batch).toHaveLength(5)
      for (const index of batch) counts[index]++
      if (new Set(batch).size < 5) repeats++
    }
    // 20 000 draws: 1000 each with sd 31; five sd for twenty of them.
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(155)
    // 1 - 20 * 19 * 18 * 17 * 16 / 20^5 = 0.4186, sd 0.0078.
    expect(Math.abs(repeats / steps - 0.4186)).toBeLessThan(0.04)
  })
  test('reaches any step with replacement too, and keeps the full batch full', () => {
    const walked = createBatchOrder(SEED, 50, 8, 'withReplacement')
    const batches = Array.from({ length: 40 }, (_, step) => Array.from(walked.batchAt(step)))
    for (const step of [39, 0, 17]) expect(Array.from(batchAt(SEED, 50, 8, step, 'withReplacement'))).toEqual(batches[step])
    expect(batches[1]).not.toEqual(batches[0])
    expect(Array.from(batchAt(SEED, 4, 100, 3, 'withReplacement'))).toEqual([0, 1, 2, 3])
  })
  test('refuses what is no count', () => {
    expect(() => createBatchOrder(1, 0, 1)).toThrow(DomainFault)
    expect(() => createBatchOrder(1, 5, 1.5)).toThrow(DomainFault)
    expect(() => batchAt(1, 5, 2, -1)).toThrow(DomainFault)
  })
})
