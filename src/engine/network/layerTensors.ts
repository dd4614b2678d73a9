// What does a layer hold, inside the engine? Weights, gradients, slots and tangents alike, in the order of the flat vector.
//
// A lane is one seed, one mini-batch, one output or one Hessian vector; tensors with one lane serve all.
import type { Tensor3D } from '@tensorflow/tfjs-core'
import type { Place } from './kernel.ts'

/** The tensors of one position in the spec; a pool has none. */
export interface LayerTensors {
  /** [lanes, fanOut, fanIn]; of a convolution [lanes, outChannels, inChannels * kernel^2]. */
  readonly weight: Tensor3D | null
  /** [lanes, 1, channels], as are gamma and beta; null in a layer without bias, or without norm. */
  readonly bias: Tensor3D | null
  readonly gamma: Tensor3D | null
  readonly beta: Tensor3D | null
}

/** What the linear map of a layer holds. */
export type LinearTensors = Pick<LayerTensors, 'weight' | 'bias'>

/** Where the tensors of a layer are written, as many of them as it has. */
export type LayerPlaces = { readonly [Part in keyof LayerTensors]: Place | null }

/** Where those of its linear map are. */
export type LinearPlaces = Pick<LayerPlaces, 'weight' | 'bias'>

export const NO_TENSORS: LayerTensors = { weight: null, bias: null, gamma: null, beta: null }

/** The tensors of a network in the order of the flat vector: W, b, gamma, beta, W, b, ... without the missing ones. */
export function flatOrder(layers: readonly LayerTensors[]): Tensor3D[] {
  return layers.flatMap(({ weight, bias, gamma, beta }) => [weight, bias, gamma, beta].filter((tensor) => tensor !== null))
}
