// Where do the seeds lie at each step? 5, 25, 50, 75 and 95 % quantiles, computed once per row.
//
// Diverged seeds (NaN) are left out and counted, not ranked. The newest row is computed every time, because the store
// may replace it; a thinned table is noticed by its steps.
import { BAND_PROBABILITIES, sortedQuantile } from '../numerics/quantiles.ts'
import type { RowTable } from './columnSummary.ts'

/** Entries of a quantile row. */
export const QUANTILE_COUNT = BAND_PROBABILITIES.length
/** Positions in a quantile row. */
export const LOWEST = 0
export const LOWER = 1
export const MEDIAN = 2
export const UPPER = 3
export const HIGHEST = 4

/** Quantile rows of a growing table of seeds; `table` has `rowWidth` 5. Mutable. */
export interface SeedQuantiles {
  table: RowTable
  rowsRead: number
  /** Seeds that are NaN in the newest row. */
  divergedCount: number
}

/** No rows yet. */
export function createSeedQuantiles(): SeedQuantiles {
  return {
    table: { steps: new Float64Array(0), values: new Float64Array(0), count: 0, rowWidth: QUANTILE_COUNT },
    rowsRead: 0,
    divergedCount: 0,
  }
}

/** Brings the quantiles up to the rows of `seeds`. */
export function extendQuantiles(quantiles: SeedQuantiles, seeds: RowTable): RowTable {
  const { count, rowWidth } = seeds
  const known = quantiles.rowsRead
  const valid = known <= count && (known === 0 || quantiles.table.steps[known - 1] === seeds.steps[known - 1])
  const from = valid ? known : 0
  let { steps, values } = quantiles.table
  if (steps.length < count) {
    const capacity = Math.max(256, 2 * count)
    steps = copied(steps, capacity)
    values = copied(values, capacity * QUANTILE_COUNT)
  }
  const sorted = new Float64Array(rowWidth)
  for (let row = from; row < count; row++) {
    steps[row] = seeds.steps[row]
    const alive = sortFinite(seeds.values, row * rowWidth, rowWidth, sorted)
    const ordered = sorted.subarray(0, alive)
    for (let q = 0; q < QUANTILE_COUNT; q++) values[row * QUANTILE_COUNT + q] = sortedQuantile(ordered, BAND_PROBABILITIES[q])
    if (row === count - 1) quantiles.divergedCount = rowWidth - alive
  }
  quantiles.rowsRead = Math.max(0, count - 1)
  quantiles.table = { steps, values, count, rowWidth: QUANTILE_COUNT }
  return quantiles.table
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

function copied(from: Float64Array, length: number): Float64Array {
  const to = new Float64Array(length)
  to.set(from)
  return to
}
