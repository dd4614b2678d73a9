// Do the intervals of mean and slope cover what they promise?
import { describe, expect, test } from 'vitest'
import { ShapeFault } from '../../src/core/faults.ts'
import { meanInterval } from '../../src/numerics/meanInterval.ts'
import { fitLine } from '../../src/numerics/regression.ts'
import { seedSlope } from '../../src/numerics/seedSlope.ts'
import { namedStream } from '../../src/numerics/streams.ts'

const TRIALS = 4000
/** Four standard errors of a share of 0.95 in TRIALS. */
const COVERAGE_SLACK = 4 * Math.sqrt((0.95 * 0.05) / TRIALS)

describe('meanInterval', () => {
  test('gives the textbook interval of 1 .. 5', () => {
    const { mean, lower, upper, standardError } = meanInterval([1, 2, 3, 4, 5])
    expect(mean).toBe(3)
    expect(standardError).toBeCloseTo(Math.sqrt(0.5), 14)
    // t(0.975, 4) = 2.7764451
    expect(upper - 3).toBeCloseTo(2.776445105 * Math.sqrt(0.5), 8)
    expect(3 - lower).toBeCloseTo(upper - 3, 14)
  })
  test('covers the truth in 95 % of draws of five', () => {
    const stream = namedStream(41, 'probes')
    let covered = 0
    for (let trial = 0; trial < TRIALS; trial++) {
      const { lower, upper } = meanInterval(Array.from({ length: 5 }, () => 2 + stream.normal()))
      if (lower <= 2 && upper >= 2) covered++
    }
    expect(Math.abs(covered / TRIALS - 0.95)).toBeLessThan(COVERAGE_SLACK)
  })
  test('is unknown below two values and has no width for equal ones', () => {
    expect(meanInterval([])).toMatchObject({ mean: NaN, count: 0 })
    expect(meanInterval([7])).toMatchObject({ mean: 7, lower: NaN, upper: NaN })
    expect(meanInterval([7, 7, 7])).toMatchObject({ mean: 7, lower: 7, upper: 7, standardError: 0 })
  })
})

describe('fitLine', () => {
  test('recovers an exact line without an error bar', () => {
    const { slope, intercept, slopeStandardError } = fitLine([0, 1, 2, 5], [3, 1, -1, -7])
    expect([slope, intercept]).toEqual([-2, 3])
    expect(slopeStandardError).toBe(0)
  })
  test('gives the textbook slope and error of a small table', () => {
    // x 1..5, y 2, 4, 5, 4, 5: slope 0.6, residual sum 2.4, s_xx 10.
    const { slope, intercept, slopeStandardError, slopeLower } = fitLine([1, 2, 3, 4, 5], [2, 4, 5, 4, 5])
    expect(slope).toBeCloseTo(0.6, 14)
    expect(intercept).toBeCloseTo(2.2, 14)
    expect(slopeStandardError).toBeCloseTo(Math.sqrt(0.08), 14)
    // t(0.975, 3) = 3.1824463
    expect(slopeLower).toBeCloseTo(0.6 - 3.182446305 * Math.sqrt(0.08), 8)
  })
  test('covers the true slope in 95 % of draws of six points', () => {
    const stream = namedStream(42, 'probes')
    const x = [0, 1, 2, 3, 4, 7]
    let covered = 0
    for (let trial = 0; trial < TRIALS; trial++) {
      const { slopeLower, slopeUpper } = fitLine(
        x,
        x.map((v) => 1 - 0.2 * v + stream.normal()),
      )
      if (slopeLower <= -0.2 && slopeUpper >= -0.2) covered++
    }
    expect(Math.abs(covered / TRIALS - 0.95)).toBeLessThan(COVERAGE_SLACK)
  })
  test('leaves out points that are not finite', () => {
    expect(fitLine([0, 1, 2, 3], [0, -Infinity, 4, 6])).toMatchObject({ slope: 2, count: 3 })
  })
  test('is unknown where x does not vary, and its error below three points', () => {
    expect(fitLine([1, 1, 1], [1, 2, 3]).slope).toBeNaN()
    expect(fitLine([], []).slope).toBeNaN()
    expect(fitLine([0, 1], [0, 2])).toMatchObject({ slope: 2, slopeStandardError: NaN })
    expect(() => fitLine([1], [1, 2])).toThrow(ShapeFault)
  })
})

describe('seedSlope', () => {
  const layers = 8
  const drawn = (seeds: number, stream: ReturnType<typeof namedStream>) =>
    Float64Array.from({ length: seeds * layers }, (_, at) => -0.2 * (at % layers) + stream.normal())

  test('is the slope of every seed where all agree, without an error bar, whatever their heights', () => {
    const values = Float64Array.from({ length: 3 * layers }, (_, at) => -0.25 * (at % layers) + 7 * Math.floor(at / layers))
    const slope = seedSlope(values, 3, layers)
    expect(slope).toMatchObject({ over: 'seeds', count: 3 })
    // Quarters are exact; sums of eight of them are rounded at most a few times.
    expect(slope.mean).toBeCloseTo(-0.25, 12)
    expect(slope.upper - slope.lower).toBeLessThan(1e-12)
  })
  test('covers the truth in 95 % of draws of six seeds', () => {
    const stream = namedStream(43, 'probes')
    let covered = 0
    for (let trial = 0; trial < TRIALS; trial++) {
      const { lower, upper } = seedSlope(drawn(6, stream), 6, layers)
      if (lower <= -0.2 && upper >= -0.2) covered++
    }
    expect(Math.abs(covered / TRIALS - 0.95)).toBeLessThan(COVERAGE_SLACK)
  })
  test('says that one seed has only the scatter of its layers', () => {
    const values = drawn(1, namedStream(44, 'probes'))
    const fit = fitLine([0, 1, 2, 3, 4, 5, 6, 7], values)
    expect(seedSlope(values, 1, layers)).toMatchObject({ over: 'layers', mean: fit.slope, lower: fit.slopeLower })
  })
  test('leaves out dead seeds and zero layers', () => {
    const dead = Float64Array.of(-Infinity, -Infinity, -Infinity, 0, 1, 2, 0, -Infinity, 4)
    expect(seedSlope(dead, 3, 3)).toMatchObject({ count: 2, mean: 1.5 })
  })
  test('refuses values of another shape', () => {
    expect(() => seedSlope(new Float64Array(7), 2, 4)).toThrow(ShapeFault)
  })
})
