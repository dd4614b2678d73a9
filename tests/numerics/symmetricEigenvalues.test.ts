// Are all eigenvalues right, at every scale, against closed forms and a slow twin?
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DomainFault, ShapeFault } from '../../src/core/faults.ts'
import { namedStream } from '../../src/numerics/streams.ts'
import { symmetricEigenvalues } from '../../src/numerics/symmetricEigenvalues.ts'
import { jacobiEigenvalues } from './reference/jacobiEigenvalues.ts'

const SEED = 20260802

function randomSymmetric(n: number, seed: number): Float64Array {
  const stream = namedStream(seed, 'matrix')
  const matrix = new Float64Array(n * n)
  for (let i = 0; i < n; i++) for (let j = 0; j <= i; j++) matrix[i * n + j] = matrix[j * n + i] = stream.normal()
  return matrix
}
const sum = (values: ArrayLike<number>, f: (v: number) => number): number => Array.from(values).reduce((total, v) => total + f(v), 0)
const largest = (values: Float64Array): number => Math.max(Math.abs(values[0]), Math.abs(values[values.length - 1]))

describe('symmetricEigenvalues', () => {
  test('is the entry itself for one row, and nothing for none', () => {
    expect(Array.from(symmetricEigenvalues(Float64Array.of(-3.5), 1))).toEqual([-3.5])
    expect(symmetricEigenvalues(new Float64Array(0), 0)).toHaveLength(0)
  })
  test('sorts a diagonal matrix and keeps its bits', () => {
    const matrix = new Float64Array(16)
    ;[3, -1e-200, 7e100, 0].forEach((v, i) => (matrix[i * 5] = v))
    expect(Array.from(symmetricEigenvalues(matrix, 4))).toEqual([-1e-200, 0, 3, 7e100])
  })
  test('finds the closed form 2 - 2 cos(k pi / (n + 1)) of the second difference', () => {
    const n = 60
    const matrix = Float64Array.from({ length: n * n }, (_, k) => {
      const gap = Math.abs(Math.floor(k / n) - (k % n))
      return gap === 0 ? 2 : gap === 1 ? -1 : 0
    })
    const values = symmetricEigenvalues(matrix, n)
    // n roundings of the largest entry.
    values.forEach((value, k) => expect(Math.abs(value - (2 - 2 * Math.cos(((k + 1) * Math.PI) / (n + 1))))).toBeLessThan(1e-14))
  })
  test('sees n - 1 zeros and n in the matrix of ones', () => {
    const n = 25
    const values = symmetricEigenvalues(new Float64Array(n * n).fill(1), n)
    expect(values[n - 1]).toBeCloseTo(n, 12)
    expect(Math.max(...values.slice(0, n - 1).map(Math.abs))).toBeLessThan(1e-13)
  })
  test('agrees with Jacobi rotations on random matrices', () => {
    for (const n of [2, 3, 10, 40]) {
      const matrix = randomSymmetric(n, n)
      const expected = jacobiEigenvalues(matrix, n)
      const values = symmetricEigenvalues(matrix, n)
      // Backward error of both: a few n eps of the norm.
      values.forEach((value, i) => expect(Math.abs(value - expected[i])).toBeLessThan(1e-14 * n * largest(expected)))
    }
  })
  test('keeps trace and Frobenius norm of random matrices', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 0, max: 1e6 }), (n, seed) => {
        const matrix = randomSymmetric(n, seed)
        const values = symmetricEigenvalues(matrix, n)
        const trace = sum(
          Array.from({ length: n }, (_, i) => matrix[i * n + i]),
          (v) => v,
        )
        const size = largest(values)
        expect(Math.abs(sum(values, (v) => v) - trace)).toBeLessThan(1e-13 * n * size)
        expect(sum(values, (v) => v * v) / sum(matrix, (v) => v * v)).toBeCloseTo(1, 12)
      }),
      { seed: SEED, numRuns: 60 },
    )
  })
  test('interlaces with the eigenvalues of the matrix without its last row', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 20 }), fc.integer({ min: 0, max: 1e6 }), (n, seed) => {
        const matrix = randomSymmetric(n, seed)
        const inner = new Float64Array((n - 1) ** 2)
        for (let i = 0; i < n - 1; i++) inner.set(matrix.subarray(i * n, i * n + n - 1), i * (n - 1))
        const outerValues = symmetricEigenvalues(matrix, n)
        const innerValues = symmetricEigenvalues(inner, n - 1)
        const slack = 1e-13 * largest(outerValues)
        innerValues.forEach((value, i) => {
          expect(value).toBeGreaterThanOrEqual(outerValues[i] - slack)
          expect(value).toBeLessThanOrEqual(outerValues[i + 1] + slack)
        })
      }),
      { seed: SEED, numRuns: 40 },
    )
  })
  test('scales exactly by powers of two down to 1e-200 and up to 1e200', () => {
    const n = 12
    const matrix = randomSymmetric(n, 5)
    const values = symmetricEigenvalues(matrix, n)
    for (const factor of [2 ** -700, 2 ** -1000, 2 ** 700]) {
      expect(
        Array.from(
          symmetricEigenvalues(
            matrix.map((v) => v * factor),
            n,
          ),
        ),
      ).toEqual(Array.from(values, (v) => v * factor))
    }
  })
  test('keeps every eigenvalue of a graded positive definite matrix from 1 to 1e-200, in any order of the rows', () => {
    // D M D with M well conditioned: Jacobi gets each value to relative precision.
    const n = 11
    const stream = namedStream(9, 'matrix')
    const core = randomSymmetric(n, 10).map((v, k) => (k % (n + 1) === 0 ? 1 : 0.05 * v))
    const orders = [
      Array.from({ length: n }, (_, i) => i),
      Array.from({ length: n }, (_, i) => n - 1 - i),
      Array.from(stream.permutation(n)),
    ]
    for (const order of orders) {
      const grade = order.map((i) => 10 ** (-10 * i))
      const matrix = core.map((v, k) => v * grade[Math.floor(k / n)] * grade[k % n])
      const expected = jacobiEigenvalues(matrix, n)
      expect(expected[0]).toBeLessThan(2e-200)
      symmetricEigenvalues(matrix, n).forEach((value, i) => expect(value / expected[i]).toBeCloseTo(1, 11))
    }
  })
  test('leaves its input as it was', () => {
    const matrix = randomSymmetric(6, 1)
    const before = matrix.slice()
    symmetricEigenvalues(matrix, 6)
    expect(matrix).toEqual(before)
  })
  test('refuses a wrong length and entries that are not finite', () => {
    expect(() => symmetricEigenvalues(new Float64Array(5), 2)).toThrow(ShapeFault)
    expect(() => symmetricEigenvalues(Float64Array.of(1, 2, NaN, 1), 2)).toThrow(DomainFault)
  })
})
