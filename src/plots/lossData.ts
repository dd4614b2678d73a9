// What does the loss plot draw? Columns as the store keeps them; nothing here is copied or computed per frame.
import type { ArmName } from '../core/experiment.ts'
import type { Step } from '../core/units.ts'
import type { TheoryCurve } from '../core/theoryCurve.ts'
import { lastUpTo } from '../numerics/lastUpTo.ts'

/** Losses of one arm: row r holds the batch loss of every seed at `steps[r]`; the arrays may be longer than `count`. */
export interface LossArm {
  readonly arm: ArmName
  /** What distinguishes the arm, such as "SGD 0.1". */
  readonly label: string
  readonly steps: Float64Array
  /** [count, seedCount] row-major, NaN where a seed has diverged. */
  readonly values: Float64Array
  readonly count: number
  readonly seedCount: number
}

/** Evaluations of the focus seed on the whole sets, all arrays [n]; null where there is no such set. */
export interface EvaluationColumns {
  readonly arm: ArmName
  readonly steps: Float64Array
  readonly trainLoss: Float64Array
  readonly testLoss: Float64Array | null
  /** Shares, 0 .. 1. */
  readonly trainAccuracy: Float64Array | null
  readonly testAccuracy: Float64Array | null
}

/** An earlier or pinned run, as one line. */
export interface LossGhost {
  readonly label: string
  readonly arm: ArmName
  readonly steps: Float64Array
  /** [n] median over its seeds. */
  readonly median: Float64Array
}

/** A change of the optimizer in mid-run. */
export interface ChangeMarker {
  readonly step: Step
  readonly arm: ArmName
  /** Such as "Adam 0.001". */
  readonly label: string
}

export interface LossPlotData {
  /** A before B; at least one. */
  readonly arms: readonly LossArm[]
  readonly evaluations: readonly EvaluationColumns[]
  readonly ghosts: readonly LossGhost[]
  /** Curves over `step`. */
  readonly theory: readonly TheoryCurve[]
  readonly changes: readonly ChangeMarker[]
  /** Levels that count, such as the loss below which a run has escaped. */
  readonly levels: readonly { readonly value: number; readonly label: string }[]
  /** The curve that the reader drew before the run. */
  readonly prediction: { readonly label: string; readonly steps: Float64Array; readonly values: Float64Array } | null
  /** Length of the run: the end of the time axis. */
  readonly totalSteps: Step
  readonly yScale?: 'log' | 'linear'
  /** What is bold over many seeds: the median with quantile bands (absent), or the mean with its 95 % interval. */
  readonly statistic?: 'median' | 'mean'
}

/** Position of the last row at or before `step`, -1 before the first. */
export function rowAt(steps: Float64Array, count: number, step: number): number {
  return lastUpTo(count, (row) => steps[row], step)
}

/** True when any arm has accuracies. */
export function hasAccuracy(data: LossPlotData): boolean {
  return data.evaluations.some((evaluation) => evaluation.testAccuracy !== null || evaluation.trainAccuracy !== null)
}
