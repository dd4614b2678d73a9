// Which gradients does a set give, and how do they stand to each other? In extended range.
//
// Activations and deltas are stored with the exponents of a plan measured at the same step; sums over layers of
// different exponents are brought to the smallest one, and the host undoes it in float64.
import { dispose, zeros, type Rank, type Tensor2D, type Tensor3D } from '@tensorflow/tfjs-core'
import { DomainFault } from '../../core/faults.ts'
import type { SampleSet } from '../../core/probe.ts'
import { addGramShare, weightGradient, type LayerTensors } from './denseLayer.ts'
import { flatOrder, vectorsOf } from './layout.ts'
import { lossGradient } from './lossHead.ts'
import { backwardPass, disposeRecord, forwardPass, type ForwardRecord } from './passes.ts'
import { disposeBlock, pieces, rowsAtOnce, sampleBlock, sampleWeight, withLayers, type ProbeHost, type SampleBlock } from './probeHost.ts'
import type { RangePlan } from './rangePlan.ts'
import { readPacked } from './readback.ts'
import { sumInto } from './tensorSums.ts'

/** Forward and backward through one block of samples. */
export interface BackwardRecord {
  readonly record: ForwardRecord
  readonly deltas: readonly Tensor3D[]
}

export function gradientPasses(host: ProbeHost, layers: readonly LayerTensors[], block: SampleBlock, plan: RangePlan): BackwardRecord {
  const { spec } = host
  const last = spec.layers.length
  const record = forwardPass(spec, layers, block.inputs, plan)
  const outputGradient = lossGradient(
    spec.loss.kind,
    record.outputs,
    block.targets,
    block.rowWeights,
    plan.input[last],
    plan.delta[last - 1],
  )
  const deltas = backwardPass(spec, layers, record, outputGradient, plan)
  outputGradient.dispose()
  return { record, deltas }
}

export function disposePasses({ record, deltas }: BackwardRecord): void {
  dispose([...deltas])
  disposeRecord(record)
}

/** Exponents of the gradient tensors in flat order: W carries input and delta, b the delta alone. */
export function gradientExponents(host: ProbeHost, plan: RangePlan): number[] {
  return host.spec.layers.flatMap((layer, index) => {
    const weight = plan.input[index] + plan.delta[index]
    return layer.bias ? [weight, plan.delta[index]] : [weight]
  })
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
  for (const piece of pieces(set, rowsAtOnce(host.spec))) {
    signal?.throwIfAborted()
    const block = sampleBlock(host, [piece], [sampleWeight(host, set.indices.length)])
    const passes = gradientPasses(host, layers, block, plan)
    const part = host.spec.layers.map((layer, index) => weightGradient(layer, passes.record.inputs[index], passes.deltas[index]))
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
  const exponents = gradientExponents(host, plan).map((exponent) => 2 * exponent)
  const common = Math.min(...exponents)
  return withLayers(host, async (layers) => {
    const block = sampleBlock(host, [set], [1])
    const passes = gradientPasses(host, layers, block, plan)
    let sum = zeros<Rank.R2>([count, count])
    let next = 0
    for (const [index, layer] of host.spec.layers.entries()) {
      const weightFactor = factorOf(common - exponents[next++])
      const biasFactor = layer.bias ? factorOf(common - exponents[next++]) : 0
      const total: Tensor2D = addGramShare(layer, passes.record.inputs[index], passes.deltas[index], sum, weightFactor, biasFactor)
      sum.dispose()
      sum = total
    }
    try {
      const [stored] = await readPacked(host.opened, [sum])
      return scaledBack(stored, common)
    } finally {
      sum.dispose()
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
