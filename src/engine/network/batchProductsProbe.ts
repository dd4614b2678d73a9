// How do the gradients of many mini-batches stand to each other, without ever holding k x P numbers?
//
// Batches are lanes of one pass; their gradients exist for one layer at a time, which adds its products to all pairs.
import { dispose, tensor1d, zeros, type Tensor, type Tensor1D } from '@tensorflow/tfjs-core'
import type { SampleSet } from '../../core/probe.ts'
import { disposePasses, gradientPasses } from './firstOrderProbe.ts'
import { factorOf, gradientExponents, scaledBack } from './gradientExponents.ts'
import { runKernel, workgroupReduce, type Kernel } from './kernel.ts'
import { layerGradient } from './layerGradients.ts'
import { flatOrder } from './layerTensors.ts'
import { disposeBlock, lanesAtOnce, sampleBlock, sampleWeight, withLayers, type ProbeHost } from './probeHost.ts'
import type { RangePlan } from './rangePlan.ts'
import { readPacked } from './readback.ts'

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

/** Products of gradients beyond 1e-145 .. 1e145 would leave float64: all three numbers of a pair then share a power of two. */
const LARGEST_PAIR_EXPONENT = 960

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
    products.set(await laneDots(host, taken.flat(), wanted, plan, LARGEST_PAIR_EXPONENT), start * 3)
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

/**
 * Inner products of the gradients of the given pairs of lanes.
 *
 * @param largestExponent powers of two beyond it (either way) are left out of all answers alike.
 */
async function laneDots(
  host: ProbeHost,
  sets: readonly SampleSet[],
  pairs: readonly (readonly [number, number])[],
  plan: RangePlan,
  largestExponent = Number.POSITIVE_INFINITY,
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
    for (const index of host.spec.layers.keys()) {
      if (host.spec.fixedOutput === true && index === host.spec.layers.length - 1) break
      for (const part of flatOrder([layerGradient(host.spec, index, layers, passes.record, passes.gradients)])) {
        const uniforms = { laneSize: part.size / sets.length, factor: factorOf(common - exponents[next++]) }
        const total = runKernel(LANE_DOTS, [sum, part, pairIndices], [pairs.length], uniforms) as Tensor1D
        dispose([sum, part])
        sum = total
      }
    }
    try {
      const [stored] = await readPacked(host.opened, [sum])
      return scaledBack(stored, Math.max(-largestExponent, Math.min(common, largestExponent)))
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

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index)
}
