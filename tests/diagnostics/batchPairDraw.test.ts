// drawBatchPairs
import { expect, test } from 'vitest'
import { drawBatchPairs } from '../../src/diagnostics/batchPairDraw.ts'

test('drawBatchPairs draws every batch of a size equally often, in both batches of a pair', () => {
  const seeds = 3000
  for (const side of [0, 1]) {
    const counts = new Map<string, number>()
    for (let seed = 0; seed < seeds; seed++) {
      const indices = [...drawBatchPairs(seed, 0, 4, 1, 2).pairs[0][side].indices].toSorted((a, b) => a - b)
      expect(new Set(indices).size).toBe(2)
      counts.set(indices.join(), (counts.get(indices.join()) ?? 0) + 1)
    }
    expect(counts.size).toBe(6)
    // Four standard errors of a share of 1/6.
    for (const count of counts.values()) expect(Math.abs(count / seeds - 1 / 6)).toBeLessThan(4 * Math.sqrt(5 / 36 / seeds))
  }
})

test('drawBatchPairs takes at most half of the training set, and at least one sample', () => {
  expect(drawBatchPairs(1, 0, 9, 3, 128)).toMatchObject({ batchSize: 4 })
  expect(
    drawBatchPairs(1, 0, 2, 3, 128)
      .pairs.flat()
      .every(({ indices }) => indices.length === 1),
  ).toBe(true)
  expect(drawBatchPairs(1, 0, 1000, 7, 128).pairs).toHaveLength(7)
})
