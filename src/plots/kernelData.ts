// What does the kernel plot draw? All samples of each arm for the time panels, the one at the cursor for map and eigenvalues.
import type { ArmName, LossSettings } from '../core/experiment.ts'
import type { KernelSample, TangentGap, UnavailableReason } from '../core/sample.ts'
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
  /** kernel (absent): drift, map and eigenvalues. ball: how far the weights and the outputs have gone, and how far they may. */
  readonly view?: 'kernel' | 'ball'
  /** Decides whether there is a ball; absent: none is drawn. */
  readonly loss?: LossSettings
}

/** The linearised arm's samples that know how far the network has come from them. */
export function gapSamples(data: KernelPlotData): readonly (KernelSample & { readonly tangentGap: TangentGap })[] {
  return data.arms.flatMap(({ samples }) =>
    samples.flatMap((sample) => (sample.tangentGap === undefined ? [] : [{ ...sample, tangentGap: sample.tangentGap }])),
  )
}
