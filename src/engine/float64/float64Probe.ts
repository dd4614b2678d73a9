// What can a diagnostic ask of one network on the CPU?
//
// With batch norm in training mode, sets couple their samples: see `frozenStatistics.ts` for what is frozen when.
// Long methods give way to messages and can be aborted, so training may go on in between: each call first copies the
// weights and answers for that moment.
import type { Dataset } from '../../core/dataset.ts'
import type { LossSettings } from '../../core/experiment.ts'
import { DomainFault, ShapeFault } from '../../core/faults.ts'
import type { LayerInfo, OutputIndex, Probe, SampleSet, ScaledGram } from '../../core/probe.ts'
import { binaryExponent } from '../../numerics/logMagnitude.ts'
import { plainGram, scaledGramOf } from '../../numerics/scaledGram.ts'
import { inParts } from '../parts.ts'
import { splitOf } from '../sampleRows.ts'
import { batchGradient, fittingWorkspace, type Workspace } from './batchGradient.ts'
import { batchPairProducts, scaledBatchGram, type Batch, type GradientWriter } from './batchProducts.ts'
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

  /** Writes gradients at the weights of this moment, of the network or of one with frozen norms. */
  const gradientWriter = (pause: Pause, of = network, reducedAs = reduction, { at, pass } = momentNow()): GradientWriter => {
    let workspace: Workspace | null = null
    return async ({ split, indices }, into) => {
      workspace = fittingWorkspace(of, indices.length, workspace)
      await inParts(batchGradient(of, at, split, indices, reducedAs, workspace, into, pass), pause)
      into.fill(0, network.trainedCount)
    }
  }

  const batchGramNow = async (batches: readonly SampleSet[], signal?: AbortSignal): Promise<ScaledGram> => {
    const pause = createPause(signal)
    return scaledBatchGram(batches.map(batchOf), network.parameterCount, gradientWriter(pause), pause)
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
    async scaledPerSampleGram(set, signal) {
      const moment = momentNow()
      const pause = createPause(signal)
      const frozen = await frozenAt(moment.at, pause)
      const split = rowsOf(set)
      const gram = await lossGram(frozen, moment.at, split, set.indices, pause, moment.pass)
      if (hasItsSquares(gram, set.indices.length)) return scaledGramOf(gram, set.indices.length)
      // One by one, each gradient has an exponent of its own; those that are zero then are zero.
      const singles = Array.from(set.indices, (index): Batch => ({ split, indices: Int32Array.of(index) }))
      return await scaledBatchGram(singles, network.parameterCount, gradientWriter(pause, frozen, 'sum', moment), pause)
    },
    async batchGram(batches, signal) {
      return plainGram(await batchGramNow(batches, signal))
    },
    scaledBatchGram: batchGramNow,
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

/** Squared norms within 2^+-900 are right to the last digits. */
const PLAIN_SQUARE = 900

/** Whether float64 holds the squares of all n vectors with their digits; zeros may be squares that it lost. */
function hasItsSquares(gram: Float64Array, n: number): boolean {
  return Array.from({ length: n }, (_, i) => binaryExponent(gram[i * n + i])).every((exponent) => Math.abs(exponent) <= PLAIN_SQUARE)
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
