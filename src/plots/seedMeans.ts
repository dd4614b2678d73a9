// Where is the mean over seeds at each step, and how well is it known? Computed once per row, as the quantiles are.
//
// Diverged seeds (NaN) are left out. The newest row is computed every time, because the store may replace it.
import { meanInterval } from '../numerics/meanInterval.ts'
import type { RowTable } from './columnSummary.ts'

/** Entries of a row: lower bound, mean, upper bound; the bounds are the mean where a single seed is left. */
export const MEAN_COUNT = 3
export const MEAN_LOWER = 0
export const MEAN = 1
export const MEAN_UPPER = 2

/** Rows of means of a growing table of seeds; `table` has `rowWidth` 3. Mutable. */
export interface SeedMeans {
  table: RowTable
  rowsRead: number
}

/** No rows yet. */
export function createSeedMeans(): SeedMeans {
  return { table: { steps: new Float64Array(0), values: new Float64Array(0), count: 0, rowWidth: MEAN_COUNT }, rowsRead: 0 }
}

/** Brings the means up to the rows of `seeds`. */
export function extendMeans(means: SeedMeans, seeds: RowTable): RowTable {
  const { count, rowWidth } = seeds
  const known = means.rowsRead
  const valid = known <= count && (known === 0 || means.table.steps[known - 1] === seeds.steps[known - 1])
  let { steps, values } = means.table
  if (steps.length < count) {
    const capacity = Math.max(256, 2 * count)
    steps = copied(steps, capacity)
    values = copied(values, capacity * MEAN_COUNT)
  }
  for (let row = valid ? known : 0; row < count; row++) {
    steps[row] = seeds.steps[row]
    const { lower, mean, upper } = rowMean(seeds.values, row * rowWidth, rowWidth)
    values.set([lower, mean, upper], row * MEAN_COUNT)
  }
  means.rowsRead = Math.max(0, count - 1)
  means.table = { steps, values, count, rowWidth: MEAN_COUNT }
  return means.table
}

/** Mean and 95 % interval of the living seeds of one row; a single one is its own interval, none gives NaN. */
export function rowMean(
  values: Float64Array,
  start: number,
  width: number,
): { readonly lower: number; readonly mean: number; readonly upper: number } {
  const alive = values.subarray(start, start + width).filter((value) => !Number.isNaN(value))
  const { mean, lower, upper } = meanInterval(alive)
  return alive.length < 2 ? { lower: mean, mean, upper: mean } : { lower, mean, upper }
}

function copied(from: Float64Array, length: number): Float64Array {
  const to = new Float64Array(length)
  to.set(from)
  return to
}
