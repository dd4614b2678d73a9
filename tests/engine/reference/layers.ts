// Layers of every kind for the tests of all engines, small unless a test says otherwise.
import {
  outputWidthOf,
  type ConvLayerSpec,
  type DenseLayerSpec,
  type LayerSpec,
  type NetworkSpec,
  type NormSpec,
  type PoolLayerSpec,
  type SkipSpec,
} from '../../../src/core/networkSpec.ts'
import type { LossSettings } from '../../../src/core/experiment.ts'

const MEAN: LossSettings = { kind: 'squaredError', reduction: 'mean' }

export const dense = (fanIn: number, fanOut: number, change: Partial<DenseLayerSpec> = {}): DenseLayerSpec => ({
  kind: 'dense',
  fanIn,
  fanOut,
  bias: true,
  activation: 'tanh',
  forwardScale: 1,
  biasScale: 1,
  ...change,
})

/** 3 x 3 with zero padding on a square of the side. */
export const conv = (inChannels: number, outChannels: number, side: number, change: Partial<ConvLayerSpec> = {}): ConvLayerSpec => ({
  kind: 'conv',
  inChannels,
  outChannels,
  height: side,
  width: side,
  kernel: 3,
  stride: 1,
  padding: 1,
  paddingMode: 'zero',
  bias: true,
  activation: 'tanh',
  forwardScale: 1,
  biasScale: 1,
  ...change,
})

export const pool = (
  pooling: PoolLayerSpec['pooling'],
  channels: number,
  side: number,
  change: Partial<PoolLayerSpec> = {},
): PoolLayerSpec => ({
  kind: 'pool',
  pooling,
  channels,
  height: side,
  width: side,
  size: 2,
  stride: 2,
  ...change,
})

export const norm = (kind: NormSpec['kind'], frozen: NormSpec['frozen'] = null): NormSpec => ({ kind, eps: 1e-3, frozen })

export const skip = (from: number, placement: SkipSpec['placement'] = 'postAct', scale = 1, branchScale = 1): SkipSpec => ({
  from,
  placement,
  scale,
  branchScale,
})

/** Layers with a linear dense head of two outputs. */
export function withHead(layers: readonly LayerSpec[], loss: LossSettings = MEAN, outputs = 2): NetworkSpec {
  const last = layers[layers.length - 1]
  return { layers: [...layers, dense(outputWidthOf(last), outputs, { activation: 'identity' })], loss }
}
