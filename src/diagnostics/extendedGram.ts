// Where do inner products of gradients come from that no square may fall out of?
//
// Engines that can leave the range of float64 answer scaled; of the others (tests, problems from outside) the plain matrix is
// all there is.
import type { Probe, SampleSet, ScaledGram } from '../core/probe.ts'
import { scaledGramOf } from '../numerics/scaledGram.ts'

/** Gradients of the losses of single samples, without 1/n. */
export async function perSampleGramOf(probe: Probe, set: SampleSet, signal?: AbortSignal): Promise<ScaledGram> {
  return (await probe.scaledPerSampleGram?.(set, signal)) ?? scaledGramOf(await probe.perSampleGram(set, signal), set.indices.length)
}

/** Gradients of batches, as the loss is reduced. */
export async function batchGramOf(probe: Probe, batches: readonly SampleSet[], signal?: AbortSignal): Promise<ScaledGram> {
  return (await probe.scaledBatchGram?.(batches, signal)) ?? scaledGramOf(await probe.batchGram(batches, signal), batches.length)
}
