// How large is the sum of a batch's gradients, and from which size on does a larger batch only repeat itself?
//
// Measured from whole batch gradients, not from the Gram matrix of single samples: the closed form is computed from that
// matrix, and a measurement must be able to disagree (with batch norm in training mode it does).
import type { Probe, SampleSet, ScaledGram } from '../core/probe.ts'
import type { BatchSums } from '../core/sample.ts'
import type { RandomStream } from '../core/random.ts'
import type { LossSettings } from '../core/experiment.ts'
import { timesPowerOfTwo } from '../numerics/logMagnitude.ts'
import { commonGram, plainGram } from '../numerics/scaledGram.ts'
import { batchGramOf } from './extendedGram.ts'
import { hasConvolutions, type InstrumentContext } from './instrument.ts'

/** Batches of each size. */
const DRAWS = 8
/** With convolutions, where each sample costs a pass over images. */
const IMAGE_DRAWS = 3

/** Squares within 2^+-900 are plain numbers. */
const PLAIN_EXPONENT = 900

/** 1, 2, 4, .. and all of them; the ends need no draws. */
export function batchSumSizes(sampleCount: number): readonly number[] {
  const sizes: number[] = []
  for (let size = 1; size < sampleCount; size *= 2) sizes.push(size)
  return [...sizes, sampleCount]
}

/**
 * Mean of |sum_i g_i|^2 over batches drawn without replacement from a set; null where a number is not finite, or the run is waited for.
 *
 * Batches of one sample are all of them at once, and so exact as M^2; the whole set is one batch.
 *
 * @param gram of the per-sample gradients, for M^2.
 */
export async function batchSums(
  probe: Probe,
  sampleCount: number,
  gram: ScaledGram,
  reduction: LossSettings['reduction'],
  stream: RandomStream,
  context: Pick<InstrumentContext, 'breathe' | 'isAwaited' | 'signal'>,
): Promise<BatchSums | null> {
  const perSize = hasConvolutions(probe) ? IMAGE_DRAWS : DRAWS
  const sizes = batchSumSizes(sampleCount)
  const means = new Float64Array(sizes.length)
  const stderrs = new Float64Array(sizes.length)
  // All numbers in one unit, a power of two near M^2: what is drawn are ratios, and squares may leave float64.
  const common = commonGram(gram)
  const exponent = Math.abs(common.exponent) < PLAIN_EXPONENT ? 0 : common.exponent
  const plain = exponent === 0 ? plainGram(gram) : common.gram
  let meanSquare = 0
  for (let i = 0; i < sampleCount; i++) meanSquare += plain[i * sampleCount + i] / sampleCount
  for (const [k, size] of sizes.entries()) {
    if (size === 1) {
      means[k] = meanSquare
      continue
    }
    if (context.isAwaited?.() === true) return null
    const draws = size === sampleCount ? 1 : perSize
    const batches = Array.from({ length: draws }, (): SampleSet => ({
      indices: stream.permutation(sampleCount).slice(0, size),
      from: 'probe',
    }))
    // A mean over the batch is its sum over its size.
    const factor = reduction === 'mean' ? size * size : 1
    const { products, exponents } = await batchGramOf(probe, batches, context.signal)
    const squares = batches.map((_, draw) => factor * timesPowerOfTwo(products[draw * draws + draw], 2 * exponents[draw] - exponent))
    means[k] = squares.reduce((sum, square) => sum + square / draws, 0)
    const scatter = squares.reduce((sum, square) => sum + (square - means[k]) ** 2, 0)
    stderrs[k] = draws > 1 ? Math.sqrt(scatter / (draws - 1) / draws) : 0
    await context.breathe()
  }
  if (!means.every(Number.isFinite)) return null
  return { sizes: Float64Array.from(sizes), means, stderrs, draws: perSize, meanSquare, ...(exponent === 0 ? {} : { exponent }) }
}
