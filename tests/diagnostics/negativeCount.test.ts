// negativeCount
import { expect, test } from 'vitest'
import { NEGATIVE_TOLERANCE, negativeCount } from '../../src/diagnostics/negativeCount.ts'

test('negativeCount takes what is small beside the largest |eigenvalue| for zero, of either sign', () => {
  expect(negativeCount(Float64Array.of(-2, -1e-5, -1e-7, 0, 1e-5, 1), 1e-6)).toBe(2)
  // The largest in size is the negative one: 1e-6 of it is 2e-5.
  expect(negativeCount(Float64Array.of(-20, -1e-5, 0, 1), 1e-6)).toBe(1)
  expect(negativeCount(Float64Array.of(1, 2, 3), 1e-6)).toBe(0)
})

test('negativeCount of nothing but zeros is 0, and does not change with scale', () => {
  expect(negativeCount(new Float64Array(4), NEGATIVE_TOLERANCE.float64)).toBe(0)
  const eigenvalues = Float64Array.of(-3, -1e-11, -1e-13, 2)
  for (const scale of [1, 2 ** -900, 2 ** 900])
    expect(
      negativeCount(
        eigenvalues.map((value) => value * scale),
        NEGATIVE_TOLERANCE.float64,
      ),
    ).toBe(2)
})
