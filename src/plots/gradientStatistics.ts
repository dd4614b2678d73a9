// How sure are the gradient norms of a layer, and their slope over layers, when all seeds are taken together?
//
// The mean is that of the norms, not of their logarithms: it is what a paper plots as "mean of ten seeds", and fat tails pull
// it far above the median. Norms are held as log10, so the mean is taken relative to the largest seed.
import type { GradientNormSample } from '../core/sample.ts'
import type { TheoryCurve } from '../core/theoryCurve.ts'
import { meanInterval, type MeanInterval } from '../numerics/meanInterval.ts'
import { fitLine } from '../numerics/regression.ts'
import { seedSlope, type SeedSlope } from '../numerics/seedSlope.ts'
import { entriesOf, type GradientNormPlotData } from './gradientData.ts'
import { theoryLog10 } from './theoryMarks.ts'

/** log10 of mean and bounds of each layer; -Infinity where the interval reaches zero, NaN where no seed is finite. */
export interface LayerMeans {
  /** [layerCount] each. */
  readonly mean: Float64Array
  readonly lower: Float64Array
  readonly upper: Float64Array
}

const kept = new WeakMap<Float64Array, LayerMeans>()

/** Mean of the norms over seeds with its 95 % interval, layer by layer; computed once per array. */
export function layerMeans(entries: Float64Array, seedCount: number, layerCount: number): LayerMeans {
  const known = kept.get(entries)
  if (known !== undefined) return known
  const result = { mean: new Float64Array(layerCount), lower: new Float64Array(layerCount), upper: new Float64Array(layerCount) }
  for (let layer = 0; layer < layerCount; layer++) {
    const logs = Float64Array.from({ length: seedCount }, (_, seed) => entries[seed * layerCount + layer]).filter(
      (log) => !Number.isNaN(log),
    )
    const largest = logs.reduce((most, log) => Math.max(most, log), -Infinity)
    if (!Number.isFinite(largest)) {
      const all = logs.length === 0 ? NaN : largest
      result.mean[layer] = result.lower[layer] = result.upper[layer] = all
      continue
    }
    const { mean, lower, upper } = meanInterval(logs.map((log) => 10 ** (log - largest)))
    const back = (value: number) => (value > 0 ? Math.log10(value) + largest : -Infinity)
    result.mean[layer] = back(mean)
    result.lower[layer] = logs.length < 2 ? back(mean) : back(lower)
    result.upper[layer] = logs.length < 2 ? back(mean) : back(upper)
  }
  kept.set(entries, result)
  return result
}

/** Means of a sample in the chosen quantity. */
export function sampleMeans(sample: GradientNormSample, quantity: GradientNormPlotData['quantity']): LayerMeans {
  return layerMeans(entriesOf(sample, quantity), sample.seedCount, sample.layerCount)
}

/** Slope over layers of log10, measured and predicted; the prediction is null where no curve over layers is drawn. */
export interface SlopeComparison {
  readonly measured: SeedSlope
  readonly predicted: number | null
}

/** How many decades the norm changes from one layer to the next. */
export function slopeOverLayers(
  sample: GradientNormSample,
  quantity: GradientNormPlotData['quantity'],
  theory: readonly TheoryCurve[],
): SlopeComparison {
  const curve = theory.find(({ axis, x }) => axis === 'layer' && x.length > 1)
  const predicted =
    curve === undefined
      ? null
      : fitLine(
          curve.x,
          Float64Array.from(curve.x, (_, i) => theoryLog10(curve, i)),
        ).slope
  return { measured: seedSlope(entriesOf(sample, quantity), sample.seedCount, sample.layerCount), predicted }
}

/**
 * Decades per layer of depth that one network shows: (mean over layers of log10 norm - log10 at depth 1) / (L - 1), over seeds.
 *
 * Compared with the predicted rate of a curve over depth that starts at depth 1; null where there is none, or for one layer.
 */
export function rateWithDepth(
  sample: GradientNormSample,
  curve: TheoryCurve | undefined,
): { readonly measured: MeanInterval; readonly predicted: number } | null {
  const { layerCount, seedCount, log10 } = sample
  if (curve === undefined || curve.axis !== 'depth' || curve.x[0] !== 1 || curve.x.length < 2 || layerCount < 2) return null
  const last = curve.x.length - 1
  const rates = Array.from({ length: seedCount }, (_, seed) => {
    const own = log10.subarray(seed * layerCount, (seed + 1) * layerCount)
    return (own.reduce((sum, value) => sum + value, 0) / layerCount - curve.y[0]) / (layerCount - 1)
  })
  return {
    measured: meanInterval(rates.filter(Number.isFinite)),
    predicted: (curve.y[last] - curve.y[0]) / (curve.x[last] - curve.x[0]),
  }
}

/** Seeds that are dead, and seeds that have left the finite numbers. */
export function lostSeeds({ dead, globalLog10 }: GradientNormSample): { readonly dead: number; readonly diverged: number } {
  return {
    dead: dead === undefined ? 0 : dead.reduce((sum, flag) => sum + flag, 0),
    diverged: globalLog10.reduce((sum, value) => (Number.isNaN(value) || value === Infinity ? sum + 1 : sum), 0),
  }
}
