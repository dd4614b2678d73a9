// z = forwardScale W h + biasScale b, and its derivatives.
//
// Source: Pearlmutter 1994 for the R-operator (tangent and backwardTangent); the Gram share is (s^2 h_i.h_j + bias) (D_i.D_j).
import type { DenseLayerSpec } from '../../core/networkSpec.ts'
import type { LayerPasses } from './layerPasses.ts'
import { addTransposedTimes, times, timesTransposed } from './matrixProducts.ts'

/** Passes of a dense layer; a block starts with W [out, in] row-major, then b [out]. A row is never so much work that it must be cut. */
export function densePasses(layer: DenseLayerSpec): LayerPasses {
  const { fanIn, fanOut, bias, forwardScale, biasScale } = layer
  const biasOffset = fanOut * fanIn

  const addBias = (block: Float64Array, rows: number, z: Float64Array): void => {
    if (!bias) return
    for (let i = 0; i < rows; i++) {
      for (let o = 0; o < fanOut; o++) z[i * fanOut + o] += biasScale * block[biasOffset + o]
    }
  }
  return {
    forward(block, input, rows, z) {
      timesTransposed(input, block, rows, fanIn, fanOut, forwardScale, z, false)
      addBias(block, rows, z)
    },
    backward(block, delta, rows, inputDelta) {
      times(delta, block, rows, fanOut, fanIn, forwardScale, inputDelta, false)
    },
    addsByRow: false,
    weightGradient(input, delta, rows, into, first = 0, count = fanOut) {
      addTransposedTimes(delta, input, rows, fanOut, fanIn, forwardScale, into, first, count)
    },
    biasGradient(delta, rows, into) {
      if (!bias) return
      for (let i = 0; i < rows; i++) {
        for (let o = 0; o < fanOut; o++) into[biasOffset + o] += biasScale * delta[i * fanOut + o]
      }
    },
    tangent(block, direction, input, inputTangent, rows, zTangent) {
      timesTransposed(input, direction, rows, fanIn, fanOut, forwardScale, zTangent, false)
      if (inputTangent !== null) timesTransposed(inputTangent, block, rows, fanIn, fanOut, forwardScale, zTangent, true)
      addBias(direction, rows, zTangent)
    },
    backwardTangent(block, direction, delta, deltaTangent, rows, inputDeltaTangent) {
      times(deltaTangent, block, rows, fanOut, fanIn, forwardScale, inputDeltaTangent, false)
      times(delta, direction, rows, fanOut, fanIn, forwardScale, inputDeltaTangent, true)
    },
    async gram(input, delta, rows, perRow, into, pause) {
      const count = rows * perRow
      const inputGram = new Float64Array(rows * rows)
      timesTransposed(input, input, rows, fanIn, rows, forwardScale * forwardScale, inputGram, false)
      const constant = bias ? biasScale * biasScale : 0
      const products = new Float64Array(perRow * count)
      for (let i = 0; i < rows; i++) {
        // Columns up to this sample only; the rest is the mirror image.
        const columns = (i + 1) * perRow
        const own = delta.subarray(i * perRow * fanOut, columns * fanOut)
        timesTransposed(own, delta, perRow, fanOut, columns, 1, products, false)
        for (let a = 0; a < perRow; a++) {
          const p = i * perRow + a
          for (let q = 0; q <= p; q++) {
            const j = perRow === 1 ? q : Math.floor(q / perRow)
            const share = (inputGram[i * rows + j] + constant) * products[a * columns + q]
            into[p * count + q] += share
            if (q !== p) into[q * count + p] += share
          }
        }
        await pause()
      }
    },
  }
}
