import { expect, test } from 'vitest'
import type { RowTable } from '../../src/plots/columnSummary.ts'
import { createSeedTable, extendSeedTable, type SeedTable } from '../../src/plots/seedTable.ts'

/** Rows of two seeds, (step, 10 step). */
const seedsAt = (...steps: readonly number[]): RowTable => ({
  steps: Float64Array.from(steps),
  values: Float64Array.from(steps.flatMap((step) => [step, 10 * step])),
  count: steps.length,
  rowWidth: 2,
})

/** Sums up to one number a row; the rows that it looked at. */
function rowsFilled(summary: SeedTable, seeds: RowTable): number[] {
  const filled: number[] = []
  const table = extendSeedTable(summary, seeds, (row, values, at) => {
    filled.push(row)
    values[at] = seeds.values[2 * row] + seeds.values[2 * row + 1]
  })
  expect(table).toMatchObject({ count: seeds.count, rowWidth: 1 })
  expect([...table.steps.subarray(0, seeds.count)]).toEqual([...seeds.steps])
  expect([...table.values.subarray(0, seeds.count)]).toEqual(Array.from(seeds.steps, (step) => 11 * step))
  return filled
}

test('extendSeedTable sums each row up once, and the newest again', () => {
  const summary = createSeedTable(1)
  expect(rowsFilled(summary, seedsAt(1, 2, 3))).toEqual([0, 1, 2])
  expect(rowsFilled(summary, seedsAt(1, 2, 3))).toEqual([2])
  expect(rowsFilled(summary, seedsAt(1, 2, 3, 4))).toEqual([2, 3])
})

test('extendSeedTable sums all rows up again where the table was thinned or begun anew, and keeps them when it grows', () => {
  const summary = createSeedTable(1)
  rowsFilled(summary, seedsAt(1, 2, 3, 4))
  expect(rowsFilled(summary, seedsAt(2, 4, 6, 8))).toEqual([0, 1, 2, 3])
  expect(rowsFilled(summary, seedsAt(5))).toEqual([0])
  const many = Array.from({ length: 600 }, (_, i) => 5 + i)
  expect(rowsFilled(summary, seedsAt(...many.slice(0, 200)))).toHaveLength(200)
  expect(rowsFilled(summary, seedsAt(...many))).toEqual(many.slice(199).map((step) => step - 5))
})
