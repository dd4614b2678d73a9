// Do the losses stay right when they come in pieces, come again, or are too many?
import { describe, expect, test } from 'vitest'
import type { LossSample } from '../../src/core/sample.ts'
import { appendLosses, createLossColumn, rowLimit } from '../../src/store/lossColumn.ts'

function lossSample(step: number, rows: number, seedCount: number, offset = 0): LossSample {
  const values = Float64Array.from({ length: rows * seedCount }, (_, i) => step + Math.floor(i / seedCount) + (i % seedCount) / 10 + offset)
  return { type: 'loss', arm: 'A', step, seedCount, values }
}

describe('appendLosses', () => {
  test('keeps every step of a short run', () => {
    const column = createLossColumn(2)
    appendLosses(column, lossSample(0, 5, 2))
    appendLosses(column, lossSample(5, 700, 2))
    expect(column.count).toBe(705)
    expect([...column.steps.subarray(0, 705)]).toEqual(Array.from({ length: 705 }, (_, i) => i))
    expect(column.values[700 * 2 + 1]).toBeCloseTo(700.1, 12)
  })
  test('replaces what comes again after a restore', () => {
    const column = createLossColumn(1)
    appendLosses(column, lossSample(0, 10, 1))
    appendLosses(column, lossSample(6, 2, 1, 100))
    expect([...column.steps.subarray(0, column.count)]).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
    expect(column.values[7]).toBe(107)
  })
  test('stays within its rows, even in spacing, and ends with the newest step', () => {
    const column = createLossColumn(4000)
    const limit = rowLimit(4000)
    for (let step = 0; step < 5 * limit; step += 50) appendLosses(column, lossSample(step, 50, 4000))
    expect(column.count).toBeLessThanOrEqual(limit)
    expect(column.steps.length).toBeLessThanOrEqual(limit)
    const last = column.count - 1
    expect(column.steps[last]).toBeGreaterThanOrEqual(5 * limit - 1)
    for (let row = 0; row < last; row++) {
      expect(column.steps[row]).toBe(row * column.stride)
      expect(column.values[row * 4000]).toBe(row * column.stride)
    }
  })
})
