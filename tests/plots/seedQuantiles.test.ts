// Are the bands the quantiles of the seeds, at every row, however the rows arrived?
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BAND_PROBABILITIES, quantiles } from '../../src/numerics/quantiles.ts'
import type { RowTable } from '../../src/plots/columnSummary.ts'
import { createSeedQuantiles, extendQuantiles, QUANTILE_COUNT } from '../../src/plots/seedQuantiles.ts'

function tableOf(rows: readonly (readonly number[])[], stride = 1): RowTable {
  return {
    steps: Float64Array.from(rows, (_, row) => row * stride),
    values: Float64Array.from(rows.flat()),
    count: rows.length,
    rowWidth: rows[0].length,
  }
}

const row = (table: RowTable, index: number) => [...table.values.subarray(index * QUANTILE_COUNT, (index + 1) * QUANTILE_COUNT)]

describe('extendQuantiles', () => {
  test('agrees with the quantiles of numerics in each row, for few and for many seeds', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 90 }),
        fc.integer({ min: 1, max: 6 }),
        fc.infiniteStream(fc.double({ noNaN: true, min: -5, max: 5 })),
        (seeds, count, random) => {
          const rows = Array.from({ length: count }, () => Array.from({ length: seeds }, () => random.next().value as number))
          const table = extendQuantiles(createSeedQuantiles(), tableOf(rows))
          for (const [index, values] of rows.entries()) expect(row(table, index)).toEqual([...quantiles(values, BAND_PROBABILITIES)])
        },
      ),
      { seed: 21, numRuns: 100 },
    )
  })

  test('leaves out diverged seeds and counts them', () => {
    const memory = createSeedQuantiles()
    const table = extendQuantiles(
      memory,
      tableOf([
        [1, 2, 3],
        [NaN, 4, NaN],
      ]),
    )
    expect(row(table, 1)).toEqual([4, 4, 4, 4, 4])
    expect(memory.divergedCount).toBe(2)
  })

  test('is NaN where every seed has diverged', () => {
    expect(row(extendQuantiles(createSeedQuantiles(), tableOf([[NaN, NaN]])), 0)).toEqual([NaN, NaN, NaN, NaN, NaN])
  })

  test('follows a newest row that was replaced', () => {
    const memory = createSeedQuantiles()
    extendQuantiles(memory, tableOf([[1], [2], [3]]))
    expect(row(extendQuantiles(memory, tableOf([[1], [2], [30], [4]])), 2)[0]).toBe(30)
  })

  test('computes everything again when rows were thinned', () => {
    const memory = createSeedQuantiles()
    extendQuantiles(memory, tableOf([[0], [1], [2], [3]]))
    const table = extendQuantiles(memory, tableOf([[0], [2], [4]], 2))
    expect([0, 1, 2].map((index) => row(table, index)[0])).toEqual([0, 2, 4])
  })
})
