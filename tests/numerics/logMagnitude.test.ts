// Do numbers beyond float64 keep their sign, size and sums?
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as magnitudes from '../../src/numerics/logMagnitude.ts'
import type { LogMagnitude } from '../../src/numerics/logMagnitude.ts'

const { add, binaryExponent, combinedNorm, log10Of, log10OfScaled, logMagnitudeOf, multiply, norm, normalised } = magnitudes
const { scaledNorm, scaledOf, scaledSumOfSquares, scaledToNumber, timesPowerOfTwo, toNumber } = magnitudes

const SEED = 20260801
const ordinary = fc.double({ min: -1e100, max: 1e100, noNaN: true }).filter((v) => v === 0 || Math.abs(v) > 1e-100)
const product = (factors: readonly number[]): LogMagnitude => factors.map(logMagnitudeOf).reduce(multiply)

describe('multiply', () => {
  test('carries a product of 1000 weights of 0.1 to log10 -1000, where float64 gives 0', () => {
    const weights = Array.from({ length: 1000 }, (_, i) => (i === 3 ? -0.1 : 0.1))
    expect(weights.reduce((p, w) => p * w, 1)).toBe(-0)
    // 1000 roundings of a log of size 2.3.
    expect(log10Of(product(weights))).toBeCloseTo(-1000, 9)
    expect(product(weights).sign).toBe(-1)
  })
  test('is zero as soon as one factor is zero', () => {
    expect(product([1e-200, 0, -5])).toEqual({ sign: 0, log: -Infinity })
    expect(toNumber(product([1e-200, 0, -5]))).toBe(0)
  })
})

describe('add', () => {
  test('agrees with float64 inside its range', () => {
    fc.assert(
      fc.property(ordinary, ordinary, (a, b) => {
        const sum = toNumber(add(logMagnitudeOf(a), logMagnitudeOf(b)))
        // Logs near 230 carry 230 eps; cancellation is measured against the terms.
        expect(Math.abs(sum - (a + b))).toBeLessThanOrEqual(2e-13 * Math.max(Math.abs(a), Math.abs(b)))
      }),
      { seed: SEED },
    )
  })
  test('cancels to exact zero, and not below the range of float64', () => {
    const tiny: LogMagnitude = { sign: 1, log: -5000 }
    expect(add(tiny, { sign: -1, log: -5000 })).toEqual({ sign: 0, log: -Infinity })
    expect(add(tiny, tiny).log).toBeCloseTo(-5000 + Math.LN2, 9)
    expect(add({ sign: -1, log: -5000 }, { sign: 1, log: -5001 }).sign).toBe(-1)
  })
})

describe('normalised', () => {
  test('has a mantissa in [1, 2) and loses nothing, subnormals included', () => {
    const anything = fc.double({ noNaN: true, noDefaultInfinity: true })
    fc.assert(
      fc.property(anything, (value) => {
        const scaled = normalised(value)
        expect(scaledToNumber(scaled)).toBe(value === 0 ? 0 : value)
        if (value !== 0) {
          expect(Math.abs(scaled.mantissa)).toBeGreaterThanOrEqual(1)
          expect(Math.abs(scaled.mantissa)).toBeLessThan(2)
        }
      }),
      { seed: SEED, numRuns: 500 },
    )
  })
  test('passes infinities and NaN through', () => {
    expect(normalised(Infinity, 3)).toEqual({ mantissa: Infinity, exponent: 0 })
    expect(normalised(NaN)).toEqual({ mantissa: NaN, exponent: 0 })
    expect(scaledNorm([1, Infinity]).mantissa).toBe(Infinity)
    expect(scaledNorm([NaN, 1]).mantissa).toBeNaN()
  })
})

describe('binaryExponent', () => {
  test('is exact at powers of two and one below them', () => {
    for (const e of [-1074, -1023, -1022, -1, 0, 1, 52, 1023]) expect(binaryExponent(timesPowerOfTwo(1, e))).toBe(e)
    expect(binaryExponent(2 - Number.EPSILON)).toBe(0)
    expect(binaryExponent(-0.75)).toBe(-1)
    expect(binaryExponent(0)).toBe(-Infinity)
  })
})

describe('timesPowerOfTwo', () => {
  test('reaches both ends in several steps and saturates there', () => {
    expect(timesPowerOfTwo(2 ** -1074, 2097)).toBe(2 ** 1023)
    expect(timesPowerOfTwo(1.5, 5000)).toBe(Infinity)
    expect(timesPowerOfTwo(1.5, -5000)).toBe(0)
  })
})

describe('scaledNorm', () => {
  test('is right for 3-4-5 at every size, where squares underflow or overflow', () => {
    for (const exponent of [-1060, -700, 0, 500, 1020]) {
      const unit = timesPowerOfTwo(1, exponent)
      expect(scaledToNumber(scaledNorm([3 * unit, -4 * unit]))).toBe(5 * unit)
      expect(norm([3 * unit, -4 * unit])).toBe(5 * unit)
    }
  })
  test('takes a common exponent far outside float64', () => {
    expect(log10OfScaled(scaledNorm([3, 4], -4000))).toBeCloseTo(Math.log10(5) - 4000 * Math.log10(2), 9)
    expect(scaledNorm([3, 4], -4000)).toEqual({ mantissa: 1.25, exponent: -3998 })
  })
  test('is zero for zeros and for nothing', () => {
    expect(scaledNorm([0, -0])).toEqual({ mantissa: 0, exponent: 0 })
    expect(scaledNorm([])).toEqual({ mantissa: 0, exponent: 0 })
    expect(log10OfScaled(scaledNorm([]))).toBe(-Infinity)
  })
  test('scales by powers of two without changing a bit', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -9, max: 9, noNaN: true }), { minLength: 1, maxLength: 30 }),
        fc.integer({ min: -3000, max: 3000 }),
        (values, e) => {
          const here = scaledNorm(values)
          const there = scaledNorm(values, e)
          expect(there.mantissa).toBe(here.mantissa)
          if (here.mantissa !== 0) expect(there.exponent).toBe(here.exponent + e)
        },
      ),
      { seed: SEED },
    )
  })
})

describe('combinedNorm', () => {
  test('equals the norm of everything at once', () => {
    const parts = [
      [3, 1e-9],
      [0, 0],
      [-4e-3, 2],
    ]
    const all = scaledToNumber(scaledNorm(parts.flat()))
    // Two more roundings than the direct sum.
    expect(scaledToNumber(combinedNorm(parts.map((part) => scaledNorm(part)))) / all).toBeCloseTo(1, 14)
  })
  test('ignores exact zeros however large their exponent', () => {
    expect(
      combinedNorm([
        { mantissa: 0, exponent: 9000 },
        { mantissa: 1.5, exponent: -4000 },
      ]),
    ).toEqual({ mantissa: 1.5, exponent: -4000 })
    expect(combinedNorm([])).toEqual({ mantissa: 0, exponent: 0 })
  })
})

describe('scaledSumOfSquares', () => {
  test('keeps the square of 1e-300', () => {
    expect(log10OfScaled(scaledSumOfSquares([1e-300]))).toBeCloseTo(-600, 10)
  })
})

describe('scaledOf', () => {
  test('agrees with the logarithm it came from', () => {
    for (const log of [-5000.25, -1, 0, 0.5, 3000]) {
      const scaled = scaledOf({ sign: -1, log })
      expect(scaled.mantissa).toBeLessThanOrEqual(-1)
      expect(log10OfScaled(scaled)).toBeCloseTo(log / Math.LN10, 9)
    }
    expect(scaledOf({ sign: 0, log: -Infinity })).toEqual({ mantissa: 0, exponent: 0 })
  })
})
