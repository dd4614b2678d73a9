// What do the passes leave for each other? One record per pass and layer; disposing a record frees all that it made.
//
// A tensor may stand in several places (without norm, n is z): disposing twice is harmless, forgetting is not.
import { dispose, type Tensor, type Tensor3D } from '@tensorflow/tfjs-core'
import type { NormRecord } from './normLayer.ts'

/** h -> z -> n -> a -> h'. All are stored with powers of two, see rangePlan.ts. */
export interface LayerForward {
  /** As the linear map reads its input, see linearPasses.ts. */
  readonly prepared: Tensor3D
  readonly z: Tensor3D
  /** [1 or lanes, groups, 2] of the norm; null without. */
  readonly statistics: Tensor3D | null
  /** After the norm; z without. */
  readonly n: Tensor3D
  /** What the activation is applied to: n, or n and a skip. */
  readonly a: Tensor3D
}

export interface ForwardRecord {
  readonly layers: readonly LayerForward[]
  /** [L]: input of each layer; the first one is the caller's. */
  readonly inputs: readonly Tensor3D[]
  readonly outputs: Tensor3D
  /** Which norms let the derivative through their statistics. */
  readonly through: readonly boolean[]
  /** [1 or lanes], the caller's. */
  readonly rowCounts: Tensor
}

/** What the passes of a layer's norm read. */
export function normRecord(record: ForwardRecord, index: number): NormRecord {
  const { z, statistics } = record.layers[index]
  return { z, statistics: statistics!, through: record.through[index], rowCounts: record.rowCounts }
}

/** Disposes a record, not the caller's input. */
export function disposeRecord(record: ForwardRecord): void {
  dispose(record.inputs.slice(1))
  record.outputs.dispose()
  for (const { prepared, z, statistics, n, a } of record.layers) {
    dispose([prepared, z, n, a])
    statistics?.dispose()
  }
}

/** Gradients at the stations of a layer. */
export interface LayerBackward {
  /** dLoss/dh', which arrives at the activation or at a skip behind it. */
  readonly upstream: Tensor3D
  /** dLoss/da. */
  readonly a: Tensor3D
  /** dLoss/dn. */
  readonly n: Tensor3D
  /** dLoss/dz. */
  readonly z: Tensor3D
}

/** Disposes all gradients, the caller's output gradient too. */
export function disposeBackward(layers: readonly LayerBackward[]): void {
  for (const { upstream, a, n, z } of layers) dispose([upstream, a, n, z])
}

/** Changes along directions; null where nothing moves yet. */
export interface LayerTangent {
  readonly input: Tensor3D | null
  readonly prepared: Tensor3D | null
  readonly z: Tensor3D | null
  /** Of x^, null without norm. */
  readonly normalised: Tensor3D | null
  readonly a: Tensor3D | null
}

export interface TangentRecord {
  readonly layers: readonly LayerTangent[]
  readonly outputs: Tensor3D
}

export function disposeTangents(record: TangentRecord): void {
  for (const layer of record.layers) {
    for (const tensor of [layer.input, layer.prepared, layer.z, layer.normalised, layer.a]) tensor?.dispose()
  }
  record.outputs.dispose()
}

/** The change of every dLoss/dn and dLoss/dz. */
export interface LayerBackwardTangent {
  readonly n: Tensor3D
  readonly z: Tensor3D
}

export function disposeMoved(layers: readonly LayerBackwardTangent[]): void {
  for (const { n, z } of layers) dispose([n, z])
}
