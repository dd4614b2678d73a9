// Which gradients does a set give, and how do they stand to each other? In extended range.
//
// Activations and deltas are stored with the exponents of a plan measured at the same step; sums over layers of
// different exponents are brought to the smallest one, and the host undoes it in float64. Batch gradients live layer by
// layer: k x P numbers never exist.
import { dispose, tensor1d, zeros, type Rank, type Tensor, type Tensor1D, type Tensor2D, type Tensor3D } from '@tensorflow/tfjs-core'
import { DomainFault } from '../../core/faults.ts'
import type { SampleSet } from '../../core/probe.ts'
import { addGramShare, weightGradient, type LayerTensors } from './denseLayer.ts'
import { runKernel, workgroupReduce, type Kernel } from './kernel.ts'
import { flatOrder, vectorsOf } from './layout.ts'
import { lossGradient } from './lossHead.ts'
import { backwardPass, disposeRecord, forwardPass, type ForwardRecord } from './passes.ts'
import {
  disposeBlock,
  lanesAtOnce,
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
function gradientExponents(host: ProbeHost, plan: RangePlan): number[] {
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

/** [k, k] inner products of the gradients of k batches. */
export async function batchGramOn(
  host: ProbeHost,
  batches: readonly SampleSet[],
  plan: RangePlan,
  signal?: AbortSignal,
): Promise<Float64Array> {
  const count = batches.length
  const gram = new Float64Array(count * count)
  const half = Math.max(1, Math.floor(batchLanes(host, batches) / 2))
  // Blocks of batches in pairs, so that two blocks of lanes are all that is held at a time.
  for (let first = 0; first < count; first += half) {
    for (let second = first; second < count; second += half) {
      signal?.throwIfAborted()
      const rows = range(first, Math.min(count, first + half))
      const columns = range(second, Math.min(count, second + half))
      const lanes = first === second ? rows : [...rows, ...columns]
      const pairs: (readonly [number, number])[] = []
      for (const i of rows) for (const j of columns) if (i <= j) pairs.push([i, j])
      const at = new Map(lanes.map((batch, lane) => [batch, lane]))
      const dots = await laneDots(
        host,
        lanes.map((batch) => batches[batch]),
        pairs.map(([i, j]) => [at.get(i)!, at.get(j)!]),
        plan,
      )
      for (const [index, [i, j]] of pairs.entries()) {
        gram[i * count + j] = dots[index]
        gram[j * count + i] = dots[index]
      }
    }
  }
  return gram
}

/** [p, 3]: <a,b>, |a|^2, |b|^2 of the gradients of p pairs of batches. */
export async function batchPairsOn(
  host: ProbeHost,
  pairs: readonly (readonly [SampleSet, SampleSet])[],
  plan: RangePlan,
  signal?: AbortSignal,
): Promise<Float64Array> {
  const products = new Float64Array(pairs.length * 3)
  const atOnce = Math.max(1, Math.floor(batchLanes(host, pairs.flat()) / 2))
  for (let start = 0; start < pairs.length; start += atOnce) {
    signal?.throwIfAborted()
    const taken = pairs.slice(start, start + atOnce)
    const wanted = taken.flatMap((_, pair): [number, number][] => [
      [2 * pair, 2 * pair + 1],
      [2 * pair, 2 * pair],
      [2 * pair + 1, 2 * pair + 1],
    ])
    products.set(await laneDots(host, taken.flat(), wanted, plan), start * 3)
  }
  return products
}

const LANE_DOTS: Kernel<'laneSize' | 'factor'> = {
  name: 'laneDots',
  shape: 'reduction',
  inputs: ['C', 'G', 'P'],
  uniforms: { laneSize: 'i32', factor: 'f32' },
  declarations: workgroupReduce('total', (a, b) => `${a} + ${b}`),
  body: `
    var mine = 0.0;
    if (entry < uniforms.size) {
      let a = P[2 * entry] * uniforms.laneSize;
      let b = P[2 * entry + 1] * uniforms.laneSize;
      for (var i = i32(localId.x); i < uniforms.laneSize; i = i + 64) { mine = mine + G[a + i] * G[b + i]; }
    }
    let sum = total(mine);
    if (localId.x == 0u && entry < uniforms.size) { result[entry] = C[entry] + uniforms.factor * sum; }`,
}

/** Inner products of the gradients of the given pairs of lanes. */
async function laneDots(
  host: ProbeHost,
  sets: readonly SampleSet[],
  pairs: readonly (readonly [number, number])[],
  plan: RangePlan,
): Promise<Float64Array> {
  const exponents = gradientExponents(host, plan).map((exponent) => 2 * exponent)
  const common = Math.min(...exponents)
  return withLayers(host, async (layers) => {
    const block = sampleBlock(
      host,
      sets,
      sets.map((set) => sampleWeight(host, set.indices.length)),
    )
    const passes = gradientPasses(host, layers, block, plan)
    const pairIndices = tensor1d(Int32Array.from(pairs.flat()), 'int32')
    let sum: Tensor = zeros([pairs.length])
    let next = 0
    for (const [index, layer] of host.spec.layers.entries()) {
      for (const part of flatOrder([weightGradient(layer, passes.record.inputs[index], passes.deltas[index])])) {
        const uniforms = { laneSize: part.size / sets.length, factor: factorOf(common - exponents[next++]) }
        const total = runKernel(LANE_DOTS, [sum, part, pairIndices], [pairs.length], uniforms) as Tensor1D
        dispose([sum, part])
        sum = total
      }
    }
    try {
      const [stored] = await readPacked(host.opened, [sum])
      return scaledBack(stored, common)
    } finally {
      dispose([sum, pairIndices])
      disposePasses(passes)
      disposeBlock(block)
    }
  })
}

/** Lanes of the largest batch that fit, each with its gradient of one layer at a time. */
function batchLanes(host: ProbeHost, sets: readonly SampleSet[]): number {
  return lanesAtOnce(host.spec, Math.max(...sets.map(({ indices }) => indices.length)), 1)
}

/** 2^exponent, 0 where float32 has no such number: such a layer is negligible beside the largest. */
function factorOf(exponent: number): number {
  return exponent < -126 ? 0 : 2 ** exponent
}

function scaledBack(stored: Float32Array, exponent: number): Float64Array {
  return Float64Array.from(stored, (value) => value * 2 ** -exponent)
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index)
}
