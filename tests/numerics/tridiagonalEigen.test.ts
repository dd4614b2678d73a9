// Are values and end components of tridiagonal matrices right?
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DomainFault, ShapeFault } from '../../src/core/faults.ts'
import { namedStream } from '../../src/numerics/streams.ts'
import { tridiagonalEigen, tridiagonalEigenvalues } from '../../src/numerics/tridiagonalEigen.ts'
import { jacobiEigenvalues } from './reference/jacobiEigenvalues.ts'

const SEED = 20260803
const dense = (d: Float64Array, e: Float64Array): Float64Array => {
  const n = d.length
  const matrix = new Float64Array(n * n)
  for (let i = 0; i < n; i++) {
    matrix[i * n + i] = d[i]
    if (i + 1 < n) matrix[i * n + i + 1] = matrix[(i + 1) * n + i] = e[i]
  }
  return matrix
}
const normals = (n: number, seed: number): Float64Array => {
  const stream = namedStream(seed, 'matrix')
  return Float64Array.from({ length: n }, () => stream.normal())
}
/** Twelve decimals of a sum of squares: a few hundred roundings. */
const total = (values: Float64Array): number => values.reduce((sum, v) => sum + v, 0)

describe('tridiagonalEigen', () => {
  test('gives the Gauss rule of the Legendre polynomials: nodes and weights of order 3', () => {
    const couplings = Float64Array.from([1, 2], (k) => k / Math.sqrt(4 * k * k - 1))
    const { values, first } = tridiagonalEigen(new Float64Array(3), couplings)
    const expected = [
      [-Math.sqrt(0.6), 5 / 18],
      [0, 8 / 18],
      [Math.sqrt(0.6), 5 / 18],
    ]
    expected.forEach(([node, weight], i) => {
      expect(values[i]).toBeCloseTo(node, 15)
      expect(first[i] ** 2).toBeCloseTo(weight, 15)
    })
  })
  test('has unit rows and reproduces moments from both ends', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 25 }), fc.integer({ min: 0, max: 1e6 }), (n, seed) => {
        const d = normals(n, seed)
        const e = normals(Math.max(0, n - 1), seed + 1)
        const { values, first, last } = tridiagonalEigen(d, e)
        expect(total(first.map((s) => s * s))).toBeCloseTo(1, 12)
        expect(total(last.map((s) => s * s))).toBeCloseTo(1, 12)
        // e_1^T T e_1 and e_n^T T e_n; e_1^T T^2 e_1.
        expect(total(values.map((v, i) => v * first[i] ** 2))).toBeCloseTo(d[0], 11)
        expect(total(values.map((v, i) => v * last[i] ** 2))).toBeCloseTo(d[n - 1], 11)
        expect(total(values.map((v, i) => (v * first[i]) ** 2))).toBeCloseTo(d[0] ** 2 + (n > 1 ? e[0] ** 2 : 0), 11)
        // Rows of an orthogonal matrix.
        expect(total(first.map((s, i) => s * last[i]))).toBeCloseTo(n === 1 ? 1 : 0, 11)
      }),
      { seed: SEED, numRuns: 60 },
    )
  })
  test('agrees with Jacobi rotations, as do the values alone', () => {
    const d = normals(30, 1)
    const e = normals(29, 2)
    const expected = jacobiEigenvalues(dense(d, e), 30)
    const { values } = tridiagonalEigen(d, e)
    const alone = tridiagonalEigenvalues(d, e)
    for (let i = 0; i < 30; i++) {
      expect(Math.abs(values[i] - expected[i])).toBeLessThan(2e-14)
      expect(Math.abs(alone[i] - expected[i])).toBeLessThan(2e-14)
    }
  })
  test('keeps an uncoupled part apart: end components of the other part are exact zeros', () => {
    const { values, first } = tridiagonalEigen(Float64Array.of(2, 5, 1), Float64Array.of(0, 3))
    const own = Array.from(values).indexOf(2)
    expect(first[own] ** 2).toBe(1)
    expect(first.filter((s) => s !== 0)).toHaveLength(1)
  })
  test('is right at 1e-250 and at 1e250', () => {
    const d = normals(8, 3)
    const e = normals(7, 4)
    const plain = tridiagonalEigen(d, e)
    for (const factor of [2 ** -830, 2 ** 830]) {
      const scaled = tridiagonalEigen(
        d.map((v) => v * factor),
        e.map((v) => v * factor),
      )
      expect(scaled.values).toEqual(plain.values.map((v) => v * factor))
      expect(scaled.last).toEqual(plain.last)
    }
  })
  test('settles where all diagonal entries are zero and couplings differ by 200 decades', () => {
    const e = Float64Array.from({ length: 20 }, (_, i) => 10 ** (-10 * i))
    const { values } = tridiagonalEigen(new Float64Array(21), e)
    // Symmetric about zero; the largest pair is +-sqrt(1 + 1e-20).
    expect(values[20]).toBeCloseTo(1, 12)
    expect(values[0] + values[20]).toBeCloseTo(0, 14)
  })
  test('refuses short couplings and infinite entries', () => {
    expect(() => tridiagonalEigen(new Float64Array(3), new Float64Array(1))).toThrow(ShapeFault)
    expect(() => tridiagonalEigenvalues(Float64Array.of(1, Infinity), Float64Array.of(1))).toThrow(DomainFault)
  })
})
