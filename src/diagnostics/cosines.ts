// Do mini-batches, and single samples, pull the weights together or apart?
//
// Two pictures on purpose: independent pairs of mini-batches from the whole training set (what SGD feels) and all pairs of
// per-sample gradients on the probe set (what the theory bounds). Their minima are not comparable: one has 100 pairs, the
// other thousands.
import type { ScaledGram } from '../core/probe.ts'
import type { BatchSums, CosineSample, UnavailableSample } from '../core/sample.ts'
import { log10OfScaled, scaledToNumber, type ScaledNumber } from '../numerics/logMagnitude.ts'
import { commonGram } from '../numerics/scaledGram.ts'
import { namedStream } from '../numerics/streams.ts'
import { batchSizeBound } from './batchSizeBound.ts'
import { batchSums } from './batchSums.ts'
import { drawBatchPairs, type BatchPairs } from './batchPairDraw.ts'
import { cosineStatistics } from './cosineStatistics.ts'
import { normalisedConfusion, scaledAverageConfusion, scaledConfusion } from './gradientConfusion.ts'
import { cosinesOfGram, cosinesOfPairs } from './gradientCosines.ts'
import { batchGramOf, perSampleGramOf } from './extendedGram.ts'
import { gradientDiversity } from './gradientDiversity.ts'
import { scaledVariance } from './gradientVariance.ts'
import { pairAngles } from './pairAngles.ts'
import { hasConvolutions, probeSamples, probeSetSize, unavailable, type Instrument, type InstrumentContext } from './instrument.ts'

/** Fewest pairs of an answer that was cut short: enough for a mean and a spread, if not for a shape. */
export const FEWEST_PAIRS = 20
/** Pairs asked for at once: between two questions the run may answer its page. */
const PAIRS_PER_QUESTION = 5
/** Both of a network of images, where 20 pairs of 128 take half a minute on a CPU: the card says how many were drawn. */
const FEWEST_IMAGE_PAIRS = 4
const IMAGE_PAIRS_PER_QUESTION = 1

/** Cosines of pairs of mini-batches and of samples, confusion, diversity and the batch-size bound of the focus seed. */
export const measureCosines: Instrument = async (context: InstrumentContext): Promise<CosineSample | UnavailableSample> => {
  const { settings, trainCount } = context
  const sampleCount = probeSetSize(context)
  if (trainCount < 2 || sampleCount < 2) return unavailable(context, 'cosines', 'oneSample')
  const probe = context.probes[0]
  const gram = await perSampleGramOf(probe, probeSamples(sampleCount), context.signal)
  const { pairs, batchSize } = drawBatchPairs(context.seed, context.step, trainCount, settings.pairCount, settings.pairBatch)
  const products = await productsOf(pairs, context)
  if (!gram.products.every(Number.isFinite) || !products.every(Number.isFinite)) return unavailable(context, 'cosines', 'nonFinite')
  const pairStatistics = cosineStatistics(cosinesOfPairs(products))
  const perSample = cosineStatistics(cosinesOfGram(gram.products, sampleCount))
  if (pairStatistics.min === null && perSample.min === null) return unavailable(context, 'cosines', await whyZero(context, sampleCount))
  const diversity = gradientDiversity(commonGram(gram).gram, sampleCount)
  const eta = scaledConfusion(gram)
  const etaAverage = scaledAverageConfusion(gram)
  const variance = scaledVariance(gram)
  const sums = await batchSumsOf(context, sampleCount, gram)
  const batches = await allBatchPairs(pairs, context)
  const angles = await pairAngles(context, gram.products, sampleCount)
  return {
    type: 'cosines',
    arm: context.arm,
    step: context.step,
    pairs: pairStatistics,
    pairBatch: batchSize,
    perSample,
    ...(batches === null ? {} : { batches }),
    sampleCount,
    eta: plain(eta),
    etaNormalised: normalisedConfusion(gram.products, sampleCount),
    etaAverage: plain(etaAverage),
    diversity: Number.isNaN(diversity) ? null : diversity,
    batchSizeBound: Number.isNaN(diversity) ? null : batchSizeBound(diversity, sampleCount),
    gradientVariance: plain(variance),
    log10: { eta: log10Of(eta), etaAverage: log10Of(etaAverage), gradientVariance: log10Of(variance) },
    parameterCount: probe.parameterCount,
    ...(sums === null ? {} : { batchSums: sums }),
    ...(angles === null ? {} : { pairAngles: angles }),
  }
}

/** Batches of which every pair is taken: 66 pairs, for a sixteenth of what the independent ones cost; fewer of a network of images. */
const ALL_PAIRS_OF = 12
const ALL_IMAGE_PAIRS_OF = 4

/** All pairs of the first batches of the pairs, which are independent; null where the run is waited for. */
async function allBatchPairs(pairs: BatchPairs['pairs'], context: InstrumentContext): Promise<CosineSample['batches'] | null> {
  await context.breathe()
  if (context.isAwaited?.() === true) return null
  const [probe] = context.probes
  const batches = pairs.slice(0, hasConvolutions(probe) ? ALL_IMAGE_PAIRS_OF : ALL_PAIRS_OF).map(([first]) => first)
  const { products } = await batchGramOf(probe, batches, context.signal)
  if (batches.length < 2 || !products.every(Number.isFinite)) return null
  return { ...cosineStatistics(cosinesOfGram(products, batches.length)), count: batches.length }
}

/** 0 or Infinity where float64 ends; the logarithm knows more. */
function plain(value: ScaledNumber | null): number | null {
  return value === null ? null : scaledToNumber(value)
}

function log10Of(value: ScaledNumber | null): number | null {
  return value === null ? null : log10OfScaled(value)
}

/** Every gradient is zero to the engine: by its own word, or because it has no number for one so small. */
async function whyZero({ probes, signal }: InstrumentContext, sampleCount: number): Promise<'zeroGradient' | 'underflow'> {
  const { underflow } = await probes[0].gradientNorms(probeSamples(sampleCount), signal)
  return underflow.some((flag) => flag !== 0) ? 'underflow' : 'zeroGradient'
}

async function batchSumsOf(context: InstrumentContext, sampleCount: number, gram: ScaledGram): Promise<BatchSums | null> {
  const { seed, step, loss } = context
  const stream = namedStream(seed, `cosines/batch sums/step ${step}`)
  return await batchSums(context.probes[0], sampleCount, gram, loss.reduction, stream, context)
}

/** [p, 3] of all pairs, or of the first ones where the run is waited for. The draw is the same: more pairs only add to it. */
async function productsOf(pairs: BatchPairs['pairs'], context: InstrumentContext): Promise<Float64Array> {
  const [probe] = context.probes
  const [fewest, perQuestion] = hasConvolutions(probe) ? [FEWEST_IMAGE_PAIRS, IMAGE_PAIRS_PER_QUESTION] : [FEWEST_PAIRS, PAIRS_PER_QUESTION]
  const products = new Float64Array(3 * pairs.length)
  let done = 0
  while (done < pairs.length) {
    await context.breathe()
    if (done >= fewest && context.isAwaited?.() === true) break
    products.set(await probe.batchPairs(pairs.slice(done, done + perQuestion), context.signal), 3 * done)
    done = Math.min(pairs.length, done + perQuestion)
    context.progress(done, pairs.length, 'Gradient cosines')
  }
  return products.slice(0, 3 * done)
}
