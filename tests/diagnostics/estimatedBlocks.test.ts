// estimatedBlocks against its definition, from the very signs that it drew
import { expect, test } from 'vitest'
import { ShapeFault } from '../../src/core/faults.ts'
import { estimatedBlocks } from '../../src/diagnostics/estimatedBlocks.ts'
import { namedStream } from '../../src/numerics/streams.ts'

const layers = [
  { offset: 0, size: 2 },
  { offset: 2, size: 3 },
]
const stream = namedStream(6, 'matrix')
const matrix = Array.from({ length: 5 }, () => Array.from({ length: 5 }, () => stream.normal()))
for (let i = 0; i < 5; i++) for (let j = 0; j < i; j++) matrix[i][j] = matrix[j][i]

/** [L, L] squared norms of H s restricted to a layer, s the signs on another, averaged over both orders of the two. */
function squaresOf(signs: readonly Float64Array[]): number[] {
  const piece = (row: number, column: number): number => {
    const { offset, size } = layers[row]
    const products = matrix
      .slice(offset, offset + size)
      .map((entries) => entries.reduce((sum, entry, k) => sum + entry * signs[column][k], 0))
    return products.reduce((sum, value) => sum + value * value, 0)
  }
  return [0, 1].flatMap((row) => [0, 1].map((column) => (piece(row, column) + piece(column, row)) / 2))
}

async function measured(draws: number, scale = 1) {
  const drawn: Float64Array[] = []
  const found = await estimatedBlocks(
    async (block, count) => {
      for (let v = 0; v < count; v++) drawn.push(block.slice(5 * v, 5 * v + 5))
      return Float64Array.from(block, (_, at) => {
        const v = Math.floor(at / 5)
        return scale * matrix[at % 5].reduce((sum, entry, k) => sum + entry * block[5 * v + k], 0)
      })
    },
    layers,
    5,
    namedStream(7, 'signs'),
    draws,
  )
  return { ...found, squares: Array.from({ length: draws }, (_, draw) => squaresOf(drawn.slice(2 * draw, 2 * draw + 2))) }
}

test('estimatedBlocks is the root of the mean of squared pieces, with the standard error of that root', async () => {
  const { frobenius, stderr, squares } = await measured(5)
  for (let block = 0; block < 4; block++) {
    const own = squares.map((draw) => draw[block])
    const mean = own.reduce((sum, value) => sum + value, 0) / 5
    const variance = own.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 4
    expect(frobenius[block] / Math.sqrt(mean)).toBeCloseTo(1, 12)
    // d sqrt(m) = dm / (2 sqrt m).
    expect(stderr[block] / (Math.sqrt(variance / 5) / (2 * Math.sqrt(mean)))).toBeCloseTo(1, 10)
  }
})

test('estimatedBlocks grows with the matrix to both ends of float64', async () => {
  const plain = await measured(3)
  for (const scale of [2 ** -600, 2 ** 600]) {
    const { frobenius, stderr } = await measured(3, scale)
    expect(frobenius).toEqual(plain.frobenius.map((value) => value * scale))
    expect(stderr).toEqual(plain.stderr.map((value) => value * scale))
  }
})

test('estimatedBlocks refuses layers that do not cover the matrix', async () => {
  const never = () => Promise.reject(new Error('was asked'))
  await expect(estimatedBlocks(never, layers, 6, namedStream(1, 'x'), 2)).rejects.toThrow(ShapeFault)
})
