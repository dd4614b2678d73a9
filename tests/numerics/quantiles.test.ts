// Are quantiles between the right order statistics, infinities included?
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DomainFault } from '../../src/core/faults.ts'
import { BAND_PROBABILITIES, median, quantiles, sortedQuantile } from '../../src/numerics/quantiles.ts'

const SEED = 20260806
const finite = fc.double({ min: -1e300, max: 1e300, noNaN: true })

describe('quantiles', () => {
  test('has the extremes at 0 and 1 and the middle two in the median', () => {
    expect(Array.from(quantiles([9, 1, 4, 2], [0, 0.5, 1]))).toEqual([1, 3, 9])
  })
  test('interpolates linearly as type 7 does', () => {
    // 1..5: position 0.3 * 4 = 1.2.
    expect(quantiles([5, 4, 3, 2, 1], [0.3])[0]).toBeCloseTo(2.2, 15)
  })
  test('is ascending in the probability and inside the range', () => {
    fc.assert(
      fc.property(fc.array(finite, { minLength: 1, maxLength: 40 }), (values) => {
        const band = quantiles(values, BAND_PROBABILITIES)
        expect(Array.from(band)).toEqual(Array.from(band.slice().sort()))
        expect(band[0]).toBeGreaterThanOrEqual(Math.min(...values))
        expect(band[4]).toBeLessThanOrEqual(Math.max(...values))
      }),
      { seed: SEED },
    )
  })
  test('does not depend on the order and leaves the values as they were', () => {
    fc.assert(
      fc.property(fc.array(finite, { minLength: 1, maxLength: 20 }), (values) => {
        const before = values.slice()
        expect(quantiles(values, [0.25])).toEqual(quantiles(values.slice().reverse(), [0.25]))
        expect(values).toEqual(before)
      }),
      { seed: SEED },
    )
  })
  test('follows a shift and a positive scale', () => {
    const values = [3, -1, 0.5, 8, 2]
    quantiles(
      values.map((v) => 2 * v + 1),
      BAND_PROBABILITIES,
    ).forEach((q, i) => expect(q).toBeCloseTo(2 * quantiles(values, BAND_PROBABILITIES)[i] + 1, 13))
  })
  test('keeps minus infinity of dead seeds without making NaN', () => {
    const values = [-Infinity, -Infinity, -Infinity, -3, -2]
    expect(Array.from(quantiles(values, [0, 0.25, 0.5, 1]))).toEqual([-Infinity, -Infinity, -Infinity, -2])
    expect(quantiles([-Infinity, 1], [0.5])[0]).not.toBeNaN()
    expect(quantiles([-Infinity, 1], [0.5])[0]).toBe(-Infinity)
    expect(quantiles([1, Infinity], [0.5])[0]).toBe(Infinity)
    expect(quantiles([-Infinity, Infinity], [0.5])[0]).toBe(-Infinity)
  })
  test('is NaN for no values and refuses NaN among them', () => {
    expect(median([])).toBeNaN()
    expect(() => median([1, NaN])).toThrow(DomainFault)
    expect(() => sortedQuantile([1], 1.5)).toThrow(DomainFault)
  })
})
