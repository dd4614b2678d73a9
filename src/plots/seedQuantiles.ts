// Where do the seeds lie at each step? 5, 25, 50, 75 and 95 % quantiles; diverged seeds (NaN) are left out and counted, not ranked.
import { BAND_PROBABILITIES, sortedQuantile } from '../numerics/quantiles.ts'
import type { RowTable } from './columnSummary.ts'
import { createSeedTable, extendSeedTable, type SeedTable } from './seedTable.ts'

/** Entries of a quantile row. */
export const QUANTILE_COUNT = BAND_PROBABILITIES.length
/** Positions in a quantile row. */
export const LOWEST = 0
export const LOWER = 1
export const MEDIAN = 2
export const UPPER = 3
export const HIGHEST = 4

/** Quantile rows of a growing table of seeds; `table` has `rowWidth` 5. Mutable. */
export interface SeedQuantiles extends SeedTable {
  /** Seeds that are NaN in the newest row. */
  divergedCount: number
}

/** No rows yet. */
export function createSeedQuantiles(): SeedQuantiles {
  return { ...createSeedTable(QUANTILE_COUNT), divergedCount: 0 }
}

/** Brings the quantiles up to the rows of `seeds`. */
export function extendQuantiles(quantiles: SeedQuantiles, seeds: RowTable): RowTable {
  const { count, rowWidth } = seeds
  const sorted = new Float64Array(rowWidth)
  return extendSeedTable(quantiles, seeds, (row, values, at) => {
    const alive = sortFinite(seeds.values, row * rowWidth, rowWidth, sorted)
    const ordered = sorted.subarray(0, alive)
    for (let q = 0; q < QUANTILE_COUNT; q++) values[at + q] = sortedQuantile(ordered, BAND_PROBABILITIES[q])
    if (row === count - 1) quantiles.divergedCount = rowWidth - alive
  })
}

/** Sorts the numbers of one row into `sorted` and returns how many are not NaN; insertion is fastest for a few seeds. */
function sortFinite(values: Float64Array, start: number, length: number, sorted: Float64Array): number {
  let alive = 0
  for (let k = 0; k < length; k++) {
    const value = values[start + k]
    if (Number.isNaN(value)) continue
    sorted[alive++] = value
  }
  if (alive > 64) {
    sorted.subarray(0, alive).sort()
    return alive
  }
  for (let k = 1; k < alive; k++) {
    const value = sorted[k]
    let place = k
    while (place > 0 && sorted[place - 1] > value) {
      sorted[place] = sorted[place - 1]
      place--
    }
    sorted[place] = value
  }
  return alive
}
