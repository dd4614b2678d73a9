// What can a diagnostic ask of one network on the CPU?
//
// With batch norm in training mode, sets couple their samples: see `frozenStatistics.ts` for what is frozen when.
// Long methods give way to messages and can be aborted, so training may go on in between: each call first copies the
// weights and answers for that moment.
import type { Dataset } from '../../core/dataset.ts'
import type { LossSettings } from '../../core/experiment.ts'
import { DomainFault, ShapeFault } from '../../core/faults.ts'
import type { LayerInfo, OutputIndex, Probe, SampleSet } from '../../core/probe.ts'
import { inParts } from '../parts.ts'
import { splitOf } from '../sampleRows.ts'
import { batchGradient, fittingWorkspace, type Workspace } from './batchGradient.ts'
import { batchGramMatrix, batchPairProducts, type Batch, type GradientWriter } from './batchProducts.ts'
import { evaluate, preactivationsOf } from './evaluation.ts'
import { frozenNetwork, statisticsOf } from './frozenStatistics.ts'
import { lossGram, outputGram } from './gramMatrices.ts'
import { lossHessianProducts, outputHessianProducts } from './hessianProducts.ts'
import { layerNorms } from './layerNorms.ts'
import type { Network } from './network.ts'
import { forward, type ForwardPass } from './networkPasses.ts'
import { outputJacobian } from './outputJacobian.ts'
import { createPause } from './pause.ts'

type Pause = () => Promise<void>

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
  /** What the first-order answers are computed from now; absent: the network at a copy of `weights`. */
  moment?(): Moment
}

/** Weights at which passes are taken, and the forward pass that gives the outputs. */
export interface Moment {
  readonly at: Float64Array
  readonly pass: ForwardPass
}

/** The probe of one network in float64. */
export function createFloat64Probe(source: Float64ProbeSource): Probe {
  const { network, reduction } = source
  const c = network.outputWidth
  const rowsOf = (set: SampleSet) => splitOf(source.dataset, source.probeCount, set)
  const momentNow = (): Moment => source.moment?.() ?? { at: source.weights.slice(), pass: forward }
  /** For measures of single samples, and losses: statistics of batch norms stand still. */
  const frozenAt = (at: Float64Array, pause: Pause): Promise<Network> =>
    inParts(frozenNetwork(network, at, source.dataset, source.probeCount), pause)
  const batchOf = (set: SampleSet): Batch => ({ split: rowsOf(set), indices: set.indices })

  /** Writes gradients at the weights of this moment. */
  const gradientWriter = (pause: Pause): GradientWriter => {
    const { at, pass } = momentNow()
    let workspace: Workspace | null = null
    return async ({ split, indices }, into) => {
      workspace = fittingWorkspace(network, indices.length, workspace)
      await inParts(batchGradient(network, at, split, indices, reduction, workspace, into, pass), pause)
      into.fill(0, network.trainedCount)
    }
  }

  return {
    layers: source.layers,
    parameterCount: network.parameterCount,
    outputCount: c,
    precision: 'float64',
    async loss(set, signal) {
      const { at, pass } = momentNow()
      const pause = createPause(signal)
      return evaluate(await frozenAt(at, pause), at, rowsOf(set), set.indices, reduction, pause, pass)
    },
    async gradientNorms(set, signal) {
      signal?.throwIfAborted()
      const { at, pass } = momentNow()
      return inParts(layerNorms(network, at, rowsOf(set), set.indices, reduction, pass), createPause(signal))
    },
    async gradient(set, signal) {
      signal?.throwIfAborted()
      const gradient = new Float64Array(network.parameterCount)
      await gradientWriter(createPause(signal))(batchOf(set), gradient)
      return gradient
    },
    async perSampleGram(set, signal) {
      const { at, pass } = momentNow()
      const pause = createPause(signal)
      return lossGram(await frozenAt(at, pause), at, rowsOf(set), set.indices, pause, pass)
    },
    async batchGram(batches, signal) {
      const pause = createPause(signal)
      return batchGramMatrix(batches.map(batchOf), network.parameterCount, gradientWriter(pause), pause)
    },
    async batchPairs(pairs, signal) {
      const rows = pairs.map(([a, b]) => [batchOf(a), batchOf(b)] as const)
      const pause = createPause(signal)
      return batchPairProducts(rows, network.parameterCount, gradientWriter(pause), pause)
    },
    async hessianVectors(block, count, set, signal) {
      checkBlock(block, count, network.parameterCount)
      return lossHessianProducts(network, source.weights.slice(), rowsOf(set), set.indices, reduction, block, count, createPause(signal))
    },
    async outputHessianVectors(block, count, set, output, signal) {
      checkBlock(block, count, network.parameterCount)
      checkOutput(output, set.indices.length, c)
      const at = source.weights.slice()
      const pause = createPause(signal)
      return outputHessianProducts(await frozenAt(at, pause), at, rowsOf(set), set.indices, output, block, count, pause)
    },
    async outputJacobian(set, signal) {
      const entries = set.indices.length * c * network.parameterCount
      if (entries > LARGEST_JACOBIAN)
        throw new DomainFault(`outputJacobian: too many entries, got ${entries}, expected at most ${LARGEST_JACOBIAN}`)
      const { at } = momentNow()
      const pause = createPause(signal)
      return outputJacobian(await frozenAt(at, pause), at, rowsOf(set), set.indices, pause)
    },
    async kernelGram(set, signal) {
      const side = set.indices.length * c
      if (side > LARGEST_KERNEL_SIDE)
        throw new DomainFault(`kernelGram: too many rows, got ${side}, expected at most ${LARGEST_KERNEL_SIDE}`)
      const { at } = momentNow()
      const pause = createPause(signal)
      return outputGram(await frozenAt(at, pause), at, rowsOf(set), set.indices, pause)
    },
    async secondMoments() {
      return source.secondMoments()
    },
    async weights() {
      return source.weights.slice()
    },
    async preactivations(set) {
      const { at } = momentNow()
      const pause = createPause(undefined)
      return preactivationsOf(await frozenAt(at, pause), at, rowsOf(set), set.indices, pause)
    },
    async normStatistics() {
      return statisticsOf(await frozenAt(momentNow().at, createPause(undefined)))
    },
  }
}

/** @throws {ShapeFault} when a block does not hold `count` vectors. */
export function checkBlock(block: Float64Array, count: number, parameterCount: number): void {
  if (block.length === count * parameterCount) return
  throw new ShapeFault(`hessianVectors: block holds ${block.length} entries, expected ${count} x ${parameterCount}`)
}

/** @throws {DomainFault} when there is no such output among `samples` x `outputs`. */
export function checkOutput({ sample, output }: OutputIndex, samples: number, outputs: number): void {
  const isIn = (position: number, count: number) => Number.isInteger(position) && position >= 0 && position < count
  if (isIn(sample, samples) && isIn(output, outputs)) return
  throw new DomainFault(`outputHessianVectors: no such output, got ${sample}, ${output}, expected below ${samples}, ${outputs}`)
}
