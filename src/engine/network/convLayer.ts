// What does a convolution do in each pass? z = forwardScale * (W * h) + biasScale * b at every position, and its derivatives.
//
// Padding, circular wrapping and strides all become frames (frame.ts), so that one correlation kernel serves forward, tangent and,
// with turned filters, the way back. Gram shares come from the explicit gradients of single samples, a few output channels
// at a time: they cost one filter gradient, where products of patches would cost positions^2.
import { clone, reshape, type Rank, type Tensor3D } from '@tensorflow/tfjs-core'
import { imageAfter, weightCount, type ConvLayerSpec } from '../../core/networkSpec.ts'
import { channelSums, rowChannelSums } from './channelSums.ts'
import { correlate, type CorrelationShape } from './correlate.ts'
import { filterGradient, partialGradients } from './filterGradient.ts'
import { onFrame, type FrameShape } from './frame.ts'
import type { LinearPlaces, LinearTensors } from './layerTensors.ts'
import type { LinearPasses } from './linearPasses.ts'
import { addProducts } from './product.ts'
import { replaced, scaled } from './tensorSums.ts'

/** Bytes of gradients of single samples that a Gram share holds at once. */
const GRAM_BYTES = 64 * 2 ** 20

/** The passes of one convolution. */
export function convLayer(spec: ConvLayerSpec): LinearPasses {
  const { inChannels, outChannels, kernel, stride, height, width, padding, forwardScale: scale, biasScale } = spec
  const [outHeight, outWidth] = imageAfter(spec)
  const positions = outHeight * outWidth
  const period = spec.paddingMode === 'circular' ? ([height, width] as const) : null
  const frameHeight = height + 2 * padding
  const frameWidth = width + 2 * padding
  const there: CorrelationShape = { inChannels, outChannels, kernel, stride, frameHeight, frameWidth, outHeight, outWidth }
  const inFrame: FrameShape = { channels: inChannels, height, width, frameHeight, frameWidth, offset: padding, dilation: 1, period }
  const back: CorrelationShape = {
    inChannels: outChannels,
    outChannels: inChannels,
    kernel,
    stride: 1,
    frameHeight: height + kernel - 1,
    frameWidth: width + kernel - 1,
    outHeight: height,
    outWidth: width,
  }
  const backFrame: FrameShape = {
    channels: outChannels,
    height: outHeight,
    width: outWidth,
    frameHeight: back.frameHeight,
    frameWidth: back.frameWidth,
    offset: kernel - 1 - padding,
    dilation: stride,
    period,
  }

  const prepare = (input: Tensor3D) => (padding === 0 ? clone(input) : onFrame(input, inFrame))
  const forward = (layer: LinearTensors, frames: Tensor3D, biasFactor: number) =>
    correlate(frames, layer.weight!, there, { scale, bias: layer.bias, biasScale: biasScale * biasFactor })
  const backward = (layer: LinearTensors, delta: Tensor3D, addTo?: Tensor3D) => {
    const frames = kernel === 1 && stride === 1 && padding === 0 ? clone(delta) : onFrame(delta, backFrame)
    return replaced(frames, correlate(frames, layer.weight!, back, { scale, turned: true, addTo }))
  }
  const gradient = (frames: Tensor3D, delta: Tensor3D, into?: LinearPlaces): LinearTensors => ({
    weight: filterGradient(frames, delta, there, scale, { into: into?.weight ?? undefined }),
    bias: spec.bias ? channelSums(delta, positions, biasScale, into?.bias ?? undefined) : null,
  })
  return {
    prepare,
    forward,
    backward: (layer, _prepared, delta) => backward(layer, delta),
    gradient: (frames, delta) => gradient(frames, delta),
    gradientInto: (frames, delta, into) => void gradient(frames, delta, into),
    tangent(layer, direction, frames, framesTangent) {
      const own = forward(direction, frames, 1)
      if (framesTangent === null) return own
      return replaced(own, correlate(framesTangent, layer.weight!, there, { scale, addTo: own }))
    },
    backwardTangent(layer, direction, _prepared, delta, deltaTangent) {
      const carried = backward(layer, deltaTangent)
      return replaced(carried, backward(direction, delta, carried))
    },
    gradientTangent(frames, framesTangent, delta, deltaTangent) {
      const moved = gradient(frames, deltaTangent)
      if (framesTangent === null) return moved
      const weight = filterGradient(framesTangent, delta, there, scale, { addTo: moved.weight! })
      return { weight: replaced(moved.weight!, weight), bias: moved.bias }
    },
    sampleGradients(frames, delta) {
      const rows = delta.shape[0] * delta.shape[1]
      const partial = partialGradients(frames, delta, there, 1, 0, outChannels)
      const flat = reshape<Rank.R3>(partial, [1, rows, weightCount(spec)])
      partial.dispose()
      return { weight: scaled(flat, scale, true), bias: spec.bias ? rowChannelSums(delta, positions, biasScale) : null }
    },
    addGramShare(frames, delta, sum, weightFactor, biasFactor) {
      const rows = delta.shape[0] * delta.shape[1]
      const perChannel = weightCount(spec) / outChannels
      const atOnce = Math.max(1, Math.min(outChannels, Math.floor(GRAM_BYTES / (4 * rows * perChannel))))
      let total = clone(sum)
      for (let first = 0; first < outChannels; first += atOnce) {
        const outs = Math.min(atOnce, outChannels - first)
        const partial = partialGradients(frames, delta, there, 1, first, outs)
        total = replaced(total, addProducts(partial, rows, total, scale * scale * weightFactor))
        partial.dispose()
      }
      if (!spec.bias) return total
      const sums = rowChannelSums(delta, positions, biasScale)
      total = replaced(total, addProducts(sums, rows, total, biasFactor))
      sums.dispose()
      return total
    },
  }
}
