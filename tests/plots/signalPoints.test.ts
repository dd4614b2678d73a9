// signalPoints and signalSeeds
import { describe, expect, test } from 'vitest'
import { signalPoints, signalSeeds } from '../../src/plots/signalPoints.ts'
import { gradientSample } from './plotSamples.ts'

/** Three seeds and two layers; the last seed was not asked. */
const sampleOf = (logs: readonly number[], seedCount: number) => ({
  ...gradientSample('A', 0, 2, seedCount),
  seedCount,
  layerCount: 2,
  forwardLog10: Float64Array.from(logs),
})

describe('signalPoints', () => {
  test('are the standard deviation of log10|h| with two standard errors, behind each layer, of the seeds that were asked', () => {
    const sample = sampleOf([0, 1, 2, 5, NaN, NaN], 3)
    expect(signalSeeds(sample)).toBe(2)
    const [first, second] = signalPoints('A', sample, 'spread')
    expect([first.x, second.x]).toEqual([1, 2])
    expect(first.y).toBeCloseTo(Math.SQRT2, 12)
    expect(second.y).toBeCloseTo(Math.sqrt(8), 12)
    // Standard error of a standard deviation of n normal values: sd / sqrt(2 (n - 1)).
    expect(first.high! - first.y).toBeCloseTo(2, 12)
    expect(first.y - first.low!).toBeCloseTo(2, 12)
  })
  test('are the mean fourth power over the square of the mean square, at any size; a dead seed counts as zero', () => {
    const sample = sampleOf([-200, 300, -200, -Infinity], 2)
    const [equal, one] = signalPoints('A', sample, 'tail')
    expect(equal.y).toBeCloseTo(1, 12)
    expect(one.y).toBeCloseTo(2, 12)
    expect(signalPoints('A', sample, 'spread')[1].y).toBeNaN()
  })
  test('are none where no signal was measured', () => {
    const { forwardLog10: _, ...sample } = sampleOf([0, 0], 1)
    expect(signalPoints('A', sample, 'tail')).toEqual([])
    expect(signalSeeds(sample)).toBe(0)
  })
})
