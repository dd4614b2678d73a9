// Is the spectrum of diagonal plus rank one right to relative precision, and fast?
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DomainFault, ShapeFault } from '../../src/core/faults.ts'
import { secularEigenvalues } from '../../src/numerics/secularEigenvalues.ts'
import { namedStream } from '../../src/numerics/streams.ts'
import { symmetricEigenvalues } from '../../src/numerics/symmetricEigenvalues.ts'
import { jacobiEigenvalues } from './reference/jacobiEigenvalues.ts'

const SEED = 20260804
const dense = (d: Float64Array, u: Float64Array, factor: number): Float64Array => {
  const n = d.length
  return Float64Array.from({ length: n * n }, (_, k) => factor * u[Math.floor(k / n)] * u[k % n] + (k % (n + 1) === 0 ? d[k % n] : 0))
}
const normals = (n: number, seed: number, name: string): Float64Array => {
  const stream = namedStream(seed, name)
  return Float64Array.from({ length: n }, () => stream.normal())
}
const size = (values: Float64Array): number => Math.max(...values.map(Math.abs))

describe('secularEigenvalues', () => {
  test('is the sorted diagonal when the factor or the vector is zero', () => {
    expect(Array.from(secularEigenvalues(Float64Array.of(3, -1, 2), Float64Array.of(1, 1, 1), 0))).toEqual([-1, 2, 3])
    expect(Array.from(secularEigenvalues(Float64Array.of(3, -1, 2), new Float64Array(3), 5))).toEqual([-1, 2, 3])
    expect(secularEigenvalues(new Float64Array(0), new Float64Array(0), 1)).toHaveLength(0)
  })
  test('is d + factor u^2 for one row', () => {
    expect(Array.from(secularEigenvalues(Float64Array.of(2), Float64Array.of(3), -1))).toEqual([-7])
  })
  test('keeps n - 1 copies of an equal diagonal and moves one by factor |u|^2', () => {
    const values = secularEigenvalues(new Float64Array(6).fill(2), Float64Array.of(1, 2, 0, 1, 1, 3), 0.5)
    expect(Array.from(values.slice(0, 5))).toEqual([2, 2, 2, 2, 2])
    expect(values[5]).toBeCloseTo(2 + 0.5 * 16, 13)
  })
  test('agrees with a dense solver, also with repeated and zero entries', () => {
    const entry = fc.oneof(fc.double({ min: -5, max: 5, noNaN: true }), fc.constantFrom(0, 1, -2))
    const pairs = fc.array(fc.tuple(entry, entry), { minLength: 1, maxLength: 25 })
    fc.assert(
      fc.property(pairs, fc.double({ min: -4, max: 4, noNaN: true }), (rows, factor) => {
        const d = Float64Array.from(rows, (row) => row[0])
        const u = Float64Array.from(rows, (row) => row[1])
        const values = secularEigenvalues(d, u, factor)
        const expected = jacobiEigenvalues(dense(d, u, factor), d.length)
        // The dense twin is only accurate against the largest.
        values.forEach((value, i) => expect(Math.abs(value - expected[i])).toBeLessThan(1e-13 * Math.max(size(expected), 1e-290)))
      }),
      { seed: SEED, numRuns: 300 },
    )
  })
  test('interlaces: a positive factor moves no value below its own pole or above the next', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 40 }), fc.integer({ min: 0, max: 1e6 }), (n, seed) => {
        const d = normals(n, seed, 'd').sort()
        const u = normals(n, seed, 'u')
        const values = secularEigenvalues(d, u, 1.5)
        values.forEach((value, i) => {
          expect(value).toBeGreaterThanOrEqual(d[i])
          if (i + 1 < n) expect(value).toBeLessThanOrEqual(d[i + 1])
        })
        const trace = d.reduce((sum, v) => sum + v, 0) + 1.5 * u.reduce((sum, v) => sum + v * v, 0)
        expect(Math.abs(values.reduce((sum, v) => sum + v, 0) - trace)).toBeLessThan(1e-13 * n * size(values))
      }),
      { seed: SEED, numRuns: 100 },
    )
  })
  test('keeps small eigenvalues to relative precision where poles span 200 decades', () => {
    // d graded and positive: D M D with D = sqrt(d), which Jacobi resolves to relative precision.
    const n = 9
    const d = Float64Array.from({ length: n }, (_, i) => 10 ** (-25 * i))
    const u = d.map((v, i) => Math.sqrt(v) * (0.3 + 0.1 * i))
    const values = secularEigenvalues(d, u, 1)
    jacobiEigenvalues(dense(d, u, 1), n).forEach((expected, i) => expect(values[i] / expected).toBeCloseTo(1, 12))
    expect(values[0]).toBeLessThan(1e-199)
  })
  test('is the same spectrum at 1e-295 and at 1e240', () => {
    const d = normals(20, 1, 'd')
    const u = normals(20, 1, 'u')
    const values = secularEigenvalues(d, u, -0.7)
    for (const factor of [2 ** -980, 2 ** 800]) {
      const scaled = secularEigenvalues(
        d.map((v) => v * factor),
        u,
        -0.7 * factor,
      )
      scaled.forEach((value, i) => expect(value / factor / values[i]).toBeCloseTo(1, 13))
    }
  })
  test('finds a root that lies far closer to zero than to its poles', () => {
    // diag(-1, 1) + u u^T has trace u1^2 + u2^2 and determinant u1^2 - u2^2 - 1: here 3 and 2^-40, so the small root is det / 3 (1 + det / 9).
    const u = Float64Array.of(Math.sqrt(2 + 2 ** -40), 1)
    const determinant = u[0] * u[0] - 2
    const values = secularEigenvalues(Float64Array.of(-1, 1), u, 1)
    expect(Math.max(...values)).toBeCloseTo(3, 11)
    // The poles are 1e12 times larger: their rounding, 1e-16 of 1e-12, is the limit for the small root.
    expect(Math.min(...values) / (determinant / 3)).toBeCloseTo(1, 3)
  })
  test('gives the inertia of a chain Hessian: L - 1 of one sign, one of the other', () => {
    const stream = namedStream(3, 'weights')
    for (const depth of [2, 10, 100]) {
      const w = Float64Array.from({ length: depth }, () => (2 * stream.uniform() - 1) * Math.sqrt(3))
      const p = w.reduce((product, v) => product * v, 1)
      // H / (x P) = (y - x P) diag(1/w^2) + (2 x P - y) (1/w)(1/w)^T with x = y = 1.
      const inverse = w.map((v) => 1 / v)
      const values = secularEigenvalues(
        inverse.map((v) => (1 - p) * v * v),
        inverse,
        2 * p - 1,
      )
      expect(values.filter((v) => v > 0)).toHaveLength(depth - 1)
      const expected = symmetricEigenvalues(
        dense(
          inverse.map((v) => (1 - p) * v * v),
          inverse,
          2 * p - 1,
        ),
        depth,
      )
      values.forEach((value, i) => expect(Math.abs(value - expected[i])).toBeLessThan(1e-12 * size(expected)))
    }
  })
  test('solves 100 rows in well under 5 ms', () => {
    const d = normals(100, 5, 'd')
    const u = normals(100, 5, 'u')
    for (let i = 0; i < 20; i++) secularEigenvalues(d, u, 1)
    const times = Array.from({ length: 15 }, () => {
      const start = performance.now()
      secularEigenvalues(d, u, 1)
      return performance.now() - start
    }).sort((a, b) => a - b)
    // Measured near 0.6 ms; the bound leaves room for a busy machine, and a dense solve takes longer.
    expect(times[0]).toBeLessThan(5)
  })
  test('refuses lengths that differ and entries that are not finite', () => {
    expect(() => secularEigenvalues(new Float64Array(2), new Float64Array(3), 1)).toThrow(ShapeFault)
    expect(() => secularEigenvalues(Float64Array.of(1), Float64Array.of(NaN), 1)).toThrow(DomainFault)
    expect(() => secularEigenvalues(Float64Array.of(1), Float64Array.of(1), Infinity)).toThrow(DomainFault)
  })
})
