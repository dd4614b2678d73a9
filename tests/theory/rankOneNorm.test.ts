// rankOneNorm
import { describe, expect, test } from 'vitest'
import { ShapeFault } from '../../src/core/faults.ts'
import { namedStream } from '../../src/numerics/streams.ts'
import { symmetricEigenvalues } from '../../src/numerics/symmetricEigenvalues.ts'
import { rankOneNorm } from '../../src/theory/rankOneNorm.ts'
import { normals } from './reference/draws.ts'

describe('rankOneNorm', () => {
  test('is the largest absolute eigenvalue of the dense matrix, both signs of the factor (seed 721)', () => {
    const stream = namedStream(721, 'weights')
    for (let draw = 0; draw < 200; draw++) {
      const n = 1 + (draw % 7)
      const diagonal = normals(stream, n)
      // Equal entries and zeros in both, now and then.
      if (draw % 5 === 0 && n > 2) diagonal[1] = diagonal[0]
      const vector = normals(stream, n)
      if (draw % 3 === 0) vector[n - 1] = 0
      const factor = 2 * stream.normal()
      const matrix = Float64Array.from({ length: n * n }, (_, k) => {
        const [i, j] = [Math.floor(k / n), k % n]
        return (i === j ? diagonal[i] : 0) + factor * vector[i] * vector[j]
      })
      const norm = Math.max(...symmetricEigenvalues(matrix, n).map(Math.abs))
      // 1e-12: sixty halvings, and the rounding of the dense solver.
      expect(rankOneNorm(diagonal, vector, factor) / norm, `draw ${draw}`).toBeCloseTo(1, 12)
    }
  })
  test('is the diagonal without the piece, and the piece without the diagonal', () => {
    expect(rankOneNorm([1, -3, 2], [1, 1, 1], 0)).toBe(3)
    expect(rankOneNorm([0, 0], [3, 4], -2)).toBeCloseTo(50, 12)
    expect(rankOneNorm([], [], 1)).toBe(0)
  })
  test('finds a piece that cancels an entry', () => {
    expect(rankOneNorm([5, 1], [1, 0], -5)).toBeCloseTo(1, 12)
  })
  test('refuses a vector of another length', () => {
    expect(() => rankOneNorm([1], [1, 2], 1)).toThrow(ShapeFault)
  })
})
