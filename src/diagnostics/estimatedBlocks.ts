// How large is each layer block of a Hessian that is too large to be formed?
//
// For random signs s on layer l alone, E |(H s)_k|^2 is the squared Frobenius norm of block (k, l): one product per layer and draw
// gives a whole column of blocks. Both triangles estimate the same number, so they are averaged.
import type { LayerInfo } from '../core/probe.ts'
import type { RandomStream } from '../core/random.ts'
import { ShapeFault } from '../core/faults.ts'
import type { BlockOperator } from '../numerics/lanczos.ts'
import { norm } from '../numerics/logMagnitude.ts'

/** Vectors in one question. */
const TOGETHER = 16

export interface EstimatedBlocks {
  /** [L, L] Frobenius norms, symmetric. */
  readonly frobenius: Float64Array
  /** [L, L] standard errors over draws. */
  readonly stderr: Float64Array
}

/**
 * Frobenius norms of all layer blocks from `draws` products per layer; unbiased in the squares.
 *
 * Exact for blocks with one nonzero entry in each column at most (the diagonal ones of a diagonal matrix).
 * Source: Hutchinson 1990, with probes on one block at a time.
 *
 * @param draws at least 2, or there is no error bar.
 * @throws {ShapeFault} when the layers do not cover `dimension`.
 */
export async function estimatedBlocks(
  operator: BlockOperator,
  layers: readonly Pick<LayerInfo, 'offset' | 'size'>[],
  dimension: number,
  stream: RandomStream,
  draws: number,
): Promise<EstimatedBlocks> {
  const covered = layers.reduce((sum, { size }) => sum + size, 0)
  if (covered !== dimension) throw new ShapeFault(`estimatedBlocks: layers hold ${covered} parameters, expected ${dimension}`)
  const count = layers.length
  /** [draws, L, L] norms of the pieces, row = piece, column = layer of the signs. */
  const sizes = new Float64Array(draws * count * count)
  for (let draw = 0; draw < draws; draw++) {
    for (let first = 0; first < count; first += TOGETHER) {
      const vectors = Math.min(TOGETHER, count - first)
      const block = new Float64Array(vectors * dimension)
      for (let v = 0; v < vectors; v++) {
        const { offset, size } = layers[first + v]
        for (let k = 0; k < size; k++) block[v * dimension + offset + k] = stream.uniform() < 0.5 ? -1 : 1
      }
      const products = await operator(block, vectors)
      for (let v = 0; v < vectors; v++) {
        for (const [row, { offset, size }] of layers.entries()) {
          const piece = products.subarray(v * dimension + offset, v * dimension + offset + size)
          sizes[(draw * count + row) * count + first + v] = norm(piece)
        }
      }
    }
  }
  const frobenius = new Float64Array(count * count)
  const stderr = new Float64Array(count * count)
  for (let row = 0; row < count; row++) {
    for (let column = 0; column < count; column++) {
      const values = Array.from({ length: draws }, (_, draw) => {
        const [a, b] = [sizes[(draw * count + row) * count + column], sizes[(draw * count + column) * count + row]]
        return Math.hypot(a, b) / Math.SQRT2
      })
      const { value, error } = rootMeanSquare(values)
      frobenius[row * count + column] = value
      stderr[row * count + column] = error
    }
  }
  return { frobenius, stderr }
}

/** Root of the mean square with its standard error, scaled so that no square leaves float64. */
function rootMeanSquare(values: readonly number[]): { readonly value: number; readonly error: number } {
  const largest = Math.max(...values)
  if (!(largest > 0)) return { value: largest, error: 0 }
  const squares = values.map((value) => (value / largest) ** 2)
  const mean = squares.reduce((sum, square) => sum + square, 0) / squares.length
  const spread = squares.reduce((sum, square) => sum + (square - mean) ** 2, 0)
  const error = Math.sqrt(spread / Math.max(1, squares.length - 1) / squares.length)
  return { value: largest * Math.sqrt(mean), error: (largest * error) / (2 * Math.sqrt(mean)) }
}
