// What is a chart of measurements beside predictions? Dots with intervals, curves, and the words for when there are none.
import type { ArmName } from '../core/experiment.ts'
import type { TheoryCurve } from '../core/theoryCurve.ts'
import type { EmptyWords } from './emptyState.ts'
import { interpolated, theoryValue } from './theoryMarks.ts'

/** A measured value with the interval in which it may as well lie. */
export interface ChartPoint {
  readonly arm: ArmName
  readonly x: number
  readonly y: number
  readonly low?: number
  readonly high?: number
}

/** Measurements and predictions over one axis; a log axis leaves out what is not positive. */
export interface PredictionChart {
  /** What is measured, above the axis. */
  readonly name: string
  readonly xName: string
  readonly x: 'log' | 'linear'
  readonly y: 'log' | 'linear'
  readonly points: readonly ChartPoint[]
  readonly curves: readonly TheoryCurve[]
  /** Said in place of the picture where nothing was measured yet. */
  readonly missing: EmptyWords
}

/** The plain value of a curve at x; null outside of it. */
export function predictedAt(curve: TheoryCurve, x: number): number | null {
  const value = interpolated(curve, x, (i) => theoryValue(curve, i))
  return Number.isNaN(value) ? null : value
}
