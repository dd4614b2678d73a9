// What can a diagnostic ask of one network of the fused engine? This file only says who answers what.
//
// One measurement at a time, each on a copy of the weights that was taken when it was asked for: training goes on
// between its submits, and nothing here writes to what training reads.
import type { Probe } from '../../core/probe.ts'
import { evaluate, preactivationsOf } from './evaluationMeasures.ts'
import type { FusedProbeContext } from './fusedProbeContext.ts'
import { gradientNormsOn, gradientOn } from './gradientMeasures.ts'
import { batchGramOn, batchPairsOn } from './gradientPairs.ts'
import { kernelGramOn, perSampleGramOn } from './gramMeasures.ts'
import { hessianVectorsOn, outputHessianVectorsOn } from './hessianMeasures.ts'
import { MeasuringPasses } from './measuringPasses.ts'
import { outputJacobianOn } from './outputJacobian.ts'
import type { WorkBudget } from './workPieces.ts'

/** A probe that owns buffers of its own. */
export interface FusedProbe extends Probe {
  /** Gives back all buffers; a measurement under way fails. */
  destroy(): void
}

/** The Probe of one seed; it follows training through the context. Passes are compiled when they are first needed; `budget` is for tests. */
export function createFusedProbe(context: FusedProbeContext, budget?: WorkBudget): FusedProbe {
  const passes = new MeasuringPasses(context, budget)
  let last: Promise<unknown> = Promise.resolve()

  const inTurn = async <Result>(signal: AbortSignal | undefined, measure: () => Promise<Result>): Promise<Result> => {
    signal?.throwIfAborted()
    const before = last
    const snapshot = passes.snapshot()
    const own = (async () => {
      try {
        await before
        signal?.throwIfAborted()
        await passes.use(snapshot)
        return await measure()
      } finally {
        snapshot.destroy()
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
    loss: (set, signal) => inTurn(signal, () => evaluate(passes, set, signal)),
    gradient: (set, signal) => inTurn(signal, () => gradientOn(passes, set, signal)),
    gradientNorms: (set, signal) => inTurn(signal, () => gradientNormsOn(passes, set, signal)),
    perSampleGram: (set, signal) => inTurn(signal, () => perSampleGramOn(passes, set, signal)),
    kernelGram: (set, signal) => inTurn(signal, () => kernelGramOn(passes, set, signal)),
    batchGram: (batches, signal) => inTurn(signal, () => batchGramOn(passes, batches, signal)),
    batchPairs: (pairs, signal) => inTurn(signal, () => batchPairsOn(passes, pairs, signal)),
    hessianVectors: (block, count, set, signal) => inTurn(signal, () => hessianVectorsOn(passes, block, count, set, signal)),
    outputHessianVectors: (block, count, set, output, signal) =>
      inTurn(signal, () => outputHessianVectorsOn(passes, block, count, set, output, signal)),
    outputJacobian: (set, signal) => inTurn(signal, () => outputJacobianOn(passes, set, signal)),
    preactivations: (set) => inTurn(undefined, () => preactivationsOf(passes, set)),
    secondMoments: () => context.secondMoments(),
    weights: () => context.readParameters(),
    destroy: () => passes.destroy(),
  }
}
