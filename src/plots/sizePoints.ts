// Which one number of a measurement over many layers, seeds or steps stands at the depth of its network?
import type { ArmName } from '../core/experiment.ts'
import type { GradientNormSample, HessianSample } from '../core/sample.ts'
import { quantiles } from '../numerics/quantiles.ts'
import type { ChartPoint } from './predictionData.ts'

/** Median norm over layers and seeds, with quartiles where there are seeds. */
export function normPoint(arm: ArmName, { log10, seedCount }: GradientNormSample, depth: number): ChartPoint {
  const known = log10.filter((value) => !Number.isNaN(value))
  const [low, middle, high] = known.length === 0 ? [NaN, NaN, NaN] : quantiles(known, [0.25, 0.5, 0.75])
  return { arm, x: depth, y: 10 ** middle, ...(seedCount > 1 ? { low: 10 ** low, high: 10 ** high } : {}) }
}

/** Median size of a block between two layers: of single entries where layers are single weights, of Frobenius norms elsewhere. */
export function offDiagonalMedian({ blockFrobenius, layerCount }: HessianSample): number {
  return medianOf((row, column) => row !== column, blockFrobenius!, layerCount)
}

/** The same within a layer. */
export function diagonalMedian({ blockFrobenius, layerCount }: HessianSample): number {
  return medianOf((row, column) => row === column, blockFrobenius!, layerCount)
}

function medianOf(isMeant: (row: number, column: number) => boolean, blocks: Float64Array, layerCount: number): number {
  const own = blocks.filter((value, at) => isMeant(Math.floor(at / layerCount), at % layerCount) && Number.isFinite(value))
  return own.length === 0 ? NaN : quantiles(own, [0.5])[0]
}

/**
 * First step at which the loss of a seed is below the level, the median over seeds; null while half of them have not come there.
 *
 * @param values [count, seedCount].
 */
export function medianFirstBelow(
  { steps, values, count, seedCount }: { steps: ArrayLike<number>; values: ArrayLike<number>; count: number; seedCount: number },
  level: number,
): number | null {
  const first = Array.from({ length: seedCount }, (_, seed) => {
    for (let row = 0; row < count; row++) if (values[row * seedCount + seed] < level) return steps[row]
    return Infinity
  })
  const [median] = quantiles(first, [0.5])
  return Number.isFinite(median) ? median : null
}
