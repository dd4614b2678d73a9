// What line does an earlier run leave? The median of its seeds, computed once when the run ends.
import { quantiles } from '../numerics/quantiles.ts'
import type { LossColumn } from './lossColumn.ts'

export interface MedianLosses {
  readonly steps: Float64Array
  /** [n] median over the seeds that are still finite, NaN where none is. */
  readonly median: Float64Array
}

/** The median line of a loss column. */
export function medianLosses(column: LossColumn): MedianLosses {
  const { count, seedCount, values } = column
  const median = Float64Array.from({ length: count }, (_, row) => {
    const finite = values.subarray(row * seedCount, (row + 1) * seedCount).filter((value) => !Number.isNaN(value))
    return finite.length === 0 ? NaN : quantiles(finite, [0.5])[0]
  })
  return { steps: column.steps.slice(0, count), median }
}
