// Is the curvature between layers or within them?
//
// One number per pair of layers instead of P^2 entries: the mean absolute entry and the Frobenius norm of each block.
// A layer's block holds its W and b together, as everywhere. Two passes, because squares of a vanishing network's
// curvature leave float64 unless each block is scaled by its own largest entry.
import type { LayerInfo } from '../core/probe.ts'
import { ShapeFault } from '../core/faults.ts'

export interface LayerBlocks {
  /** [L, L] mean absolute entry. */
  readonly meanAbs: Float64Array
  /** [L, L] Frobenius norm. */
  readonly frobenius: Float64Array
}

/**
 * Size of every layer block of a [P, P] matrix.
 *
 * The squares of the Frobenius norms add up to the square of the matrix's.
 *
 * @throws {ShapeFault} when the layers do not cover the matrix.
 */
export function layerBlocks(matrix: Float64Array, layers: readonly Pick<LayerInfo, 'offset' | 'size'>[]): LayerBlocks {
  const dimension = layers.reduce((sum, layer) => sum + layer.size, 0)
  if (matrix.length !== dimension ** 2) {
    throw new ShapeFault(`layerBlocks: matrix holds ${matrix.length} entries, expected ${dimension}^2 = ${dimension ** 2}`)
  }
  const count = layers.length
  const layerOf = new Int32Array(dimension)
  for (const [layer, { offset, size }] of layers.entries()) layerOf.fill(layer, offset, offset + size)
  const sum = new Float64Array(count * count)
  const largest = new Float64Array(count * count)
  const squares = new Float64Array(count * count)
  for (let row = 0; row < dimension; row++) {
    for (let column = 0; column < dimension; column++) {
      const block = layerOf[row] * count + layerOf[column]
      const size = Math.abs(matrix[row * dimension + column])
      sum[block] += size
      if (size > largest[block]) largest[block] = size
    }
  }
  for (let row = 0; row < dimension; row++) {
    for (let column = 0; column < dimension; column++) {
      const block = layerOf[row] * count + layerOf[column]
      if (largest[block] > 0) squares[block] += (matrix[row * dimension + column] / largest[block]) ** 2
    }
  }
  return {
    meanAbs: sum.map((total, block) => total / (layers[Math.floor(block / count)].size * layers[block % count].size)),
    frobenius: squares.map((square, block) => largest[block] * Math.sqrt(square)),
  }
}
