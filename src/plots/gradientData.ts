// What does the gradient plot draw? Samples as they came; medians over seeds are computed once per sample and kept with it.
import type { ArmName } from '../core/experiment.ts'
import type { GradientNormSample } from '../core/sample.ts'
import type { TheoryCurve } from '../core/theoryCurve.ts'
import type { Step } from '../core/units.ts'
import { lastUpTo } from '../numerics/lastUpTo.ts'
import { BAND_PROBABILITIES, sortedQuantile } from '../numerics/quantiles.ts'

export interface GradientNormArm {
  readonly arm: ArmName
  readonly label: string
  /** The sample at the cursor; null: not measured yet. */
  readonly current: GradientNormSample | null
  /** Ascending in step; the heat map of the main variant. */
  readonly samples: readonly GradientNormSample[]
}

export interface GradientNormPlotData {
  readonly arms: readonly GradientNormArm[]
  /** Curves over `layer` counted from 0, values or log10 as their labels say. */
  readonly theory: readonly TheoryCurve[]
  /** Frobenius norm of each layer's block, the mean absolute entry, or the size of the signal over that of layer 1. */
  readonly quantity: 'norm' | 'meanAbs' | 'forward'
  readonly totalSteps: Step
  /** over time (absent): bands of quantiles and the map. statistics: mean with its interval, and slopes. */
  readonly view?: 'time' | 'statistics'
  /** Predicted share of seeds that are dead for one input, per arm. */
  readonly deadShare?: Readonly<Partial<Record<ArmName, number>>>
  /** Predicted log10 norm over depth from depth 1 on, per arm, where there is such a law. */
  readonly rates?: Readonly<Partial<Record<ArmName, TheoryCurve>>>
}

/** log10 entries [seedCount, layerCount] of the chosen quantity. */
export function entriesOf(sample: GradientNormSample, quantity: GradientNormPlotData['quantity']): Float64Array {
  if (quantity === 'forward') return relativeSignal(sample)
  return quantity === 'norm' ? sample.log10 : sample.meanAbsLog10
}

const signals = new WeakMap<GradientNormSample, Float64Array>()

/** log10 of |z_k| / |z_1|; NaN for seeds that were not asked, and where layer 1 is exactly zero. */
function relativeSignal(sample: GradientNormSample): Float64Array {
  let found = signals.get(sample)
  if (found === undefined) {
    const { forwardLog10, layerCount, log10 } = sample
    found = log10.map((_, at) => (forwardLog10 === undefined ? NaN : forwardLog10[at] - forwardLog10[at - (at % layerCount)]))
    signals.set(sample, found)
  }
  return found
}

/** The arm with only those samples that know the signal. */
export function signalArm(arm: GradientNormArm): GradientNormArm {
  const samples = arm.samples.filter(({ forwardLog10 }) => forwardLog10 !== undefined)
  const { current } = arm
  return { ...arm, samples, current: current === null ? null : (samples.findLast(({ step }) => step <= current.step) ?? null) }
}

const kept = new WeakMap<Float64Array, Float64Array>()

/**
 * [layerCount, 5] quantiles over seeds of log10 entries [seedCount, layerCount]; NaN where every seed is NaN.
 *
 * -Infinity (exactly zero) ranks lowest. Computed once per array.
 */
export function layerQuantiles(entries: Float64Array, seedCount: number, layerCount: number): Float64Array {
  const known = kept.get(entries)
  if (known !== undefined) return known
  const width = BAND_PROBABILITIES.length
  const result = new Float64Array(layerCount * width)
  const column = new Float64Array(seedCount)
  for (let layer = 0; layer < layerCount; layer++) {
    let alive = 0
    for (let seed = 0; seed < seedCount; seed++) {
      const value = entries[seed * layerCount + layer]
      if (!Number.isNaN(value)) column[alive++] = value
    }
    const sorted = column.subarray(0, alive).sort()
    for (let q = 0; q < width; q++) result[layer * width + q] = sortedQuantile(sorted, BAND_PROBABILITIES[q])
  }
  kept.set(entries, result)
  return result
}

/** Quantiles of a sample in the chosen quantity. */
export function sampleQuantiles(sample: GradientNormSample, quantity: GradientNormPlotData['quantity']): Float64Array {
  return layerQuantiles(entriesOf(sample, quantity), sample.seedCount, sample.layerCount)
}

/** The newest sample at or before `step`, null before the first. */
export function sampleBefore<S extends { readonly step: Step }>(samples: readonly S[], step: Step): S | null {
  const last = lastUpTo(samples.length, (index) => samples[index].step, step)
  return last < 0 ? null : samples[last]
}
