// How are the losses of a long run kept in bounded memory? One typed array, thinned to every second row when full.
//
// The last row is always the newest, on the grid or not, so a plot ends where the run is. Samples that come
// again after a restart overwrite their first copies.
import type { LossSample } from '../core/sample.ts'

/** Rows of losses: row r is the loss of every seed at step `steps[r]`. Mutable; `version` grows with each change. */
export interface LossColumn {
  readonly seedCount: number
  /** Rows in use. */
  count: number
  /** Only steps divisible by this are kept, beside the newest. */
  stride: number
  /** [capacity] ascending. */
  steps: Float64Array
  /** [capacity, seedCount] row-major; NaN where a seed has diverged. */
  values: Float64Array
  version: number
}

/** Entries of `values` above which rows are thinned: 16 MB. */
const ENTRY_LIMIT = 2_000_000
const ROW_LIMIT = 8192
const FIRST_ROWS = 256

/** An empty column for `seedCount` seeds. */
export function createLossColumn(seedCount: number): LossColumn {
  return {
    seedCount,
    count: 0,
    stride: 1,
    steps: new Float64Array(FIRST_ROWS),
    values: new Float64Array(FIRST_ROWS * seedCount),
    version: 0,
  }
}

/** Most rows that a column of `seedCount` seeds holds before it is thinned; even, at least 64. */
export function rowLimit(seedCount: number): number {
  return Math.max(64, 2 * Math.floor(Math.min(ROW_LIMIT, ENTRY_LIMIT / seedCount) / 2))
}

/** Adds the consecutive steps of one sample; rows at or after its first step are replaced. */
export function appendLosses(column: LossColumn, sample: LossSample): void {
  const { seedCount } = column
  while (column.count > 0 && column.steps[column.count - 1] >= sample.step) column.count--
  const rows = sample.values.length / seedCount
  for (let row = 0; row < rows; row++) {
    const step = sample.step + row
    dropOffGrid(column)
    if (column.count === rowLimit(seedCount)) thin(column)
    reserve(column, column.count + 1)
    column.steps[column.count] = step
    column.values.set(sample.values.subarray(row * seedCount, (row + 1) * seedCount), column.count * seedCount)
    column.count++
  }
  column.version++
}

/** A copy that no longer grows, cut to its size: what a ghost keeps. */
export function frozenLosses(column: LossColumn): LossColumn {
  return { ...column, steps: column.steps.slice(0, column.count), values: column.values.slice(0, column.count * column.seedCount) }
}

function dropOffGrid(column: LossColumn): void {
  const last = column.count - 1
  if (last >= 0 && column.steps[last] % column.stride !== 0) column.count--
}

function thin(column: LossColumn): void {
  const { seedCount, steps, values } = column
  column.stride *= 2
  let kept = 0
  for (let row = 0; row < column.count; row++) {
    if (steps[row] % column.stride !== 0) continue
    steps[kept] = steps[row]
    values.copyWithin(kept * seedCount, row * seedCount, (row + 1) * seedCount)
    kept++
  }
  column.count = kept
}

function reserve(column: LossColumn, rows: number): void {
  if (column.steps.length >= rows) return
  const capacity = Math.min(rowLimit(column.seedCount), Math.max(rows, column.steps.length * 2))
  const steps = new Float64Array(capacity)
  steps.set(column.steps)
  const values = new Float64Array(capacity * column.seedCount)
  values.set(column.values)
  column.steps = steps
  column.values = values
}
