// z = forwardScale W * h + biasScale b for images, and its derivatives: one matrix product a pass and sample.
//
// With windows C [taps, positions] of an image (`imageColumns.ts`): z = W C, dC = W^T dz, dW = dz C^T. One sample at a time, so
// that windows stay in the cache. A kernel of 1 on one pixel gives the bits of a dense layer.
import { fansOf, inputWidthOf, outputWidthOf, weightCount, type ConvLayerSpec } from '../../core/networkSpec.ts'
import { convolutionGram } from './convolutionGram.ts'
import { imageColumns } from './imageColumns.ts'
import type { LayerPasses } from './layerPasses.ts'
import { addTransposedTimes, times, timesTransposed } from './matrixProducts.ts'

/** A stretch of channels. */
interface Channels {
  readonly first: number
  readonly count: number
}

/** Passes of a convolution; a block starts with W [out, in, kernel, kernel], then b [out]. Source: Chellapilla et al. 2006 for the windows. */
export function convPasses(layer: ConvLayerSpec): LayerPasses {
  const { inChannels, outChannels, bias, forwardScale, biasScale } = layer
  const columns = imageColumns(layer)
  const { positions } = columns
  const taps = fansOf(layer).fanIn
  const inWidth = inputWidthOf(layer)
  const outWidth = outputWidthOf(layer)
  const biasOffset = weightCount(layer)
  const windows = new Float64Array(taps * positions)
  const windowDeltas = new Float64Array(taps * positions)
  const tapsPerChannel = taps / inChannels

  /** Output channels of z of every row from W and the windows of its image. */
  const multiply = (weights: Float64Array, input: Float64Array, rows: number, z: Float64Array, add: boolean, part: Channels): void => {
    for (let row = 0; row < rows; row++) {
      columns.gather(input, row * inWidth, windows)
      const image = z.subarray(row * outWidth + part.first * positions, row * outWidth + (part.first + part.count) * positions)
      times(weights.subarray(part.first * taps), windows, part.count, taps, positions, forwardScale, image, add)
    }
  }
  const addBias = (block: Float64Array, rows: number, z: Float64Array, part: Channels): void => {
    if (!bias) return
    for (let row = 0; row < rows; row++) {
      for (let channel = part.first; channel < part.first + part.count; channel++) {
        const value = biasScale * block[biasOffset + channel]
        const at = row * outWidth + channel * positions
        for (let p = at; p < at + positions; p++) z[p] += value
      }
    }
  }
  const addWindowDeltas = (weights: Float64Array, delta: Float64Array, row: number, part: Channels): void => {
    const image = delta.subarray(row * outWidth, (row + 1) * outWidth)
    const [first, count] = [part.first * tapsPerChannel, part.count * tapsPerChannel]
    addTransposedTimes(weights, image, outChannels, taps, positions, forwardScale, windowDeltas, first, count)
  }
  const clearWindowDeltas = ({ first, count }: Channels): void => {
    const stride = tapsPerChannel * positions
    windowDeltas.fill(0, first * stride, (first + count) * stride)
  }

  return {
    forward(block, input, rows, z, first = 0, count = outChannels) {
      const part = { first, count }
      multiply(block, input, rows, z, false, part)
      addBias(block, rows, z, part)
    },
    backward(block, delta, rows, inputDelta, first = 0, count = inChannels) {
      const part = { first, count }
      for (let row = 0; row < rows; row++) {
        clearWindowDeltas(part)
        addWindowDeltas(block, delta, row, part)
        columns.scatter(windowDeltas, inputDelta, row * inWidth, first, count)
      }
    },
    addsByRow: true,
    weightGradient(input, delta, rows, into, first = 0, count = outChannels) {
      for (let row = 0; row < rows; row++) {
        columns.gather(input, row * inWidth, windows)
        const image = delta.subarray(row * outWidth + first * positions, row * outWidth + (first + count) * positions)
        timesTransposed(image, windows, count, positions, taps, forwardScale, into.subarray(first * taps), true)
      }
    },
    biasGradient(delta, rows, into) {
      if (!bias) return
      for (let at = 0; at < rows * outWidth; at += positions) {
        let sum = 0
        for (let p = at; p < at + positions; p++) sum += delta[p]
        into[biasOffset + ((at / positions) % outChannels)] += biasScale * sum
      }
    },
    tangent(block, direction, input, inputTangent, rows, zTangent, first = 0, count = outChannels) {
      const part = { first, count }
      multiply(direction, input, rows, zTangent, false, part)
      if (inputTangent !== null) multiply(block, inputTangent, rows, zTangent, true, part)
      addBias(direction, rows, zTangent, part)
    },
    backwardTangent(block, direction, delta, deltaTangent, rows, inputDeltaTangent, first = 0, count = inChannels) {
      const part = { first, count }
      for (let row = 0; row < rows; row++) {
        clearWindowDeltas(part)
        addWindowDeltas(block, deltaTangent, row, part)
        addWindowDeltas(direction, delta, row, part)
        columns.scatter(windowDeltas, inputDeltaTangent, row * inWidth, first, count)
      }
    },
    gram: (input, delta, rows, perRow, into, pause) => convolutionGram(layer, columns, input, delta, rows, perRow, into, pause),
  }
}
