// Do the special functions agree with the tables of Abramowitz and Stegun and with their own functional equations?
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DomainFault } from '../../src/core/faults.ts'
import * as special from '../../src/numerics/specialFunctions.ts'
import { regularisedBeta, studentTProbability, studentTQuantile } from '../../src/numerics/studentT.ts'

const { digamma, erf, erfc, gammaQuantile, logGamma, regularisedGammaP, regularisedGammaQ, trigamma } = special
const SEED = 20260807
const EULER = 0.57721566490153286
const positive = fc.double({ min: 1e-3, max: 300, noNaN: true })
const relative = (value: number, expected: number): number => Math.abs(value / expected - 1)

describe('logGamma', () => {
  test('is the log of a factorial at integers and of sqrt pi at one half', () => {
    let factorial = 1
    for (let n = 1; n <= 20; n++) {
      expect(Math.abs(logGamma(n) - Math.log(factorial))).toBeLessThan(1e-13)
      factorial *= n
    }
    expect(logGamma(0.5)).toBeCloseTo(0.5 * Math.log(Math.PI), 14)
    expect(relative(logGamma(1000), 5905.220423209181)).toBeLessThan(1e-15)
    expect(relative(logGamma(1e-8), 18.420680738180209)).toBeLessThan(1e-14)
  })
  test('obeys its recurrence', () => {
    // Differences of logs up to 1400: a few roundings of that.
    fc.assert(
      fc.property(positive, (x) => {
        expect(Math.abs(logGamma(x + 1) - logGamma(x) - Math.log(x))).toBeLessThan(2e-12)
      }),
      { seed: SEED },
    )
  })
  test('refuses zero', () => {
    expect(() => logGamma(0)).toThrow(DomainFault)
  })
})

describe('digamma', () => {
  test('has the tabulated values', () => {
    expect(digamma(1)).toBeCloseTo(-EULER, 14)
    expect(digamma(0.5)).toBeCloseTo(-EULER - 2 * Math.LN2, 13)
    expect(digamma(10)).toBeCloseTo(2.2517525890667211, 14)
    expect(digamma(0.25)).toBeCloseTo(-4.2274535333762654, 13)
  })
  test('is the slope of logGamma', () => {
    for (const x of [0.7, 2, 16, 100]) {
      const h = 1e-3 * x
      const slope = (8 * (logGamma(x + h) - logGamma(x - h)) - (logGamma(x + 2 * h) - logGamma(x - 2 * h))) / (12 * h)
      // Fourth-order difference: h^4 and rounding 1e-13 / h.
      expect(Math.abs(digamma(x) - slope)).toBeLessThan(1e-9)
    }
  })
  test('obeys its recurrence', () => {
    fc.assert(
      fc.property(positive, (x) => {
        expect(Math.abs(digamma(x + 1) - digamma(x) - 1 / x)).toBeLessThan(1e-12 * (1 + 1 / x))
      }),
      { seed: SEED },
    )
  })
})

describe('trigamma', () => {
  test('has the tabulated values', () => {
    expect(trigamma(1)).toBeCloseTo(Math.PI ** 2 / 6, 14)
    expect(trigamma(0.5)).toBeCloseTo(Math.PI ** 2 / 2, 13)
    expect(trigamma(10)).toBeCloseTo(0.10516633568168575, 15)
  })
  test('obeys its recurrence', () => {
    fc.assert(
      fc.property(positive, (x) => {
        expect(Math.abs(trigamma(x) - trigamma(x + 1) - 1 / x ** 2)).toBeLessThan(1e-12 * (1 + 1 / x ** 2))
      }),
      { seed: SEED },
    )
  })
})

describe('regularisedGammaP', () => {
  test('is 1 - e^-x sum x^k / k! for integer a, on both sides of the mean', () => {
    for (const a of [1, 2, 5, 20]) {
      for (const x of [0.1, 1, a - 0.5, a + 3, 3 * a]) {
        let term = Math.exp(-x)
        let upper = 0
        for (let k = 0; k < a; k++) {
          upper += term
          term *= x / (k + 1)
        }
        expect(regularisedGammaP(a, x)).toBeCloseTo(1 - upper, 13)
        expect(relative(regularisedGammaQ(a, x), upper)).toBeLessThan(1e-11)
      }
    }
  })
  test('is continuous where the series hands over to the fraction', () => {
    for (const a of [0.5, 3, 100, 1000]) {
      const x = a + 1
      const jump = regularisedGammaP(a, x) - regularisedGammaP(a, x * (1 - 1e-12))
      // a ln x is near 7000 at a = 1000, its rounding is what is left.
      expect(Math.abs(jump)).toBeLessThan(1e-10)
    }
  })
  test('is 0 at 0 and 1 at infinity', () => {
    expect(regularisedGammaP(3, 0)).toBe(0)
    expect(regularisedGammaP(3, Infinity)).toBe(1)
    expect(() => regularisedGammaP(3, -1)).toThrow(DomainFault)
  })
})

describe('gammaQuantile', () => {
  test('inverts the distribution function', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.2, max: 500, noNaN: true }), fc.double({ min: 0.001, max: 0.999, noNaN: true }), (a, probability) => {
        expect(regularisedGammaP(a, gammaQuantile(a, probability))).toBeCloseTo(probability, 11)
      }),
      { seed: SEED },
    )
  })
  test('is ln 2 for the median of an exponential, and lies in the bounds of Choi for others', () => {
    expect(gammaQuantile(1, 0.5)).toBeCloseTo(Math.LN2, 14)
    for (const a of [2, 10, 64, 1000]) {
      expect(gammaQuantile(a, 0.5)).toBeGreaterThan(a - 1 / 3)
      expect(gammaQuantile(a, 0.5)).toBeLessThan(a - 1 + Math.LN2)
    }
  })
})

describe('erf', () => {
  test('has the tabulated values and is odd', () => {
    expect(erf(0.5)).toBeCloseTo(0.52049987781304654, 14)
    expect(erf(1)).toBeCloseTo(0.84270079294971487, 14)
    expect(erf(-2)).toBeCloseTo(-0.99532226501895273, 14)
    expect(erf(0)).toBe(0)
  })
  test('keeps the tail in its complement', () => {
    expect(relative(erfc(5), 1.5374597944280349e-12)).toBeLessThan(1e-13)
    expect(relative(erfc(10), 2.0884875837625448e-45)).toBeLessThan(1e-12)
    expect(erfc(-1)).toBeCloseTo(1.8427007929497149, 14)
  })
})

describe('regularisedBeta', () => {
  test('is x for a = b = 1 and symmetric under exchange', () => {
    expect(regularisedBeta(1, 1, 0.3)).toBeCloseTo(0.3, 14)
    fc.assert(
      fc.property(positive, positive, fc.double({ min: 0.001, max: 0.999, noNaN: true }), (a, b, x) => {
        expect(regularisedBeta(a, b, x) + regularisedBeta(b, a, 1 - x)).toBeCloseTo(1, 10)
      }),
      { seed: SEED },
    )
  })
  test('is 1 - (1 - x)^b for a = 1', () => {
    expect(regularisedBeta(1, 4.5, 0.2)).toBeCloseTo(1 - 0.8 ** 4.5, 14)
  })
})

describe('studentTQuantile', () => {
  test('has the tabulated values', () => {
    const table = [
      [0.975, 1, 12.706204736],
      [0.975, 2, 4.30265273],
      [0.975, 9, 2.262157163],
      [0.975, 63, 1.998340543],
      [0.95, 4, 2.131846786],
      [0.995, 30, 2.749995654],
    ]
    for (const [probability, degrees, t] of table) expect(studentTQuantile(probability, degrees)).toBeCloseTo(t, 8)
    expect(studentTQuantile(0.975, 1e7)).toBeCloseTo(1.959964, 5)
  })
  test('is antisymmetric and inverts the distribution function', () => {
    expect(studentTQuantile(0.5, 3)).toBe(0)
    expect(studentTQuantile(0.1, 3)).toBe(-studentTQuantile(0.9, 3))
    fc.assert(
      fc.property(fc.double({ min: 0.01, max: 0.99, noNaN: true }), fc.integer({ min: 1, max: 200 }), (probability, degrees) => {
        expect(studentTProbability(studentTQuantile(probability, degrees), degrees)).toBeCloseTo(probability, 11)
      }),
      { seed: SEED },
    )
  })
  test('refuses the ends', () => {
    expect(() => studentTQuantile(1, 3)).toThrow(DomainFault)
  })
})
