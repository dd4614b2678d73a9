// Do values stand where the axis says, and are ticks few, inside and well written?
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  exponentScale,
  linearScale,
  logScale,
  ordinalTicks,
  symlogScale,
  type PositionScale,
  type Tick,
} from '../../src/plots/positionScale.ts'
import { plainText } from '../../src/plots/scene.ts'

const written = (ticks: readonly Tick[]) => ticks.map((tick) => plainText(tick.label))

describe('linearScale', () => {
  test('puts the ends of the domain on the ends of the range', () => {
    const scale = linearScale([0, 1500], [40, 640])
    expect([scale.at(0), scale.at(1500), scale.invert(340)]).toEqual([40, 640, 750])
  })

  test('writes ticks with a real minus sign and without noise digits', () => {
    expect(
      linearScale([-0.4, 0.4], [0, 1])
        .ticks(4)
        .map((tick) => tick.label),
    ).toEqual(['−0.4', '−0.2', '0', '0.2', '0.4'])
  })
})

describe('logScale', () => {
  test('gives equal ratios equal lengths', () => {
    const scale = logScale([1e-8, 1], [400, 0])
    expect(scale.at(1e-4)).toBeCloseTo(200, 9)
    expect(scale.at(1e-6) - scale.at(1e-4)).toBeCloseTo(scale.at(1e-4) - scale.at(1e-2), 9)
    expect(scale.invert(100)).toBeCloseTo(0.01, 12)
  })

  test('writes decades as powers of ten when they are many, as plain numbers when they are few', () => {
    expect(written(logScale([1e-8, 1], [0, 1]).ticks(5))).toEqual(['10^-8', '10^-6', '10^-4', '10^-2', '1'])
    expect(written(logScale([0.01, 10], [0, 1]).ticks(4))).toEqual(['0.01', '0.1', '1', '10'])
  })

  test('adds 2 and 5 where there is at most one decade', () => {
    expect(written(logScale([0.3, 3], [0, 1]).ticks(4))).toEqual(['0.5', '1', '2'])
  })

  test('counts decades from 1, so that a growing axis keeps the ticks it has', () => {
    const before = written(logScale([1e-7, 1], [0, 1]).ticks(5))
    const after = written(logScale([1e-8, 1], [0, 1]).ticks(5))
    expect(after).toEqual(expect.arrayContaining(before))
  })
})

describe('exponentScale', () => {
  test('reaches where no float does', () => {
    expect(written(exponentScale([-600, 0], [0, 1]).ticks(4))).toEqual(['10^-600', '10^-400', '10^-200', '1'])
  })
})

describe('symlogScale', () => {
  const scale = symlogScale([-1, 100], [0, 700], 1e-4, 0.7)

  test('is odd around zero and continuous at the ends of the linear strip', () => {
    const zero = scale.at(0)
    expect(scale.at(1e-2) - zero).toBeCloseTo(zero - scale.at(-1e-2), 9)
    expect(scale.at(1e-4 * (1 + 1e-9)) - scale.at(1e-4 * (1 - 1e-9))).toBeLessThan(1e-5)
  })

  test('gives a decade outside the strip one unit of length and the strip its width', () => {
    const decade = scale.at(1) - scale.at(0.1)
    expect(scale.at(100) - scale.at(10)).toBeCloseTo(decade, 9)
    expect(scale.at(1e-4) - scale.at(0)).toBeCloseTo(0.7 * decade, 9)
  })

  test('writes negative decades, zero and positive decades', () => {
    expect(written(scale.ticks(7))).toEqual(['-1', '-10^-2', '-10^-4', '0', '10^-4', '10^-2', '1', '10^2'])
  })
})

const scales: fc.Arbitrary<PositionScale> = fc.oneof(
  fc
    .tuple(fc.double({ min: -1e6, max: 1e6, noNaN: true }), fc.double({ min: 1e-3, max: 1e6, noNaN: true }))
    .map(([from, span]) => linearScale([from, from + span], [30, 400])),
  fc
    .tuple(fc.integer({ min: -290, max: 200 }), fc.integer({ min: 1, max: 90 }))
    .map(([low, span]) => logScale([10 ** low, 10 ** (low + span)], [400, 30])),
  fc
    .tuple(fc.integer({ min: -12, max: -1 }), fc.integer({ min: 0, max: 8 }))
    .map(([strip, reach]) => symlogScale([-(10 ** (strip + reach)), 10 ** (strip + reach + 1)], [30, 400], 10 ** strip)),
)

describe('every scale', () => {
  test('inverts itself and has between 1 and 2 * count + 3 ticks, all inside', () => {
    fc.assert(
      fc.property(scales, fc.double({ min: 31, max: 399, noNaN: true }), fc.integer({ min: 2, max: 10 }), (scale, pixel, count) => {
        // 1e-3 of a pixel: a domain of 1e-3 at 1e6 keeps only 7 digits.
        expect(scale.at(scale.invert(pixel))).toBeCloseTo(pixel, 3)
        const ticks = scale.ticks(count)
        expect(ticks.length).toBeGreaterThan(0)
        expect(ticks.length).toBeLessThanOrEqual(2 * count + 3)
        for (const { value } of ticks) {
          expect(scale.at(value)).toBeGreaterThan(29.9)
          expect(scale.at(value)).toBeLessThan(400.1)
        }
      }),
      { seed: 8, numRuns: 400 },
    )
  })
})

describe('ordinalTicks', () => {
  test('begins at 1, ends at the count and has no crowd at the end', () => {
    expect(written(ordinalTicks(24, 5))).toEqual(['1', '5', '10', '15', '20', '24'])
    expect(written(ordinalTicks(1, 5))).toEqual(['1'])
    expect(written(ordinalTicks(3, 8))).toEqual(['1', '2', '3'])
    expect(written(ordinalTicks(51, 5))).toEqual(['1', '10', '20', '30', '40', '51'])
  })
})
