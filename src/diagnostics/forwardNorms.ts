// How large is the signal itself, layer by layer, before any gradient is taken?
//
// A few samples and a few seeds are enough: ratios between layers are compared with theory, not sizes with each other. Where an
// answer crosses from a GPU it is asked on demand only, since it holds every preactivation of the network.
import type { Probe } from '../core/probe.ts'
import { probeSamples } from './instrument.ts'

const MOST_SAMPLES = 8
/** Preactivations in one answer. */
const MOST_NUMBERS = 400_000

const affordable = new WeakMap<Probe, number>()

/**
 * [L] log10 of the root mean square over samples of |z|, z all preactivations of a layer; -Infinity where float32 lost them.
 *
 * @param available samples in the probe set.
 */
export async function forwardLog10(probe: Probe, available: number): Promise<Float64Array> {
  const first = affordable.get(probe) ?? 1
  let count = Math.min(available, first)
  let answer = await probe.preactivations(probeSamples(count))
  if (!affordable.has(probe)) {
    const perSample = answer.reduce((sum, layer) => sum + layer.length, 0)
    affordable.set(probe, Math.max(1, Math.min(MOST_SAMPLES, Math.floor(MOST_NUMBERS / Math.max(1, perSample)))))
    if (Math.min(available, affordable.get(probe)!) > count) {
      count = Math.min(available, affordable.get(probe)!)
      answer = await probe.preactivations(probeSamples(count))
    }
  }
  return Float64Array.from(answer, (layer) => logNorm(layer) - Math.log10(count) / 2)
}

/** log10 of the Euclidean norm; the squares of float32 numbers never leave float64. */
function logNorm(values: Float32Array): number {
  let sum = 0
  for (const value of values) sum += value * value
  return Math.log10(sum) / 2
}
