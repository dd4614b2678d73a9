// What does the spectrum plot draw? The newest sample of each arm, its stability line, and the extremes over time.
import type { ArmName } from '../core/experiment.ts'
import type { HessianSample, UnavailableReason } from '../core/sample.ts'
import type { TheoryCurve } from '../core/theoryCurve.ts'
import type { Step } from '../core/units.ts'

export interface HessianArm {
  readonly arm: ArmName
  readonly label: string
  readonly current: HessianSample | null
  readonly unavailable: UnavailableReason | null
  /** Curvature above which the optimizer overshoots, such as 2/lr for gradient descent; null where there is no such number. */
  readonly stability: { readonly value: number; readonly label: string } | null
  /** Ascending in step; extremes over time in the main variant. */
  readonly samples: readonly HessianSample[]
}

export interface HessianPlotData {
  readonly arms: readonly HessianArm[]
  /** Curves over `eigenvalue` (densities) are not drawn on counts; curves over `step` go to the panel of extremes. */
  readonly theory: readonly TheoryCurve[]
  readonly totalSteps: Step
}

/** Values that are drawn one by one: eigenvalues when exact, Ritz nodes otherwise; ascending. */
export function drawnValues(sample: HessianSample): Float64Array {
  return sample.eigenvalues ?? sample.nodes ?? Float64Array.of(sample.lambdaMin, sample.lambdaMax)
}
