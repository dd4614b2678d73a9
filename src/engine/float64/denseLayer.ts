// z = forwardScale W h + biasScale b, and its derivatives.
//
// Source: Pearlmutter 1994 for the R-operator (tangent and backwardTangent); the Gram share is (s^2 h_i.h_j + bias) (D_i.D_j).
import type { DenseLayerSpec } from '../../core/networkSpec.ts'
import { addBoth } from './gramSums.ts'
import type { LayerPasses } from './layerPasses.ts'
import { addTransposedTimes, times, timesTransposed } from './matrixProducts.ts'

/** Rows of a square of the Gram matrix, about; samples come in tiles of the product. */
const SQUARE_ROWS = 32
const TILE = 4

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
      const constant = bias ? biasScale * biasScale : 0
      // Squares of samples: what lies above the diagonal is a mirror image, and the rows of two squares stay in the cache.
      const side = TILE * Math.ceil(SQUARE_ROWS / perRow / TILE)
      const inputProducts = new Float64Array(side * side)
      const products = new Float64Array((side * perRow) ** 2)
      for (let first = 0; first < rows; first += side) {
        const end = Math.min(rows, first + side)
        for (let second = 0; second <= first; second += side) {
          const stop = Math.min(rows, second + side)
          const samples = stop - second
          const columns = samples * perRow
          const inputsOf = (from: number, to: number) => input.subarray(from * fanIn, to * fanIn)
          const deltasOf = (from: number, to: number) => delta.subarray(from * perRow * fanOut, to * perRow * fanOut)
          const square = forwardScale * forwardScale
          timesTransposed(inputsOf(first, end), inputsOf(second, stop), end - first, fanIn, samples, square, inputProducts, false)
          timesTransposed(deltasOf(first, end), deltasOf(second, stop), (end - first) * perRow, fanOut, columns, 1, products, false)
          for (let i = first; i < end; i++) {
            for (let p = i * perRow; p < (i + 1) * perRow; p++) {
              const own = (p - first * perRow) * columns
              for (let j = second; j < stop && j <= i; j++) {
                const ofInputs = inputProducts[(i - first) * samples + j - second] + constant
                for (let q = j * perRow; q < (j + 1) * perRow && q <= p; q++) {
                  addBoth(into, count, p, q, ofInputs * products[own + q - second * perRow])
                }
              }
            }
          }
          await pause()
        }
      }
    },
  }
}
