// What can a diagnostic ask of one network of the fused engine? This file only says who answers what.
//
// One measurement at a time, each on a copy of the weights that was taken when it was asked for: training goes on
// between its submits, and nothing here writes to what training reads.
import type { Probe } from '../../core/probe.ts'
import { evaluate, preactivationsOf } from './evaluationMeasures.ts'
import type { FusedProbeContext } from './fusedProbeContext.ts'
import { gradientNormsOn, gradientOn } from './gradientMeasures.ts'
import { batchGramOn, batchPairsOn, scaledBatchGramOn } from './gradientPairs.ts'
import { kernelGramOn, perSampleGramOn, scaledPerSampleGramOn } from './gramMeasures.ts'
import { hessianVectorsOn, outputHessianVectorsOn } from './hessianMeasures.ts'
import { MeasuringPasses } from './measuringPasses.ts'
import { outputJacobianOn } from './outputJacobian.ts'
import type { WorkBudget } from './workPieces.ts'

/** A probe that owns buffers of its own. */
export interface FusedProbe extends Probe {
  /** Gives back all buffers, at once or when the measurement under way has stopped, which it does before its next submit. */
  destroy(): void
}

/** The Probe of one seed; it follows training through the context. Passes are compiled when they are first needed; `budget` is for tests. */
export function createFusedProbe(context: FusedProbeContext, budget?: WorkBudget): FusedProbe {
  const passes = new MeasuringPasses(context, budget)
  let last: Promise<unknown> = Promise.resolve()

  const closing = new AbortController()
  let waiting = 0

  const inTurn = async <Result>(signal: AbortSignal | undefined, measure: (stop: AbortSignal) => Promise<Result>): Promise<Result> => {
    const stop = signal === undefined ? closing.signal : AbortSignal.any([signal, closing.signal])
    stop.throwIfAborted()
    const before = last
    const snapshot = passes.snapshot()
    waiting++
    const own = (async () => {
      try {
        await before
        stop.throwIfAborted()
        await passes.use(snapshot)
        stop.throwIfAborted()
        return await measure(stop)
      } finally {
        snapshot.destroy()
        waiting--
        if (waiting === 0 && closing.signal.aborted) passes.destroy()
      }
    })()
    // The next in turn starts whether this one failed or not.
    last = own.catch(() => undefined)
    return own
  }

  return {
    layers: context.layers,
    parameterCount: context.layout.parameterCount,
    outputCount: context.layout.outputWidth,
    precision: 'float32',
    loss: (set, signal) => inTurn(signal, (stop) => evaluate(passes, set, stop)),
    gradient: (set, signal) => inTurn(signal, (stop) => gradientOn(passes, set, stop)),
    gradientNorms: (set, signal) => inTurn(signal, (stop) => gradientNormsOn(passes, set, stop)),
    perSampleGram: (set, signal) => inTurn(signal, (stop) => perSampleGramOn(passes, set, stop)),
    scaledPerSampleGram: (set, signal) => inTurn(signal, (stop) => scaledPerSampleGramOn(passes, set, stop)),
    kernelGram: (set, signal) => inTurn(signal, (stop) => kernelGramOn(passes, set, stop)),
    batchGram: (batches, signal) => inTurn(signal, (stop) => batchGramOn(passes, batches, stop)),
    scaledBatchGram: (batches, signal) => inTurn(signal, (stop) => scaledBatchGramOn(passes, batches, stop)),
    batchPairs: (pairs, signal) => inTurn(signal, (stop) => batchPairsOn(passes, pairs, stop)),
    hessianVectors: (block, count, set, signal) => inTurn(signal, (stop) => hessianVectorsOn(passes, block, count, set, stop)),
    outputHessianVectors: (block, count, set, output, signal) =>
      inTurn(signal, (stop) => outputHessianVectorsOn(passes, block, count, set, output, stop)),
    outputJacobian: (set, signal) => inTurn(signal, (stop) => outputJacobianOn(passes, set, stop)),
    preactivations: (set) => inTurn(undefined, (stop) => preactivationsOf(passes, set, stop)),
    secondMoments: () => context.secondMoments(),
    weights: () => context.readParameters(),
    destroy() {
      if (closing.signal.aborted) return
      closing.abort()
      if (waiting === 0) passes.destroy()
    },
  }
}
