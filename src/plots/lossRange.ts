// How many decades does the loss axis show? From what the seeds did, with two guards against extremes.
//
// At most ten decades: an optimizer that overshoots to 1e-32 must not flatten the plateau; what lies below runs along
// the lower edge. At most four decades above the first loss: a run that explodes leaves through the top.
import { settleDomain, type AxisMemory } from './axisMemory.ts'
import { LOWEST, HIGHEST, QUANTILE_COUNT } from './seedQuantiles.ts'
import type { PreparedArm } from './lossMemory.ts'
import type { LossPlotData } from './lossData.ts'

const MOST_DECADES = 10
const FEWEST_DECADES = 1
const ABOVE_START = 4

/** Range of the loss axis as values; both ends positive unless the scale is linear. */
export function lossRange(memory: AxisMemory, data: LossPlotData, arms: readonly PreparedArm[]): readonly [number, number] {
  const { low, high, start } = extremes(data, arms)
  // A range for no data must not be remembered: the first loss would look like growth and get room that it does not need.
  if (high === -Infinity) return data.yScale === 'linear' ? [0, 1] : [0.1, 1]
  if (data.yScale === 'linear') {
    const top = Number.isFinite(high) ? Math.min(high, start > 0 ? start * 2 : high) : 1
    const grid = 10 ** Math.floor(Math.log10(Math.max(top, 1e-300))) / 2
    const settled = settleDomain(memory, 0, Math.max(top, 1e-300), { grid, headroom: 0 })
    return [Math.min(0, settled[0]), settled[1]]
  }
  const upper = Math.min(
    Number.isFinite(high) ? Math.log10(high) : 0,
    start > 0 && start < Infinity ? Math.log10(start) + ABOVE_START : Infinity,
  )
  const wanted = Number.isFinite(low) ? Math.log10(low) : upper - FEWEST_DECADES
  const lower = Math.max(Math.min(wanted, upper - FEWEST_DECADES), Math.ceil(upper) - MOST_DECADES)
  const settled = settleDomain(memory, lower, upper, { grid: 1, headroom: 1 })
  return [10 ** settled[0], 10 ** settled[1]]
}

function extremes(data: LossPlotData, arms: readonly PreparedArm[]): { low: number; high: number; start: number } {
  let low = Infinity
  let high = -Infinity
  let start = -Infinity
  const take = (value: number) => {
    if (!(value > 0) || !Number.isFinite(value)) return
    low = Math.min(low, value)
    high = Math.max(high, value)
  }
  for (const { quantileColumns, quantiles } of arms) {
    for (let column = 0; column < quantileColumns.count; column++) {
      take(quantileColumns.low[column * QUANTILE_COUNT + LOWEST])
      take(quantileColumns.high[column * QUANTILE_COUNT + HIGHEST])
    }
    if (quantiles.count > 0) {
      const last = (quantiles.count - 1) * QUANTILE_COUNT
      take(quantiles.values[last + LOWEST])
      take(quantiles.values[last + HIGHEST])
      start = Math.max(start, quantiles.values[HIGHEST])
    }
  }
  for (const { trainLoss, testLoss } of data.evaluations) {
    if (trainLoss.length > 0) start = Math.max(start, trainLoss[0])
    for (const value of trainLoss) take(value)
    for (const value of testLoss ?? []) take(value)
  }
  for (const ghost of data.ghosts) for (const value of ghost.median) take(value)
  return { low, high, start }
}
