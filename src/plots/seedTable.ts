// How does a summary follow a growing table of seeds? Each row is computed once, but for the newest, which the store may replace.
//
// A table that was thinned or begun anew is noticed by its steps, and summed up again.
import type { RowTable } from './columnSummary.ts'

/** Rows that sum up the rows of another table; `table` has the width of the summary. Mutable. */
export interface SeedTable {
  table: RowTable
  rowsRead: number
}

/** No rows yet, of `width` entries each. */
export function createSeedTable(width: number): SeedTable {
  return { table: { steps: new Float64Array(0), values: new Float64Array(0), count: 0, rowWidth: width }, rowsRead: 0 }
}

/** Brings the summary up to the rows of `seeds`; `fill` writes the summary of row `row` of theirs from position `at` of `values` on. */
export function extendSeedTable(
  summary: SeedTable,
  seeds: RowTable,
  fill: (row: number, values: Float64Array, at: number) => void,
): RowTable {
  const { count } = seeds
  const known = summary.rowsRead
  const { rowWidth } = summary.table
  const isSame = known <= count && (known === 0 || summary.table.steps[known - 1] === seeds.steps[known - 1])
  let { steps, values } = summary.table
  if (steps.length < count) {
    const capacity = Math.max(256, 2 * count)
    steps = copied(steps, capacity)
    values = copied(values, capacity * rowWidth)
  }
  for (let row = isSame ? known : 0; row < count; row++) {
    steps[row] = seeds.steps[row]
    fill(row, values, row * rowWidth)
  }
  summary.rowsRead = Math.max(0, count - 1)
  summary.table = { steps, values, count, rowWidth }
  return summary.table
}

function copied(from: Float64Array, length: number): Float64Array {
  const to = new Float64Array(length)
  to.set(from)
  return to
}
