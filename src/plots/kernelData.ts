// What does the kernel plot draw? All samples of each arm for the time panels, the one at the cursor for map and eigenvalues.
import type { ArmName } from '../core/experiment.ts'
import type { KernelSample, UnavailableReason } from '../core/sample.ts'
import type { TheoryCurve } from '../core/theoryCurve.ts'
import type { Step } from '../core/units.ts'

export interface KernelArm {
  readonly arm: ArmName
  readonly label: string
  readonly current: KernelSample | null
  readonly unavailable: UnavailableReason | null
  /** Ascending in step. */
  readonly samples: readonly KernelSample[]
}

export interface KernelPlotData {
  readonly arms: readonly KernelArm[]
  /** Curves of the drift over `step`. */
  readonly theory: readonly TheoryCurve[]
  /** [sampleCount] class of each probe sample, to put equal classes side by side; null: as drawn. */
  readonly classes: Int32Array | null
  readonly totalSteps: Step
}
