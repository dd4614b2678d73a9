// Each title finishes the sentence "gradientDiversity ..." (and its two companions by name).
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ShapeFault } from '../../src/core/faults.ts'
import { batchSizeBound } from '../../src/diagnostics/batchSizeBound.ts'
import { gradientDiversity } from '../../src/diagnostics/gradientDiversity.ts'
import { gradientVariance } from '../../src/diagnostics/gradientVariance.ts'
import { gramOf, integerVectors, PROPERTY_SEED } from './gramOf.ts'

const sumOf = (rows: readonly (readonly number[])[]) => rows[0].map((_, k) => rows.reduce((sum, row) => sum + row[k], 0))
const square = (vector: readonly number[]) => vector.reduce((sum, value) => sum + value * value, 0)

test('gradientDiversity is 1/n when every sample agrees', () => {
  expect(
    gradientDiversity(
      gramOf([
        [3, 4],
        [3, 4],
        [3, 4],
      ]),
      3,
    ),
  ).toBeCloseTo(1 / 3, 12)
})

test('gradientDiversity is 1 when the gradients are orthogonal', () => {
  expect(
    gradientDiversity(
      gramOf([
        [3, 0, 0],
        [0, 5, 0],
        [0, 0, 1],
      ]),
      3,
    ),
  ).toBe(1)
})

test('gradientDiversity is infinite when the gradients cancel', () => {
  expect(
    gradientDiversity(
      gramOf([
        [1, -2],
        [-1, 2],
      ]),
      2,
    ),
  ).toBe(Infinity)
})

test('gradientDiversity is undefined when all gradients are zero', () => {
  expect(gradientDiversity(new Float64Array(4), 2)).toBeNaN()
})

test('gradientDiversity follows 1/(1 + cos) for two equal norms', () => {
  const angle = 1.1
  // Exact algebra; 1e-12 allows the rounding of sine and cosine.
  expect(
    gradientDiversity(
      gramOf([
        [1, 0],
        [Math.cos(angle), Math.sin(angle)],
      ]),
      2,
    ),
  ).toBeCloseTo(1 / (1 + Math.cos(angle)), 12)
})

test('gradientDiversity refuses a matrix of another size', () => {
  expect(() => gradientDiversity(new Float64Array(5), 2)).toThrow(ShapeFault)
})

test('gradientDiversity equals the quotient of the explicit sums, for any vectors', () => {
  fc.assert(
    fc.property(integerVectors, (rows) => {
      const squareOfSum = square(sumOf(rows))
      const expected = rows.reduce((sum, row) => sum + square(row), 0) / squareOfSum
      // Integers: both sides divide the same two exact numbers.
      expect(gradientDiversity(gramOf(rows), rows.length)).toBe(expected)
    }),
    PROPERTY_SEED,
  )
})

test('gradientDiversity is never below 1/n, does not change with scale or order', () => {
  fc.assert(
    fc.property(integerVectors, fc.integer({ min: -60, max: 60 }), (rows, exponent) => {
      const diversity = gradientDiversity(gramOf(rows), rows.length)
      if (Number.isNaN(diversity)) return
      expect(diversity).toBeGreaterThanOrEqual(1 / rows.length - 1e-15)
      const scaled = rows.map((row) => row.map((value) => value * 2 ** exponent))
      expect(gradientDiversity(gramOf(scaled), rows.length)).toBe(diversity)
      expect(gradientDiversity(gramOf(rows.toReversed()), rows.length)).toBe(diversity)
    }),
    PROPERTY_SEED,
  )
})

test('batchSizeBound is 1 when all agree and n when all are orthogonal', () => {
  expect(
    batchSizeBound(
      gradientDiversity(
        gramOf([
          [2, 1],
          [2, 1],
          [2, 1],
          [2, 1],
        ]),
        4,
      ),
      4,
    ),
  ).toBe(1)
  expect(
    batchSizeBound(
      gradientDiversity(
        gramOf([
          [2, 0],
          [0, 1],
        ]),
        2,
      ),
      2,
    ),
  ).toBe(2)
})

test('batchSizeBound does not change when every sample is repeated', () => {
  fc.assert(
    fc.property(integerVectors, (rows) => {
      const once = batchSizeBound(gradientDiversity(gramOf(rows), rows.length), rows.length)
      const twice = [...rows, ...rows]
      if (!Number.isFinite(once)) return
      // 2n * (2 S / 4 Q) = n S / Q, up to two roundings.
      expect(batchSizeBound(gradientDiversity(gramOf(twice), twice.length), twice.length)).toBeCloseTo(once, 10)
    }),
    PROPERTY_SEED,
  )
})

test('gradientVariance is 0 when all agree and the mean square when they cancel', () => {
  expect(
    gradientVariance(
      gramOf([
        [3, 4],
        [3, 4],
      ]),
      2,
    ),
  ).toBe(0)
  expect(
    gradientVariance(
      gramOf([
        [3, 4],
        [-3, -4],
      ]),
      2,
    ),
  ).toBe(25)
})

test('gradientVariance equals mean square minus square of the mean', () => {
  fc.assert(
    fc.property(integerVectors, (rows) => {
      const n = rows.length
      const expected = rows.reduce((sum, row) => sum + square(row), 0) / n - square(sumOf(rows)) / n ** 2
      // The twin cancels; integers up to 9 leave 1e-12.
      expect(gradientVariance(gramOf(rows), n)).toBeCloseTo(expected, 10)
    }),
    PROPERTY_SEED,
  )
})

test('gradientVariance keeps its digits where the samples nearly agree', () => {
  const tiny = 2 ** -24
  // Exact: half the squared distance of the pair, divided by 2; the textbook form would give 0.
  expect(
    gradientVariance(
      gramOf([
        [1, tiny],
        [1, -tiny],
      ]),
      2,
    ),
  ).toBe(tiny ** 2)
})

test('gradientDiversity is infinite, not negative, where rounding makes a sum that cancels less than nothing', () => {
  const more = 1 + 2 ** -52
  expect(gradientDiversity(Float64Array.of(1, -more, -more, 1), 2)).toBe(Infinity)
})

test('gradientVariance is never negative by rounding', () => {
  const more = 1 + 2 ** -52
  expect(gradientVariance(Float64Array.of(1, more, more, 1), 2)).toBe(0)
})
