// What does the loss plot keep between frames? Quantiles and pixel columns of what has already come, and the range of its axis.
import type { ArmName } from '../core/experiment.ts'
import { createAxisMemory, type AxisMemory } from './axisMemory.ts'
import { createColumnSummary, extendColumns, type ColumnSummary, type RowTable } from './columnSummary.ts'
import type { LossArm } from './lossData.ts'
import type { PositionScale } from './positionScale.ts'
import { createSeedMeans, extendMeans, MEAN, MEAN_LOWER, MEAN_UPPER, type SeedMeans } from './seedMeans.ts'
import { createSeedQuantiles, extendQuantiles, QUANTILE_COUNT, type SeedQuantiles } from './seedQuantiles.ts'

/** Thin lines are drawn for at most this many seeds, evenly chosen; bands and median follow all. */
export const STRAND_LIMIT = 64

export interface ArmMemory {
  readonly seedCount: number
  readonly quantiles: SeedQuantiles
  readonly quantileColumns: ColumnSummary
  readonly seedColumns: ColumnSummary
  readonly means: SeedMeans
  readonly meanColumns: ColumnSummary
}

export interface LossMemory {
  readonly yAxis: AxisMemory
  readonly arms: Map<ArmName, ArmMemory>
}

/** Nothing kept yet. */
export function createLossMemory(): LossMemory {
  return { yAxis: createAxisMemory(), arms: new Map() }
}

/** One arm ready to draw: its rows, its quantiles and both in pixel columns, for one time axis. */
export interface PreparedArm {
  readonly source: LossArm
  readonly seeds: RowTable
  readonly quantiles: RowTable
  readonly divergedCount: number
  readonly seedColumns: ColumnSummary
  readonly quantileColumns: ColumnSummary
  /** Where the mean is asked for, else null. */
  readonly means: { readonly table: RowTable; readonly columns: ColumnSummary } | null
}

/** Brings the memory of one arm up to its rows. */
export function prepareArm(memory: LossMemory, arm: LossArm, xScale: PositionScale, withMean = false): PreparedArm {
  let kept = memory.arms.get(arm.arm)
  if (kept === undefined || kept.seedCount !== arm.seedCount) {
    kept = {
      seedCount: arm.seedCount,
      quantiles: createSeedQuantiles(),
      quantileColumns: createColumnSummary(Int32Array.from({ length: QUANTILE_COUNT }, (_, q) => q)),
      seedColumns: createColumnSummary(chosenSeeds(arm.seedCount)),
      means: createSeedMeans(),
      meanColumns: createColumnSummary(Int32Array.of(MEAN_LOWER, MEAN, MEAN_UPPER)),
    }
    memory.arms.set(arm.arm, kept)
  }
  const seeds: RowTable = { steps: arm.steps, values: arm.values, count: arm.count, rowWidth: arm.seedCount }
  const quantiles = extendQuantiles(kept.quantiles, seeds)
  extendColumns(kept.seedColumns, seeds, xScale.at, xScale.key)
  extendColumns(kept.quantileColumns, quantiles, xScale.at, xScale.key)
  const { seedColumns, quantileColumns } = kept
  return {
    source: arm,
    seeds,
    quantiles,
    divergedCount: kept.quantiles.divergedCount,
    seedColumns,
    quantileColumns,
    means: withMean ? preparedMeans(kept, seeds, xScale) : null,
  }
}

function preparedMeans({ means, meanColumns }: ArmMemory, seeds: RowTable, xScale: PositionScale): NonNullable<PreparedArm['means']> {
  const table = extendMeans(means, seeds)
  extendColumns(meanColumns, table, xScale.at, xScale.key)
  return { table, columns: meanColumns }
}

/** Which seeds get a line: all, or STRAND_LIMIT of them from the first to the last. */
export function chosenSeeds(seedCount: number): Int32Array {
  const shown = Math.min(seedCount, STRAND_LIMIT)
  return Int32Array.from({ length: shown }, (_, k) => (shown === seedCount ? k : Math.floor((k * (seedCount - 1)) / (shown - 1))))
}
