// Which function, exactly, does an engine differentiate?
//
// Engines take this and flat weights, never an Experiment, so that a problem file of an outsider
// (shapes that no Experiment expresses) runs through the same code as the page. A layer is a linear map with what
// follows it: norm, skip, activation. Maps between images see a row as [channels, height, width], flattened.
import type { Activation, LossSettings } from './experiment.ts'

/**
 * (z - mean) / sqrt(variance + eps) * gamma + beta, biased variance; gamma and beta have one entry a channel (dense: a unit).
 *
 * batch: over the rows (and positions) of each channel. layer: over all entries of each row.
 */
export interface NormSpec {
  readonly kind: 'batch' | 'layer'
  readonly eps: number
  /** Batch norm in evaluation mode: fixed statistics, [channels] each. null: those of the rows at hand, as in training. */
  readonly frozen: { readonly mean: Float64Array; readonly variance: Float64Array } | null
}

/** Adds the input of an earlier layer. postAct: h = branchScale act(n) + scale input. preAct: h = act(branchScale n + scale input), n after the norm. */
export interface SkipSpec {
  /** Position in `layers` whose input is added; it has the shape of this layer's output. */
  readonly from: number
  readonly placement: 'postAct' | 'preAct'
  readonly scale: number
  readonly branchScale: number
}

interface AfterLinear {
  readonly activation: Activation
  readonly norm?: NormSpec
  readonly skip?: SkipSpec
}

/** z = forwardScale * W h + biasScale * b; the layer's output is activation(z) where there is no norm and no skip. W is [fanOut, fanIn] row-major. */
export interface DenseLayerSpec extends AfterLinear {
  readonly kind: 'dense'
  readonly fanIn: number
  readonly fanOut: number
  readonly bias: boolean
  /** 1, or 1/sqrt(fanIn) in the NTK parameterization. */
  readonly forwardScale: number
  readonly biasScale: number
}

/** Cross-correlation of [inChannels, height, width] with W [outChannels, inChannels, kernel, kernel]; the same numbers as deep-learning libraries call convolution. */
export interface ConvLayerSpec extends AfterLinear {
  readonly kind: 'conv'
  readonly inChannels: number
  readonly outChannels: number
  /** Of the input. */
  readonly height: number
  readonly width: number
  /** Odd. */
  readonly kernel: number
  readonly stride: number
  /** Rows and columns added on every side. */
  readonly padding: number
  readonly paddingMode: 'zero' | 'circular'
  readonly bias: boolean
  readonly forwardScale: number
  readonly biasScale: number
}

/** Without parameters. globalAverage gives one number a channel and ignores size and stride; windows never leave the image. */
export interface PoolLayerSpec {
  readonly kind: 'pool'
  readonly pooling: 'average' | 'max' | 'globalAverage'
  readonly channels: number
  readonly height: number
  readonly width: number
  readonly size: number
  readonly stride: number
}

export type WeightedLayerSpec = DenseLayerSpec | ConvLayerSpec
export type LayerSpec = WeightedLayerSpec | PoolLayerSpec

export interface NetworkSpec {
  /** Input to output; at least one, the last a weighted one, which carries the output activation and no norm. */
  readonly layers: readonly LayerSpec[]
  readonly loss: LossSettings
  /** The function is F(w0) + J(w0) (w - w0) of these layers at their start w0; absent: the network itself. */
  readonly linearised?: boolean
  /** The weights of the last layer are constants: nothing trains them and no gradient, curvature or kernel knows them. Absent: false. */
  readonly fixedOutput?: boolean
}

/** [height, width] of what a convolution or a pool gives. */
export function imageAfter(layer: ConvLayerSpec | PoolLayerSpec): readonly [number, number] {
  if (layer.kind === 'conv') {
    const along = (side: number) => Math.floor((side + 2 * layer.padding - layer.kernel) / layer.stride) + 1
    return [along(layer.height), along(layer.width)]
  }
  if (layer.pooling === 'globalAverage') return [1, 1]
  const along = (side: number) => Math.floor((side - layer.size) / layer.stride) + 1
  return [along(layer.height), along(layer.width)]
}

/** Numbers that enter a layer for one sample. */
export function inputWidthOf(layer: LayerSpec): number {
  switch (layer.kind) {
    case 'dense':
      return layer.fanIn
    case 'conv':
      return layer.inChannels * layer.height * layer.width
    case 'pool':
      return layer.channels * layer.height * layer.width
    default:
      return layer satisfies never
  }
}

/** Numbers that leave a layer for one sample. */
export function outputWidthOf(layer: LayerSpec): number {
  if (layer.kind === 'dense') return layer.fanOut
  const [height, width] = imageAfter(layer)
  return channelsOf(layer) * height * width
}

/** Channels of a layer's output; a dense unit is a channel of one position. */
export function channelsOf(layer: LayerSpec): number {
  return layer.kind === 'dense' ? layer.fanOut : layer.kind === 'conv' ? layer.outChannels : layer.channels
}

/** Weights into and out of one unit, as initialisers count them: k^2 channels for a convolution. */
export function fansOf(layer: WeightedLayerSpec): { readonly fanIn: number; readonly fanOut: number } {
  if (layer.kind === 'dense') return { fanIn: layer.fanIn, fanOut: layer.fanOut }
  const taps = layer.kernel * layer.kernel
  return { fanIn: taps * layer.inChannels, fanOut: taps * layer.outChannels }
}

/** Entries of W alone. */
export function weightCount(layer: WeightedLayerSpec): number {
  return layer.kind === 'dense' ? layer.fanOut * layer.fanIn : layer.outChannels * fansOf(layer).fanIn
}

/** Number of entries of one layer's block: W, then b, then gamma and beta; 0 for a pool. */
export function layerParameterCount(layer: LayerSpec): number {
  if (layer.kind === 'pool') return 0
  const channels = channelsOf(layer)
  return weightCount(layer) + (layer.bias ? channels : 0) + (layer.norm === undefined ? 0 : 2 * channels)
}

/** True for layers that have a block in the flat vector. */
export function isWeighted(layer: LayerSpec): layer is WeightedLayerSpec {
  return layer.kind !== 'pool'
}

/** P, the length of the flat parameter vector. */
export function parameterCount(spec: NetworkSpec): number {
  let count = 0
  for (const layer of spec.layers) count += layerParameterCount(layer)
  return count
}

/** Parameters of the function, which come first in the flat vector: all of them but those of a last layer that never trains. */
export function trainedCount(spec: NetworkSpec): number {
  const last = spec.layers[spec.layers.length - 1]
  return parameterCount(spec) - (spec.fixedOutput === true ? layerParameterCount(last) : 0)
}

/** The network's inputs and outputs for one sample. */
export function networkWidths(spec: NetworkSpec): { readonly inputWidth: number; readonly outputWidth: number } {
  return { inputWidth: inputWidthOf(spec.layers[0]), outputWidth: outputWidthOf(spec.layers[spec.layers.length - 1]) }
}

/** A network of dense layers only, which is all that the fused kernels know. */
export interface DenseNetworkSpec extends NetworkSpec {
  readonly layers: readonly DenseLayerSpec[]
}

/** True where every layer is dense, with or without norms and skips. */
export function isDenseNetwork(spec: NetworkSpec): spec is DenseNetworkSpec {
  return spec.layers.every((layer) => layer.kind === 'dense')
}
