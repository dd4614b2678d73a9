// Does a slider mean what it shows? Positions, keys, and what a hand can type.
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LIMITS } from '../../src/core/limits.ts'
import { nextValue, positionOf, scaleOf, TRACK, valueAt } from '../../src/ui/controls/sliderScale.ts'
import { groupedNumber, readNumber, shortNumber } from '../../src/ui/numberText.ts'

const depth = scaleOf(LIMITS.depth, true)
const tau = scaleOf(LIMITS.tau, false)
const lr = scaleOf(LIMITS.lr, false)

describe('positionOf', () => {
  test('puts the ends at the ends and beyond-values there too', () => {
    expect(positionOf(depth, 1)).toBe(0)
    expect(positionOf(depth, 300)).toBeCloseTo(TRACK, 9)
    expect(positionOf(depth, 2000)).toBeCloseTo(TRACK, 9)
    expect(positionOf(tau, 0.01)).toBe(0)
  })
  test('makes equal ratios equal distances on a log scale', () => {
    expect(positionOf(lr, 0.1) - positionOf(lr, 0.01)).toBeCloseTo(positionOf(lr, 1) - positionOf(lr, 0.1), 9)
  })
})

describe('valueAt', () => {
  test('comes back to every whole depth of the track', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), (value) => {
        expect(valueAt(depth, positionOf(depth, value))).toBe(value)
      }),
      { seed: 7 },
    )
  })
  test('snaps to a mark that is near and to none that is far', () => {
    const marks = [1, Math.sqrt(3), Math.E]
    expect(valueAt(tau, positionOf(tau, 1.72), marks)).toBe(Math.sqrt(3))
    expect(valueAt(tau, positionOf(tau, 2), marks)).toBeCloseTo(2, 2)
  })
})

describe('nextValue', () => {
  test('always moves, stays inside, and goes up 1, 2, 5, 10 on a log scale', () => {
    expect(nextValue(depth, 24, 1, false)).toBe(25)
    expect(nextValue(depth, 1, -1, false)).toBe(1)
    expect(nextValue(lr, 0.1, 1, false)).toBe(0.2)
    expect(nextValue(lr, 0.2, 1, false)).toBe(0.5)
    expect(nextValue(lr, 0.002, -1, false)).toBe(0.001)
    expect(nextValue(lr, 0.1, -1, true)).toBeCloseTo(0.01, 12)
    fc.assert(
      fc.property(fc.double({ min: 2e-8, max: 9, noNaN: true }), (value) => {
        expect(nextValue(lr, value, 1, false)).toBeGreaterThan(value)
        expect(nextValue(lr, value, -1, false)).toBeLessThan(value)
      }),
      { seed: 7 },
    )
  })
})

describe('readNumber', () => {
  test('takes what a lecturer types and nothing else', () => {
    expect(readNumber('1e-3')).toBe(0.001)
    expect(readNumber(' 0,5 ')).toBe(0.5)
    expect(readNumber('√6')).toBe(Math.sqrt(6))
    expect(readNumber('sqrt(3)')).toBe(Math.sqrt(3))
    expect(readNumber('e')).toBe(Math.E)
    expect(readNumber('−2')).toBe(-2)
    for (const text of ['', 'abc', 'NaN', 'Infinity', '1..2', '√x']) expect(readNumber(text)).toBeNull()
  })
  test('reads back what is shown', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-12, max: 1e12, noNaN: true }), (value) => {
        // Three digits are shown: half a unit of the third.
        expect(Math.abs(readNumber(shortNumber(value))! / value - 1)).toBeLessThan(0.0051)
      }),
      { seed: 7 },
    )
  })
})

describe('groupedNumber', () => {
  test('groups thousands', () => {
    expect(groupedNumber(12000)).toBe('12\u202f000')
    expect(groupedNumber(999)).toBe('999')
  })
})
