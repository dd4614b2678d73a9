// Which gradients does a set give, and how do they stand to each other? In extended range.
//
// Activations and deltas are stored with the exponents of a plan measured at the same step; sums over layers of
// different exponents are brought to the smallest one, and the host undoes it in float64.
import { dispose, zeros, type Rank, type Tensor3D } from '@tensorflow/tfjs-core'
import { DomainFault } from '../../core/faults.ts'
import type { SampleSet } from '../../core/probe.ts'
import { isWeighted } from '../../core/networkSpec.ts'
import { disposeStatistics, frozenStatistics, type LentStatistics } from './frozenStatistics.ts'
import { addLayerGram, layerGradient } from './layerGradients.ts'
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

/** @param frozen statistics of batch norms; null: of the rows at hand. */
export function gradientPasses(
  host: ProbeHost,
  layers: readonly LayerTensors[],
  block: SampleBlock,
  plan: RangePlan,
  frozen: LentStatistics = null,
): BackwardRecord {
  const { spec } = host
  const last = spec.layers.length
  const record = forwardPass(spec, layers, block.inputs, plan, { rowCounts: block.rowCounts, frozen })
  const outputGradient = lossGradient(
    spec.loss.kind,
    record.outputs,
    block.targets,
    block.rowWeights,
    plan.input[last],
    plan.delta[last - 1],
  )
  return { record, gradients: backwardPass(spec, layers, record, outputGradient, plan) }
}

export function disposePasses({ record, gradients }: BackwardRecord): void {
  disposeBackward(gradients)
  disposeRecord(record)
}

/** Exponents of the gradient tensors in flat order: W carries input and delta, all else the delta alone. */
export function gradientExponents(host: ProbeHost, plan: RangePlan): number[] {
  return host.spec.layers.flatMap((layer, index) => {
    if (!isWeighted(layer)) return []
    const delta = plan.delta[index]
    const others = (layer.bias ? 1 : 0) + (layer.norm === undefined ? 0 : 2)
    return [plan.input[index] + delta, ...Array.from({ length: others }, () => delta)]
  })
}

/** Factors that bring twice the exponents of every layer, of W and of all else, to the smallest of them. */
export function gramFactors(
  host: ProbeHost,
  plan: RangePlan,
): { readonly common: number; readonly factors: readonly (readonly [number, number])[] } {
  const common = 2 * Math.min(...gradientExponents(host, plan))
  const factors = host.spec.layers.map((_, index): [number, number] => [
    factorOf(common - 2 * (plan.input[index] + plan.delta[index])),
    factorOf(common - 2 * plan.delta[index]),
  ])
  return { common, factors }
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
  const count = set.indices.length
  const limit = host.opened.device.limits.maxStorageBufferBindingSize
  if (4 * count * count > limit) throw new DomainFault(`perSampleGram: ${4 * count * count} bytes, expected at most ${limit}`)
  const { common, factors } = gramFactors(host, plan)
  return withLayers(host, async (layers) => {
    const block = sampleBlock(host, [set], [1])
    const frozen = frozenStatistics(host, layers)
    const passes = gradientPasses(host, layers, block, plan, frozen)
    let sum = zeros<Rank.R2>([count, count])
    for (const [index, [weightFactor, biasFactor]] of factors.entries()) {
      sum = addLayerGram(host.spec, index, layers, passes.record, passes.gradients, sum, weightFactor, biasFactor)
    }
    try {
      const [stored] = await readPacked(host.opened, [sum])
      return scaledBack(stored, common)
    } finally {
      sum.dispose()
      disposeStatistics(frozen)
      disposePasses(passes)
      disposeBlock(block)
    }
  })
}

/** 2^exponent, 0 where float32 has no such number: such a layer is negligible beside the largest. */
export function factorOf(exponent: number): number {
  return exponent < -126 ? 0 : 2 ** exponent
}

/** What float32 held with an exponent, as it truly is. */
export function scaledBack(stored: Float32Array, exponent: number): Float64Array {
  return Float64Array.from(stored, (value) => value * 2 ** -exponent)
}
