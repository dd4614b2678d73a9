// Where is the mean over seeds at each step, and how well is it known? Diverged seeds (NaN) are left out.
import { meanInterval } from '../numerics/meanInterval.ts'
import type { RowTable } from './columnSummary.ts'
import { createSeedTable, extendSeedTable, type SeedTable } from './seedTable.ts'

/** Entries of a row: lower bound, mean, upper bound; the bounds are the mean where a single seed is left. */
export const MEAN_COUNT = 3
export const MEAN_LOWER = 0
export const MEAN = 1
export const MEAN_UPPER = 2

/** Rows of means of a growing table of seeds; `table` has `rowWidth` 3. Mutable. */
export type SeedMeans = SeedTable

/** No rows yet. */
export function createSeedMeans(): SeedMeans {
  return createSeedTable(MEAN_COUNT)
}

/** Brings the means up to the rows of `seeds`. */
export function extendMeans(means: SeedMeans, seeds: RowTable): RowTable {
  const { rowWidth } = seeds
  return extendSeedTable(means, seeds, (row, values, at) => {
    const { lower, mean, upper } = rowMean(seeds.values, row * rowWidth, rowWidth)
    values.set([lower, mean, upper], at)
  })
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
