// Does the density of cosines keep all its mass inside [-1, 1]?
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DomainFault } from '../../src/core/faults.ts'
import { cosineDensity, reflectedDensity } from '../../src/numerics/kde.ts'
import { namedStream } from '../../src/numerics/streams.ts'

const SEED = 20260805
const integral = (grid: Float64Array, density: Float64Array): number => {
  const step = grid[1] - grid[0]
  return step * (density.reduce((sum, v) => sum + v, 0) - (density[0] + density[density.length - 1]) / 2)
}
const gridOf = (count: number): Float64Array => Float64Array.from({ length: count }, (_, i) => -1 + (2 * i) / (count - 1))
/** The definition, image by image, far beyond what can be seen. */
function slowDensity(samples: readonly number[], bandwidth: number, at: number): number {
  let sum = 0
  for (const x of samples) {
    for (let j = -60; j <= 60; j++) {
      for (const image of [x + 4 * j, 2 - x + 4 * j]) sum += Math.exp(-0.5 * ((at - image) / bandwidth) ** 2)
    }
  }
  return sum / (samples.length * bandwidth * Math.sqrt(2 * Math.PI))
}

describe('cosineDensity', () => {
  test('integrates to 1, is nowhere negative, and lies on [-1, 1]', () => {
    const cosine = fc.oneof(fc.double({ min: -1, max: 1, noNaN: true }), fc.constantFrom(-1, 1, 0))
    fc.assert(
      fc.property(fc.array(cosine, { minLength: 2, maxLength: 60 }), (values) => {
        const { grid, density, boundary, bandwidth } = cosineDensity(values)
        if (boundary === 'rugOnly') return
        // The step is at most the bandwidth: 1e-8 by the trapezoid rule.
        expect(integral(grid, density)).toBeCloseTo(1, 7)
        expect(density.every((v) => v >= 0)).toBe(true)
        if (bandwidth > 2 / 8192) expect([grid[0], grid[grid.length - 1]]).toEqual([-1, 1])
      }),
      { seed: SEED, numRuns: 200 },
    )
  })
  test('keeps the mass that sits on a wall', () => {
    const { grid, density } = cosineDensity([1, 1, 0.99, 0.98, 1])
    expect(integral(grid, density)).toBeCloseTo(1, 8)
    // Half of a bare Gaussian at the wall would be lost: the reflection doubles it there.
    expect(density[density.length - 1]).toBeGreaterThan(30)
  })
  test('keeps its integral where the spread is far below any grid over [-1, 1]', () => {
    for (const centre of [-1, 0.3, 1]) {
      const { grid, density } = cosineDensity([0, 1, 2, 5].map((k) => centre - Math.sign(centre) * k * 1e-7))
      expect(integral(grid, density)).toBeCloseTo(1, 7)
      expect(grid[grid.length - 1]).toBeLessThanOrEqual(1)
    }
  })
  test('is mirrored by mirroring the samples', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 3, maxLength: 20 }), (values) => {
        const here = cosineDensity(values)
        const there = cosineDensity(values.map((v) => -v))
        const peak = Math.max(1, ...here.density)
        // A rounding of the mirrored sample, 1e-16, moves the flank of the narrowest kernel by 1e-7.
        there.density.forEach((v, i) => expect(Math.abs(v - here.density[here.density.length - 1 - i]) / peak).toBeLessThan(1e-6))
      }),
      { seed: SEED, numRuns: 50 },
    )
  })
  test('uses the bandwidth of Scott: sd n^(-1/5) with n - 1 in the sd', () => {
    const { bandwidth, standardDeviation, mean, count } = cosineDensity([0.1, 0.3, -0.2, 0.6])
    expect(mean).toBeCloseTo(0.2, 15)
    expect(standardDeviation).toBeCloseTo(Math.sqrt((0.01 + 0.01 + 0.16 + 0.16) / 3), 14)
    expect(bandwidth).toBeCloseTo(standardDeviation * 4 ** -0.2, 15)
    expect(count).toBe(4)
  })
  test('tends to the density it was drawn from', () => {
    const stream = namedStream(31, 'probes')
    const values = Array.from({ length: 20_000 }, () => Math.max(-1, Math.min(1, 0.2 * stream.normal())))
    const { grid, density, bandwidth } = cosineDensity(values)
    const width = Math.sqrt(0.04 + bandwidth ** 2)
    const peak = 1 / (width * Math.sqrt(2 * Math.PI))
    // sd of the estimate: sqrt(peak / (2 sqrt(pi) n h)) is 0.012; four of them at 257 points.
    grid.forEach((x, i) => expect(Math.abs(density[i] - peak * Math.exp(-0.5 * (x / width) ** 2))).toBeLessThan(0.06))
  })
  test('shows only the rug for equal samples, for one and for none', () => {
    for (const values of [[0.3, 0.3, 0.3], [0.7], [], Array.from({ length: 9 }, () => 0.1 + 0.2)]) {
      const { boundary, bandwidth, grid, density, samples } = cosineDensity(values)
      expect([boundary, bandwidth, grid.length, density.length, samples.length]).toEqual(['rugOnly', 0, 0, 0, values.length])
    }
  })
  test('accepts the overshoot of a rounded quotient and refuses more', () => {
    expect(cosineDensity([1.0000001, 0.5]).samples[1]).toBe(1)
    expect(() => cosineDensity([1.1, 0])).toThrow(DomainFault)
    expect(() => cosineDensity([NaN, 0])).toThrow(DomainFault)
  })
})

describe('reflectedDensity', () => {
  test('equals the sum over all images, in both of its forms', () => {
    const samples = [-1, -0.4, 0.05, 0.9, 0.97]
    const grid = gridOf(9)
    for (const bandwidth of [0.02, 0.3, 0.99, 1.01, 2.5]) {
      const density = reflectedDensity(Float64Array.from(samples), bandwidth, grid)
      // Images beyond 8.7 bandwidths are left out: 4e-17 of a peak.
      grid.forEach((x, i) => expect(density[i]).toBeCloseTo(slowDensity(samples, bandwidth, x), 12))
    }
  })
  test('tends to 1/2 for a wide kernel', () => {
    reflectedDensity(Float64Array.of(0.9), 50, gridOf(5)).forEach((v) => expect(v).toBeCloseTo(0.5, 15))
  })
})
