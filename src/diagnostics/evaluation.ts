// How good is the network on data it trains on, and on data it never saw?
//
// While a run is live only the first thousand of each split are asked (the sample says how many): the whole
// sets would cost more than all other instruments together. Full effort asks everything.
import type { LossSettings } from '../core/experiment.ts'
import type { Probe, SampleSet } from '../core/probe.ts'
import type { EvaluationSample } from '../core/sample.ts'
import { hasConvolutions, type Instrument, type InstrumentContext } from './instrument.ts'

/** Samples of each split that a live evaluation asks for; fewer of a network of images, where each costs a hundred times more. */
export const LIVE_EVALUATION_COUNT = 1000
const LIVE_IMAGE_COUNT = 250
/** Keeps one question below 50 ms of work on small machines. */
const CHUNK = 500

interface SplitEvaluation {
  readonly loss: number
  readonly accuracy: number | null
}

/** Loss as the experiment reduces it and accuracy on the training and test split, focus seed. */
export const measureEvaluation: Instrument = async (context: InstrumentContext): Promise<EvaluationSample> => {
  const limit = context.effort === 'full' ? Infinity : hasConvolutions(context.probes[0]) ? LIVE_IMAGE_COUNT : LIVE_EVALUATION_COUNT
  const trainCount = Math.min(context.trainCount, limit)
  const testCount = Math.min(context.testCount, limit)
  const train = await evaluate(context, 'train', trainCount)
  const test = testCount === 0 ? null : await evaluate(context, 'test', testCount)
  return {
    type: 'evaluation',
    arm: context.arm,
    step: context.step,
    trainLoss: train.loss,
    testLoss: test?.loss ?? null,
    trainAccuracy: train.accuracy,
    testAccuracy: test?.accuracy ?? null,
    trainCount,
    testCount,
  }
}

async function evaluate(context: InstrumentContext, from: 'train' | 'test', count: number): Promise<SplitEvaluation> {
  const probe: Probe = context.probes[0]
  let lossSum = 0
  let correct: number | null = 0
  for (let start = 0; start < count; start += CHUNK) {
    if (start > 0) await context.breathe()
    const size = Math.min(CHUNK, count - start)
    const set: SampleSet = { indices: Int32Array.from({ length: size }, (_, i) => start + i), from }
    const value = await probe.loss(set, context.signal)
    for (const loss of value.perSample) lossSum += loss
    correct = correct === null || value.accuracy === null ? null : correct + value.accuracy * size
  }
  return { loss: reduced(lossSum, count, context.loss), accuracy: correct === null ? null : correct / count }
}

function reduced(sum: number, count: number, loss: LossSettings): number {
  return loss.reduction === 'mean' ? sum / count : sum
}
