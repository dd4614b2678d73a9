// What does a measurement need of the trainer, and how much of it fits at once?
//
// Measurements borrow: one more reference to the tensors of the moment, so that training may go on and replace them
// while a measurement waits for its readback.
import { dispose, tensor1d, type Tensor, type Tensor3D } from '@tensorflow/tfjs-core'
import type { Dataset } from '../../core/dataset.ts'
import { DomainFault } from '../../core/faults.ts'
import { inputWidthOf, layerParameterCount, outputWidthOf, type NetworkSpec } from '../../core/networkSpec.ts'
import type { LayerInfo, SampleSet } from '../../core/probe.ts'
import type { OpenedDevice } from '../device.ts'
import { splitOf } from '../sampleRows.ts'
import { flatOrder, type LayerTensors } from './layerTensors.ts'
import { learnsFromRows } from './normLayer.ts'
import { gatherRows, indexTensor, type ResidentData } from './residentData.ts'

/** Roots of the second moments in flat order, one lane each, and what v must be multiplied by. */
export interface BorrowedRoots {
  readonly roots: readonly Tensor3D[]
  readonly correction: number
}

export interface ProbeHost {
  readonly spec: NetworkSpec
  readonly dataset: Dataset
  readonly probeCount: number
  readonly opened: OpenedDevice
  readonly data: ResidentData
  readonly layers: readonly LayerInfo[]
  /** Updates done so far. */
  step(): number
  /** One lane; the borrower disposes. */
  borrow(): LayerTensors[]
  borrowRoots(): BorrowedRoots | null
}

/** Lends the weights of the moment to `work` and takes them back. */
export async function withLayers<Result>(host: ProbeHost, work: (layers: readonly LayerTensors[]) => Promise<Result>): Promise<Result> {
  const layers = host.borrow()
  try {
    return await work(layers)
  } finally {
    dispose(flatOrder(layers))
  }
}

/** Samples on the GPU: [lanes, n, width], and the weight of every row. */
export interface SampleBlock {
  readonly inputs: Tensor3D
  readonly targets: Tensor3D
  /** [lanes * n]. */
  readonly rowWeights: Tensor
  /** [lanes]: samples of each lane that are no padding. */
  readonly rowCounts: Tensor
}

export function disposeBlock(block: SampleBlock): void {
  dispose([block.inputs, block.targets, block.rowWeights, block.rowCounts])
}

/** Weight of a sample in a loss over `count` of them. */
export function sampleWeight(host: ProbeHost, count: number): number {
  return host.spec.loss.reduction === 'mean' ? 1 / count : 1
}

/**
 * Uploads sets as lanes; shorter ones are padded with rows of weight 0.
 *
 * @param weights weight of every sample of each set.
 * @throws {DomainFault} when sets of both splits are mixed, or an index is outside.
 */
export function sampleBlock(host: ProbeHost, sets: readonly SampleSet[], weights: readonly number[]): SampleBlock {
  const split = splitOf(host.dataset, host.probeCount, sets[0])
  const rows = Math.max(...sets.map(({ indices }) => indices.length))
  const indices = new Int32Array(sets.length * rows)
  const rowWeights = new Float32Array(sets.length * rows)
  for (const [lane, set] of sets.entries()) {
    if (splitOf(host.dataset, host.probeCount, set) !== split)
      throw new DomainFault('sampleBlock: sets of one call must come from one split')
    // Padding repeats a sample of the set: its deltas are finite when the set's are, and 0 times finite is 0.
    indices.fill(set.indices[0], lane * rows, (lane + 1) * rows)
    indices.set(set.indices, lane * rows)
    rowWeights.fill(weights[lane], lane * rows, lane * rows + set.indices.length)
  }
  const { inputs, targets } = host.data.split(split)
  const index = indexTensor(indices)
  const block = {
    inputs: gatherRows(inputs, index, 0, sets.length, rows),
    targets: gatherRows(targets, index, 0, sets.length, rows),
    rowWeights: tensor1d(rowWeights),
    rowCounts: tensor1d(Float32Array.from(sets, ({ indices: own }) => own.length)),
  }
  index.dispose()
  return block
}

/** Bytes that one pass may hold at once; far below what any adapter of this decade has. */
const BUDGET_BYTES = 128 * 2 ** 20

/** Bytes of activations, gradients and their tangents per sample and lane; frames of convolutions are about as large again. */
function rowBytes(spec: NetworkSpec): number {
  return 4 * spec.layers.reduce((sum, layer) => sum + 3 * inputWidthOf(layer) + 8 * outputWidthOf(layer), 0)
}

/** True where a gradient needs all its samples in one pass: batch norm looks at all of them. */
export function looksAtAllRows(spec: NetworkSpec): boolean {
  return spec.layers.some((layer) => layer.kind !== 'pool' && learnsFromRows(layer))
}

/** Samples that fit in one pass of one lane. */
export function rowsAtOnce(spec: NetworkSpec): number {
  return Math.max(1, Math.min(4096, Math.floor(BUDGET_BYTES / rowBytes(spec))))
}

/** Lanes of `rows` samples that fit in one pass; `vectors` parameter vectors are held per lane. */
export function lanesAtOnce(spec: NetworkSpec, rows: number, vectors: number): number {
  const parameters = spec.layers.reduce((sum, layer) => sum + layerParameterCount(layer), 0)
  return Math.max(1, Math.floor(BUDGET_BYTES / (rows * rowBytes(spec) + 4 * vectors * parameters)))
}

/** A set in pieces of at most `rows` samples. */
export function pieces(set: SampleSet, rows: number): SampleSet[] {
  const parts: SampleSet[] = []
  for (let start = 0; start < set.indices.length; start += rows) {
    parts.push({ from: set.from, indices: set.indices.subarray(start, start + rows) })
  }
  return parts
}
