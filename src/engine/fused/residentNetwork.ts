// What stays on the GPU while a network trains? Parameters of all seeds and the samples; batches are lists of indices.
import type { Dataset, SplitArrays } from '../../core/dataset.ts'
import { ShapeFault } from '../../core/faults.ts'
import type { DenseNetworkSpec } from '../../core/networkSpec.ts'
import type { OpenedDevice } from '../device.ts'
import type { ResidentRows } from './fusedProbeContext.ts'
import { fusedLayout, packParameters, packRows, type FusedLayout } from './layout.ts'
import { OwnedBuffers } from './ownedBuffers.ts'
import type { PassBuffers } from './pass.ts'
import type { Region } from './readback.ts'

/** Parameters and data of one ensemble. */
export class ResidentNetwork {
  readonly spec: DenseNetworkSpec
  readonly dataset: Dataset
  readonly layout: FusedLayout
  readonly seedCount: number
  readonly parameters: GPUBuffer
  readonly train: ResidentRows
  private readonly device: GPUDevice
  private readonly owned: OwnedBuffers
  private testRows: ResidentRows | null = null

  /** @throws {ShapeFault} when layers, data and starts do not fit each other. */
  constructor(opened: OpenedDevice, spec: DenseNetworkSpec, dataset: Dataset, weights: readonly Float64Array[]) {
    this.spec = spec
    this.dataset = dataset
    this.device = opened.device
    this.layout = fusedLayout(spec)
    this.seedCount = weights.length
    const { inputWidth, outputWidth } = this.layout
    if (dataset.inputWidth !== inputWidth || dataset.outputWidth !== outputWidth) {
      throw new ShapeFault(
        `createFusedTrainer: data of shape ${dataset.inputWidth} -> ${dataset.outputWidth}, expected ${inputWidth} -> ${outputWidth}`,
      )
    }
    const packed = this.packed(weights)
    this.owned = new OwnedBuffers(opened.device)
    this.parameters = this.owned.filled(packed)
    this.train = this.uploaded(dataset.train)
  }

  /** What a pass over the training split binds. */
  get buffers(): PassBuffers & { readonly parameters: { readonly buffer: GPUBuffer } } {
    return { parameters: { buffer: this.parameters }, inputs: this.train.inputs, targets: this.train.targets }
  }

  /** The test split, uploaded when somebody first asks; null when it is empty. */
  test(): ResidentRows | null {
    const { test } = this.dataset
    if (test.count > 0) this.testRows ??= this.uploaded(test)
    return this.testRows
  }

  /** Bytes of one seed's parameters, and of one seed's slot. */
  get blockBytes(): number {
    return 16 * this.layout.seedQuads
  }

  /** One seed's parameters. */
  region(seed: number): Region {
    return { buffer: this.parameters, offset: this.blockBytes * seed, bytes: this.blockBytes }
  }

  /** Other weights for all seeds, rounded to float32. */
  upload(weights: readonly Float64Array[]): void {
    this.device.queue.writeBuffer(this.parameters, 0, this.packed(weights))
  }

  destroy(): void {
    this.owned.destroy()
  }

  private packed(weights: readonly Float64Array[]): Float32Array<ArrayBuffer> {
    const { spec, layout } = this
    const block = 4 * layout.seedQuads
    const packed = new Float32Array(block * weights.length)
    for (const [seed, flat] of weights.entries()) {
      if (flat.length !== layout.parameterCount) {
        throw new ShapeFault(`createFusedTrainer: a start holds ${flat.length} numbers, expected ${layout.parameterCount}`)
      }
      packParameters(spec, layout, flat, packed.subarray(block * seed, block * (seed + 1)))
    }
    return packed
  }

  private uploaded(split: SplitArrays): ResidentRows {
    const { layout } = this
    return {
      count: split.count,
      inputs: this.owned.filled(packRows(split.inputs, split.count, layout.inputWidth, layout.inQuads)),
      targets: this.owned.filled(packRows(split.targets, split.count, layout.outputWidth, layout.quads)),
    }
  }
}
