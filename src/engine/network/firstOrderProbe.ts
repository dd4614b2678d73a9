// Which gradients does a set give, and how do they stand to each other? In extended range.
//
// Activations and deltas are stored with the exponents of a plan measured at the same step; sums over layers of
// different exponents are brought to the smallest one, and the host undoes it in float64.
import { dispose, tensor1d, type Tensor3D } from '@tensorflow/tfjs-core'
import { DomainFault } from '../../core/faults.ts'
import type { SampleSet, ScaledGram } from '../../core/probe.ts'
import { binaryExponent } from '../../numerics/logMagnitude.ts'
import { scaledGramOf } from '../../numerics/scaledGram.ts'
import { multiplicationsPerRow } from '../../core/stepWork.ts'
import { disposeStatistics, frozenStatistics } from './frozenStatistics.ts'
import { gradientExponents } from './gradientExponents.ts'
import { gramPass, trueGram, type StoredGram } from './gramPass.ts'
import { layerGradient } from './layerGradients.ts'
import { flatOrder, type LayerTensors } from './layerTensors.ts'
import { vectorsOf } from './layout.ts'
import { lossGradient } from './lossHead.ts'
import { Pace } from './pace.ts'
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

/** Forward, backward and gradient: about as many multiplications each. */
const PASSES = 3

/** Gradient tensors in flat order, stored as the plan says; the caller disposes. @throws the signal's reason, and leaves nothing. */
export async function gradientTensors(
  host: ProbeHost,
  layers: readonly LayerTensors[],
  set: SampleSet,
  plan: RangePlan,
  signal?: AbortSignal,
): Promise<Tensor3D[]> {
  let sum: Tensor3D[] | null = null
  const rows = looksAtAllRows(host.spec) ? set.indices.length : rowsAtOnce(host.spec)
  const pace = new Pace(host.opened, signal)
  signal?.throwIfAborted()
  for (const piece of pieces(set, rows)) {
    const block = sampleBlock(host, [piece], [sampleWeight(host, set.indices.length)])
    const passes = gradientPasses(host, layers, block, plan)
    const part = host.spec.layers.map((_, index) => layerGradient(host.spec, index, layers, passes.record, passes.gradients))
    sum = sumInto(sum, flatOrder(part))
    disposePasses(passes)
    disposeBlock(block)
    try {
      await pace.after(PASSES * piece.indices.length * multiplicationsPerRow(host.spec))
    } catch (error) {
      dispose(sum)
      throw error
    }
  }
  return sum!
}

/** [P] gradient of the reduced loss on the set. */
export async function gradientOn(host: ProbeHost, set: SampleSet, plan: RangePlan, signal?: AbortSignal): Promise<Float64Array> {
  return withLayers(host, async (layers) => {
    const tensors = await gradientTensors(host, layers, set, plan, signal)
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
export async function perSampleGramOn(host: ProbeHost, set: SampleSet, plan: RangePlan, signal?: AbortSignal): Promise<Float64Array> {
  return trueGram(await storedGram(host, set, plan, new Int32Array(set.indices.length), signal))
}

/** A stored square below this has lost digits, or all of them. */
const WEAKEST_SQUARE = 2 ** -100

/**
 * The same in extended range.
 *
 * All rows share the exponents of a plan. Where a row's square is lost beside the largest (a sample that is nearly learned), all
 * are sent through again with weights that bring their deltas to one size; a row that is 0 then is zero.
 */
export async function scaledPerSampleGramOn(host: ProbeHost, set: SampleSet, plan: RangePlan, signal?: AbortSignal): Promise<ScaledGram> {
  const count = set.indices.length
  let lifts = new Int32Array(count)
  let gram = await storedGram(host, set, plan, lifts, signal)
  if (gram.stored.some((entry, at) => at % (count + 1) === 0 && entry < WEAKEST_SQUARE)) {
    lifts = await deltaLifts(host, set, plan)
    gram = await storedGram(host, set, plan, lifts, signal)
  }
  const { stored, exponent } = gram
  return scaledGramOf(
    stored,
    count,
    lifts.map((lift) => -lift - exponent / 2),
  )
}

/** [n] powers of two that make the largest entry of each row's dLoss/df as large as that of the largest row; 0 for rows of zeros. */
async function deltaLifts(host: ProbeHost, set: SampleSet, plan: RangePlan): Promise<Int32Array<ArrayBuffer>> {
  return withLossRecord(host, set, plan, new Int32Array(set.indices.length), async (_layers, _record, delta) => {
    try {
      const [stored] = await readPacked(host.opened, [delta])
      const width = stored.length / set.indices.length
      const exponents = Array.from(set.indices, (_, row) =>
        binaryExponent(stored.subarray(row * width, (row + 1) * width).reduce((most, entry) => Math.max(most, Math.abs(entry)), 0)),
      )
      const largest = Math.max(...exponents)
      return Int32Array.from(exponents, (exponent) => (Number.isFinite(exponent) ? Math.min(LARGEST_LIFT, largest - exponent) : 0))
    } finally {
      delta.dispose()
    }
  })
}

/** Of a weight that float32 holds. */
const LARGEST_LIFT = 126

/** @param lifts [n] powers of two that the gradient of each row is multiplied by. */
async function storedGram(
  host: ProbeHost,
  set: SampleSet,
  plan: RangePlan,
  lifts: Int32Array,
  signal: AbortSignal | undefined,
): Promise<StoredGram> {
  const count = set.indices.length
  const limit = host.opened.device.limits.maxStorageBufferBindingSize
  if (4 * count * count > limit) throw new DomainFault(`perSampleGram: ${4 * count * count} bytes, expected at most ${limit}`)
  return withLossRecord(host, set, plan, lifts, (layers, record, delta) => gramPass(host, layers, record, delta, plan, signal))
}

/** Lends a forward pass with the statistics of the probe set, and dLoss/df of single rows times powers of two, which is used up. */
async function withLossRecord<Result>(
  host: ProbeHost,
  set: SampleSet,
  plan: RangePlan,
  lifts: Int32Array,
  work: (layers: readonly LayerTensors[], record: ForwardRecord, delta: Tensor3D) => Promise<Result>,
): Promise<Result> {
  return withLayers(host, async (layers) => {
    const block = sampleBlock(host, [set], [1])
    block.rowWeights.dispose()
    const weighted = { ...block, rowWeights: tensor1d(Float32Array.from(lifts, (lift) => 2 ** lift)) }
    const frozen = frozenStatistics(host, layers)
    const record = forwardPass(host.spec, layers, block.inputs, plan, { rowCounts: block.rowCounts, frozen })
    try {
      return await work(layers, record, outputGradientOf(host, record, weighted, plan))
    } finally {
      disposeRecord(record)
      disposeStatistics(frozen)
      disposeBlock(weighted)
    }
  })
}
