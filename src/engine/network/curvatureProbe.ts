// What is the Hessian times a block of vectors? One R-operator pass with a lane per vector.
//
// Vectors are brought to size 1 by a power of two on the way in and back on the way out: products are linear, and
// float32 should not care how a caller normalises. The Hessian itself is plain float32: where gradients leave its
// range, so do these products.
import { dispose, zeros, type Rank, type Tensor3D } from '@tensorflow/tfjs-core'
import { DomainFault, ShapeFault } from '../../core/faults.ts'
import { parameterCount } from '../../core/networkSpec.ts'
import type { OutputIndex, SampleSet } from '../../core/probe.ts'
import { multiplicationsPerRow } from '../../core/stepWork.ts'
import { disposeStatistics, frozenStatistics, type LentStatistics } from './frozenStatistics.ts'
import { layerGradientTangent } from './layerGradients.ts'
import { flatOrder, type LayerTensors } from './layerTensors.ts'
import { tensorsOf, vectorsOf } from './layout.ts'
import { lossGradient, lossGradientTangent } from './lossHead.ts'
import { Pace } from './pace.ts'
import { backwardPass, backwardTangentPass, forwardPass, tangentPass } from './passes.ts'
import { disposeBackward, disposeMoved, disposeRecord, disposeTangents } from './passRecords.ts'
import {
  disposeBlock,
  lanesAtOnce,
  looksAtAllRows,
  pieces,
  rowsAtOnce,
  sampleBlock,
  sampleWeight,
  withLayers,
  type ProbeHost,
} from './probeHost.ts'
import type { SampleBlock } from './probeHost.ts'
import { plainRange } from './rangePlan.ts'
import { readPacked } from './readback.ts'
import { outputSeeds } from './tangentKernelProbe.ts'
import { sumInto } from './tensorSums.ts'

/** Products of the R-operator's passes over all layers: there, back and the gradient, along a direction. */
const PASSES = 6

/** [count, P] products with the Hessian of the reduced loss on the set. */
export async function lossHessianVectors(
  host: ProbeHost,
  block: Float64Array,
  count: number,
  set: SampleSet,
  signal?: AbortSignal,
): Promise<Float64Array> {
  const { spec } = host
  const rows = looksAtAllRows(spec) ? set.indices.length : Math.min(rowsAtOnce(spec), set.indices.length)
  const weight = sampleWeight(host, set.indices.length)
  const pace = new Pace(host.opened, signal)
  const work = PASSES * multiplicationsPerRow(spec)
  return inLanes(host, block, count, rows, signal, async (layers, direction, lanes) => {
    let sum: Tensor3D[] | null = null
    for (const piece of pieces(set, rows)) {
      const samples = sampleBlock(host, [piece], [weight])
      sum = sumInto(sum, productsOf(host, layers, direction, samples, null, null))
      disposeBlock(samples)
      try {
        await pace.after(lanes * piece.indices.length * work)
      } catch (error) {
        dispose(sum)
        throw error
      }
    }
    return sum!
  })
}

/**
 * [count, P] products with the Hessian of one output of one sample.
 *
 * @throws {DomainFault} when sample or output is not there.
 */
export async function outputHessianVectors(
  host: ProbeHost,
  block: Float64Array,
  count: number,
  set: SampleSet,
  output: OutputIndex,
  signal?: AbortSignal,
): Promise<Float64Array> {
  const outputCount = host.dataset.outputWidth
  if (!(output.sample in set.indices)) throw new DomainFault(`outputHessianVectors: sample ${output.sample} of ${set.indices.length}`)
  if (output.output < 0 || output.output >= outputCount)
    throw new DomainFault(`outputHessianVectors: output ${output.output} of ${outputCount}`)
  const one = { from: set.from, indices: set.indices.subarray(output.sample, output.sample + 1) }
  return inLanes(host, block, count, 1, signal, async (layers, direction) => {
    const samples = sampleBlock(host, [one], [1])
    const frozen = frozenStatistics(host, layers)
    const products = productsOf(host, layers, direction, samples, output.output, frozen)
    disposeStatistics(frozen)
    disposeBlock(samples)
    return products
  })
}

/** Flat-order products for the directions; of the loss, or of one output where `output` is not null. */
function productsOf(
  host: ProbeHost,
  layers: readonly LayerTensors[],
  direction: readonly LayerTensors[],
  samples: SampleBlock,
  output: number | null,
  frozen: LentStatistics,
): Tensor3D[] {
  const { spec } = host
  const plan = plainRange(spec.layers.length)
  const record = forwardPass(spec, layers, samples.inputs, plan, { rowCounts: samples.rowCounts, frozen })
  const { kind } = spec.loss
  const outputGradient =
    output === null
      ? lossGradient(kind, record.outputs, samples.targets, samples.rowWeights)
      : outputSeeds(1, record.outputs.shape[2], output)
  const gradients = backwardPass(spec, layers, record, outputGradient, plan)
  const tangents = tangentPass(spec, layers, direction, record)
  const outputGradientTangent =
    output === null
      ? lossGradientTangent(kind, record.outputs, samples.targets, samples.rowWeights, tangents.outputs)
      : zeros<Rank.R3>(tangents.outputs.shape)
  const moved = backwardTangentPass(spec, layers, direction, record, tangents, gradients, outputGradientTangent)
  const products = spec.layers.map((_, index) => layerGradientTangent(spec, index, layers, record, tangents, gradients, moved))
  outputGradientTangent.dispose()
  disposeMoved(moved)
  disposeBackward(gradients)
  disposeTangents(tangents)
  disposeRecord(record)
  return flatOrder(products)
}

/** Cuts the block into lanes that fit, scales each vector, and puts the answers together. */
async function inLanes(
  host: ProbeHost,
  block: Float64Array,
  count: number,
  rows: number,
  signal: AbortSignal | undefined,
  compute: (layers: readonly LayerTensors[], direction: readonly LayerTensors[], lanes: number) => Promise<Tensor3D[]>,
): Promise<Float64Array> {
  const size = parameterCount(host.spec)
  if (block.length !== count * size) {
    throw new ShapeFault(`hessianVectors: block holds ${block.length} entries, expected count * P = ${count * size}`)
  }
  const answers = new Float64Array(block.length)
  const lanes = lanesAtOnce(host.spec, rows, 4)
  await withLayers(host, async (layers) => {
    for (let start = 0; start < count; start += lanes) {
      signal?.throwIfAborted()
      const taken = Math.min(lanes, count - start)
      const vectors = Array.from({ length: taken }, (_, lane) => block.subarray((start + lane) * size, (start + lane + 1) * size))
      const scales = vectors.map(unitScale)
      const direction = tensorsOf(
        host.spec,
        vectors.map((vector, lane) => vector.map((entry) => entry / scales[lane])),
      )
      let products: Tensor3D[] = []
      try {
        products = await compute(layers, direction, taken)
        const parts = await readPacked(host.opened, products)
        for (const [lane, vector] of vectorsOf(parts, taken).entries()) {
          const scale = scales[lane]
          answers.set(
            vector.map((entry) => entry * scale),
            (start + lane) * size,
          )
        }
      } finally {
        dispose([products, flatOrder(direction)])
      }
    }
  })
  return answers
}

/** The power of two next below the largest entry; 1 for a zero vector. */
function unitScale(vector: Float64Array): number {
  let largest = 0
  for (const entry of vector) largest = Math.max(largest, Math.abs(entry))
  return largest > 0 && Number.isFinite(largest) ? 2 ** Math.floor(Math.log2(largest)) : 1
}
