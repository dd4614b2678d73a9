// z = forwardScale W * h + biasScale b for images, and its derivatives: one matrix product a pass and sample.
//
// With windows C [taps, positions] of an image (`imageColumns.ts`): z = W C, dC = W^T dz, dW = dz C^T. One sample at a time, so
// that windows stay in the cache. A kernel of 1 on one pixel gives the bits of a dense layer.
import { fansOf, inputWidthOf, outputWidthOf, weightCount, type ConvLayerSpec } from '../../core/networkSpec.ts'
import { convolutionGram } from './convolutionGram.ts'
import { imageColumns } from './imageColumns.ts'
import type { LayerPasses } from './layerPasses.ts'
import { addTransposedTimes, times, timesTransposed } from './matrixProducts.ts'

/** Passes of a convolution; a block starts with W [out, in, kernel, kernel], then b [out]. Source: Chellapilla et al. 2006 for the windows. */
export function convPasses(layer: ConvLayerSpec): LayerPasses {
  const { outChannels, bias, forwardScale, biasScale } = layer
  const columns = imageColumns(layer)
  const { positions } = columns
  const taps = fansOf(layer).fanIn
  const inWidth = inputWidthOf(layer)
  const outWidth = outputWidthOf(layer)
  const biasOffset = weightCount(layer)
  const windows = new Float64Array(taps * positions)
  const windowDeltas = new Float64Array(taps * positions)

  /** z of every row from W and the windows of its image. */
  const multiply = (weights: Float64Array, input: Float64Array, rows: number, z: Float64Array, add: boolean): void => {
    for (let row = 0; row < rows; row++) {
      columns.gather(input, row * inWidth, windows)
      const image = z.subarray(row * outWidth, (row + 1) * outWidth)
      times(weights, windows, outChannels, taps, positions, forwardScale, image, add)
    }
  }
  const addBias = (block: Float64Array, rows: number, z: Float64Array): void => {
    if (!bias) return
    for (let at = 0; at < rows * outWidth; at += positions) {
      const value = biasScale * block[biasOffset + ((at / positions) % outChannels)]
      for (let p = at; p < at + positions; p++) z[p] += value
    }
  }
  const addFilterGradient = (input: Float64Array, delta: Float64Array, rows: number, into: Float64Array): void => {
    for (let row = 0; row < rows; row++) {
      columns.gather(input, row * inWidth, windows)
      const image = delta.subarray(row * outWidth, (row + 1) * outWidth)
      timesTransposed(image, windows, outChannels, positions, taps, forwardScale, into, true)
    }
  }
  const addBiasGradient = (delta: Float64Array, rows: number, into: Float64Array): void => {
    if (!bias) return
    for (let at = 0; at < rows * outWidth; at += positions) {
      let sum = 0
      for (let p = at; p < at + positions; p++) sum += delta[p]
      into[biasOffset + ((at / positions) % outChannels)] += biasScale * sum
    }
  }
  const addWindowDeltas = (weights: Float64Array, delta: Float64Array, row: number): void => {
    const image = delta.subarray(row * outWidth, (row + 1) * outWidth)
    addTransposedTimes(weights, image, outChannels, taps, positions, forwardScale, windowDeltas)
  }

  return {
    forward(block, input, rows, z) {
      multiply(block, input, rows, z, false)
      addBias(block, rows, z)
    },
    backward(block, delta, rows, inputDelta) {
      for (let row = 0; row < rows; row++) {
        windowDeltas.fill(0)
        addWindowDeltas(block, delta, row)
        columns.scatter(windowDeltas, inputDelta, row * inWidth)
      }
    },
    gradient(input, delta, rows, into) {
      addFilterGradient(input, delta, rows, into)
      addBiasGradient(delta, rows, into)
    },
    tangent(block, direction, input, inputTangent, rows, zTangent) {
      multiply(direction, input, rows, zTangent, false)
      if (inputTangent !== null) multiply(block, inputTangent, rows, zTangent, true)
      addBias(direction, rows, zTangent)
    },
    backwardTangent(block, direction, delta, deltaTangent, rows, inputDeltaTangent) {
      for (let row = 0; row < rows; row++) {
        windowDeltas.fill(0)
        addWindowDeltas(block, deltaTangent, row)
        addWindowDeltas(direction, delta, row)
        columns.scatter(windowDeltas, inputDeltaTangent, row * inWidth)
      }
    },
    gradientTangent(input, inputTangent, delta, deltaTangent, rows, into) {
      addFilterGradient(input, deltaTangent, rows, into)
      if (inputTangent !== null) addFilterGradient(inputTangent, delta, rows, into)
      addBiasGradient(deltaTangent, rows, into)
    },
    gram: (input, delta, rows, perRow, into, pause) => convolutionGram(layer, columns, input, delta, rows, perRow, into, pause),
  }
}
