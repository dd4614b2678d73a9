// What can a diagnostic ask of one network on the CPU?
//
// Long methods give way to messages and can be aborted, so training may go on in between: each call first copies the
// weights and answers for that moment.
import type { Dataset } from '../../core/dataset.ts'
import type { LossSettings } from '../../core/experiment.ts'
import { DomainFault, ShapeFault } from '../../core/faults.ts'
import type { LayerInfo, Probe, SampleSet } from '../../core/probe.ts'
import { splitOf } from '../sampleRows.ts'
import { batchGradient, fittingWorkspace, type Workspace } from './batchGradient.ts'
import { batchGramMatrix, batchPairProducts, type Batch, type GradientWriter } from './batchProducts.ts'
import { evaluate, preactivationsOf } from './evaluation.ts'
import { lossGram, outputGram } from './gramMatrices.ts'
import { lossHessianProducts, outputHessianProducts } from './hessianProducts.ts'
import { layerNorms } from './layerNorms.ts'
import type { Network } from './network.ts'
import { outputJacobian } from './outputJacobian.ts'
import { createPause } from './pause.ts'

const LARGEST_JACOBIAN = 4e6
/** n*c of a kernel: 8192^2 numbers are 512 MiB. */
const LARGEST_KERNEL_SIDE = 8192

export interface Float64ProbeSource {
  readonly layers: readonly LayerInfo[]
  readonly network: Network
  readonly dataset: Dataset
  readonly probeCount: number
  readonly reduction: LossSettings['reduction']
  /** [P], written by training between calls. */
  readonly weights: Float64Array
  secondMoments(): Float64Array | null
}

/** The probe of one network in float64. */
export function createFloat64Probe(source: Float64ProbeSource): Probe {
  const { network, reduction } = source
  const c = network.outputWidth
  const rowsOf = (set: SampleSet) => splitOf(source.dataset, source.probeCount, set)
  const batchOf = (set: SampleSet): Batch => ({ split: rowsOf(set), indices: set.indices })

  /** Writes gradients at the weights of this moment. */
  const gradientWriter = (): GradientWriter => {
    const weights = source.weights.slice()
    let workspace: Workspace | null = null
    return ({ split, indices }, into) => {
      workspace = fittingWorkspace(network, indices.length, workspace)
      batchGradient(network, weights, split, indices, reduction, workspace, into)
    }
  }
  const checkBlock = (block: Float64Array, count: number): void => {
    if (block.length === count * network.parameterCount) return
    throw new ShapeFault(`hessianVectors: block holds ${block.length} entries, expected ${count} x ${network.parameterCount}`)
  }

  return {
    layers: source.layers,
    parameterCount: network.parameterCount,
    outputCount: c,
    precision: 'float64',
    async loss(set, signal) {
      return evaluate(network, source.weights.slice(), rowsOf(set), set.indices, reduction, createPause(signal))
    },
    async gradientNorms(set, signal) {
      signal?.throwIfAborted()
      return layerNorms(network, source.weights, rowsOf(set), set.indices, reduction)
    },
    async gradient(set, signal) {
      signal?.throwIfAborted()
      const gradient = new Float64Array(network.parameterCount)
      gradientWriter()(batchOf(set), gradient)
      return gradient
    },
    async perSampleGram(set, signal) {
      return lossGram(network, source.weights.slice(), rowsOf(set), set.indices, createPause(signal))
    },
    async batchGram(batches, signal) {
      return batchGramMatrix(batches.map(batchOf), network.parameterCount, gradientWriter(), createPause(signal))
    },
    async batchPairs(pairs, signal) {
      const rows = pairs.map(([a, b]) => [batchOf(a), batchOf(b)] as const)
      return batchPairProducts(rows, network.parameterCount, gradientWriter(), createPause(signal))
    },
    async hessianVectors(block, count, set, signal) {
      checkBlock(block, count)
      return lossHessianProducts(network, source.weights.slice(), rowsOf(set), set.indices, reduction, block, count, createPause(signal))
    },
    async outputHessianVectors(block, count, set, output, signal) {
      checkBlock(block, count)
      if (!(output.sample in set.indices) || !(Number.isInteger(output.output) && output.output >= 0 && output.output < c)) {
        throw new DomainFault(
          `outputHessianVectors: no such output, got ${output.sample}, ${output.output}, expected below ${set.indices.length}, ${c}`,
        )
      }
      return outputHessianProducts(network, source.weights.slice(), rowsOf(set), set.indices, output, block, count, createPause(signal))
    },
    async outputJacobian(set, signal) {
      const entries = set.indices.length * c * network.parameterCount
      if (entries > LARGEST_JACOBIAN)
        throw new DomainFault(`outputJacobian: too many entries, got ${entries}, expected at most ${LARGEST_JACOBIAN}`)
      return outputJacobian(network, source.weights.slice(), rowsOf(set), set.indices, createPause(signal))
    },
    async kernelGram(set, signal) {
      const side = set.indices.length * c
      if (side > LARGEST_KERNEL_SIDE)
        throw new DomainFault(`kernelGram: too many rows, got ${side}, expected at most ${LARGEST_KERNEL_SIDE}`)
      return outputGram(network, source.weights.slice(), rowsOf(set), set.indices, createPause(signal))
    },
    async secondMoments() {
      return source.secondMoments()
    },
    async weights() {
      return source.weights.slice()
    },
    async preactivations(set) {
      return preactivationsOf(network, source.weights, rowsOf(set), set.indices)
    },
  }
}
