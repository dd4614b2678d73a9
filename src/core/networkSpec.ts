// Which function, exactly, does an engine differentiate?
//
// Engines take this and flat weights, never an Experiment, so that a problem file of an outsider
// (shapes that no Experiment expresses) runs through the same code as the page.
import type { Activation, LossSettings } from './experiment.ts'

/** z = forwardScale * W h + biasScale * b; the layer's output is activation(z). W is [fanOut, fanIn] row-major. */
export interface DenseLayerSpec {
  readonly kind: 'dense'
  readonly fanIn: number
  readonly fanOut: number
  readonly bias: boolean
  readonly activation: Activation
  /** 1, or 1/sqrt(fanIn) in the NTK parameterization. */
  readonly forwardScale: number
  readonly biasScale: number
}

export type LayerSpec = DenseLayerSpec

export interface NetworkSpec {
  /** Input to output; at least one. The last layer carries the output activation. */
  readonly layers: readonly LayerSpec[]
  readonly loss: LossSettings
  /** The function is F(w0) + J(w0) (w - w0) of these layers at their start w0; absent: the network itself. */
  readonly linearised?: boolean
}

/** Number of entries of one layer's block (W, then b). */
export function layerParameterCount(layer: LayerSpec): number {
  return layer.fanOut * layer.fanIn + (layer.bias ? layer.fanOut : 0)
}

/** P, the length of the flat parameter vector. */
export function parameterCount(spec: NetworkSpec): number {
  let count = 0
  for (const layer of spec.layers) count += layerParameterCount(layer)
  return count
}
