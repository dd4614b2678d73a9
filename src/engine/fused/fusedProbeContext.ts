// What does the fused trainer lend to its probes? Everything that is resident already; a probe uploads indices only.
//
// All buffers stay the trainer's: a probe binds them, never destroys them.
import type { Dataset } from '../../core/dataset.ts'
import type { DenseNetworkSpec } from '../../core/networkSpec.ts'
import type { LayerInfo } from '../../core/probe.ts'
import type { OpenedDevice } from '../device.ts'
import type { Tile } from './kernelShape.ts'
import type { FusedLayout } from './layout.ts'

/** Rows of one split on the GPU: inputs [n][inQuads] vec4f, targets [n][quads] vec4f. */
export interface ResidentRows {
  readonly count: number
  readonly inputs: GPUBuffer
  readonly targets: GPUBuffer
}

/** One seed's network as its probe sees it. */
export interface FusedProbeContext {
  readonly opened: OpenedDevice
  /** Layers and loss (kind and reduction). */
  readonly spec: DenseNetworkSpec
  readonly layout: FusedLayout
  readonly dataset: Dataset
  /** n of the probe set: the first n training samples. */
  readonly probeCount: number
  readonly layers: readonly LayerInfo[]
  readonly seedIndex: number
  /** Parameters of all seeds; this one's block begins at `parameterOffset` and holds `layout.seedQuads` vec4f. */
  readonly parameters: GPUBuffer
  /** In bytes, a multiple of 256. */
  readonly parameterOffset: number
  readonly train: ResidentRows
  /** Uploaded when it is first asked for; null when there are no test samples. */
  test(): ResidentRows | null
  /** The tile that training uses; legal for this layout, whatever the rows. */
  readonly tile: Tile
  /** The fastest tile of a measuring pass over so many batches of so many rows, where that is not `tile`. */
  tileOf?(rows: number, lanes: number): Tile
  /** Whether the threads of H1 share rows even on a software adapter, which is better off with whole ones; for tests. */
  readonly sharesRows?: true
  /** [P] flat weights as they are now. */
  readParameters(): Promise<Float64Array>
  /** [P] second moments as `Probe.secondMoments` promises them. */
  secondMoments(): Promise<Float64Array | null>
}
