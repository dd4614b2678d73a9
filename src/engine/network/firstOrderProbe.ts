// Which gradients does a set give, and how do they stand to each other? In extended range.
//
// Activations and deltas are stored with the exponents of a plan measured at the same step; sums over layers of
// different exponents are brought to the smallest one, and the host undoes it in float64.
import { dispose, tensor1d, type Tensor3D } from '@tensorflow/tfjs-core'
import { DomainFault } from '../../core/faults.ts'
import type { SampleSet, ScaledGram } from '../../core/probe.ts'
import { scaledGramOf } from '../../numerics/scaledGram.ts'
import { disposeStatistics, frozenStatistics } from './frozenStatistics.ts'
import { gradientExponents } from './gradientExponents.ts'
import { gramPass, trueGram, type StoredGram } from './gramPass.ts'
import { layerGradient } from './layerGradients.ts'
import { flatOrder, type LayerTensors } from './layerTensors.ts'
import { vectorsOf } from './layout.ts'
import { lossGradient } from './lossHead.ts'
import { backwardPass, forwardPass } from './passes.ts'
import { disposeBackward, disposeRecord, type ForwardRecord, type LayerBackward } from './passRecords.ts'
import {
  disposeBlock,
  looksAtAllRows,
  pieces,
  rowsAtOnce,
  sampleBlock,
  sampleWeight,
  withLayers,
  type ProbeHost,
  type SampleBlock,
} from './probeHost.ts'
import type { RangePlan } from './rangePlan.ts'
import { readPacked } from './readback.ts'
import { sumInto } from './tensorSums.ts'

/** Forward and backward through one block of samples. */
export interface BackwardRecord {
  readonly record: ForwardRecord
  readonly gradients: readonly LayerBackward[]
}

/** Passes of the loss; batch norms take the statistics of the rows at hand. */
export function gradientPasses(host: ProbeHost, layers: readonly LayerTensors[], block: SampleBlock, plan: RangePlan): BackwardRecord {
  const { spec } = host
  const record = forwardPass(spec, layers, block.inputs, plan, { rowCounts: block.rowCounts, frozen: null })
  return { record, gradients: backwardPass(spec, layers, record, outputGradientOf(host, record, block, plan), plan) }
}

/** dLoss/df, stored as the plan says. */
function outputGradientOf({ spec }: ProbeHost, record: ForwardRecord, block: SampleBlock, plan: RangePlan): Tensor3D {
  const last = spec.layers.length
  return lossGradient(spec.loss.kind, record.outputs, block.targets, block.rowWeights, plan.input[last], plan.delta[last - 1])
}

export function disposePasses({ record, gradients }: BackwardRecord): void {
  disposeBackward(gradients)
  disposeRecord(record)
}

/** Gradient tensors in flat order, stored as the plan says; the caller disposes. */
export function gradientTensors(
  host: ProbeHost,
  layers: readonly LayerTensors[],
  set: SampleSet,
  plan: RangePlan,
  signal?: AbortSignal,
): Tensor3D[] {
  let sum: Tensor3D[] | null = null
  const rows = looksAtAllRows(host.spec) ? set.indices.length : rowsAtOnce(host.spec)
  for (const piece of pieces(set, rows)) {
    signal?.throwIfAborted()
    const block = sampleBlock(host, [piece], [sampleWeight(host, set.indices.length)])
    const passes = gradientPasses(host, layers, block, plan)
    const part = host.spec.layers.map((_, index) => layerGradient(host.spec, index, layers, passes.record, passes.gradients))
    sum = sumInto(sum, flatOrder(part))
    disposePasses(passes)
    disposeBlock(block)
  }
  return sum!
}

/** [P] gradient of the reduced loss on the set. */
export async function gradientOn(host: ProbeHost, set: SampleSet, plan: RangePlan, signal?: AbortSignal): Promise<Float64Array> {
  return withLayers(host, async (layers) => {
    const tensors = gradientTensors(host, layers, set, plan, signal)
    try {
      const parts = await readPacked(host.opened, tensors)
      return vectorsOf(
        parts,
        1,
        gradientExponents(host, plan).map((exponent) => 2 ** -exponent),
      )[0]
    } finally {
      dispose(tensors)
    }
  })
}

/** [n, n] inner products of per-sample gradients. @throws {DomainFault} when it is larger than a buffer of the device. */
export async function perSampleGramOn(host: ProbeHost, set: SampleSet, plan: RangePlan): Promise<Float64Array> {
  return trueGram(await storedGram(host, set, plan, new Int32Array(set.indices.length)))
}

/** A stored square below this has lost digits, or all of them. */
const WEAKEST_SQUARE = 2 ** -100
/** Powers of two that lift a row's delta: those of rows that are small beside the largest, then those of even smaller ones. */
const LIFTS = [60, 110]

/**
 * The same in extended range.
 *
 * All rows share the exponents of a plan: rows whose squares are lost beside the largest are sent through again with a weight
 * of their own. Costs more passes only where such rows are; those that remain 0 are zero.
 */
export async function scaledPerSampleGramOn(host: ProbeHost, set: SampleSet, plan: RangePlan): Promise<ScaledGram> {
  const count = set.indices.length
  const lifts = new Int32Array(count)
  let gram = await storedGram(host, set, plan, lifts)
  for (const lift of LIFTS) {
    const weak = Array.from({ length: count }, (_, i) => i).filter((i) => gram.stored[i * count + i] < WEAKEST_SQUARE)
    if (weak.length === 0) break
    for (const i of weak) lifts[i] = lift
    gram = await storedGram(host, set, plan, lifts)
  }
  const { stored, exponent } = gram
  return scaledGramOf(
    stored,
    count,
    lifts.map((lift) => -lift - exponent / 2),
  )
}

/** @param lifts [n] powers of two that the gradient of each row is multiplied by. */
async function storedGram(host: ProbeHost, set: SampleSet, plan: RangePlan, lifts: Int32Array): Promise<StoredGram> {
  const count = set.indices.length
  const limit = host.opened.device.limits.maxStorageBufferBindingSize
  if (4 * count * count > limit) throw new DomainFault(`perSampleGram: ${4 * count * count} bytes, expected at most ${limit}`)
  return withLayers(host, async (layers) => {
    const block = sampleBlock(host, [set], [1])
    block.rowWeights.dispose()
    const weighted = { ...block, rowWeights: tensor1d(Float32Array.from(lifts, (lift) => 2 ** lift)) }
    const frozen = frozenStatistics(host, layers)
    const record = forwardPass(host.spec, layers, block.inputs, plan, { rowCounts: block.rowCounts, frozen })
    try {
      return await gramPass(host, layers, record, outputGradientOf(host, record, weighted, plan), plan)
    } finally {
      disposeRecord(record)
      disposeStatistics(frozen)
      disposeBlock(weighted)
    }
  })
}
