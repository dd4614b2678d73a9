// What do the signals of many seeds say together, layer by layer: how far are they apart, and how heavy is their tail?
import type { ArmName } from '../core/experiment.ts'
import type { GradientNormSample } from '../core/sample.ts'
import type { ChartPoint } from './predictionData.ts'

/** Seeds whose signal was measured. */
export function signalSeeds({ forwardLog10, layerCount, seedCount }: GradientNormSample): number {
  if (forwardLog10 === undefined) return 0
  let seeds = 0
  for (let seed = 0; seed < seedCount; seed++) if (!Number.isNaN(forwardLog10[seed * layerCount])) seeds++
  return seeds
}

/**
 * One point behind each layer. spread: standard deviation of log10|h| over the living seeds, with twice its standard error.
 * tail: mean |h|^4 over the square of the mean |h|^2, over all seeds; at most their number.
 */
export function signalPoints(arm: ArmName, sample: GradientNormSample, quantity: 'spread' | 'tail'): readonly ChartPoint[] {
  const { forwardLog10, layerCount, seedCount } = sample
  if (forwardLog10 === undefined) return []
  return Array.from({ length: layerCount }, (_, layer) => {
    const logs = Array.from({ length: seedCount }, (_, seed) => forwardLog10[seed * layerCount + layer]).filter((log) => !Number.isNaN(log))
    return { arm, x: layer + 1, ...(quantity === 'spread' ? spreadOf(logs.filter(Number.isFinite)) : { y: tailOf(logs) }) }
  })
}

function spreadOf(logs: readonly number[]): Pick<ChartPoint, 'y' | 'low' | 'high'> {
  const n = logs.length
  if (n < 2) return { y: NaN }
  const mean = logs.reduce((sum, log) => sum + log, 0) / n
  const y = Math.sqrt(logs.reduce((sum, log) => sum + (log - mean) ** 2, 0) / (n - 1))
  const bar = (2 * y) / Math.sqrt(2 * (n - 1))
  return { y, low: y - bar, high: y + bar }
}

/** Relative to the largest, so that any size fits. */
function tailOf(logs: readonly number[]): number {
  const top = logs.reduce((most, log) => Math.max(most, log), -Infinity)
  if (!Number.isFinite(top)) return NaN
  let [second, fourth] = [0, 0]
  for (const log of logs) {
    const square = 10 ** (2 * (log - top))
    second += square
    fourth += square * square
  }
  return (fourth * logs.length) / (second * second)
}
