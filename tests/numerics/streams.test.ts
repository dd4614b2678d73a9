// Are the random streams the same every time, independent by name, and uniform and normal at all?
import { describe, expect, test } from 'vitest'
import { namedStream, restoreStream } from '../../src/numerics/streams.ts'
import { DomainFault, ShapeFault } from '../../src/core/faults.ts'
import { regularisedGammaQ, erf } from '../../src/numerics/specialFunctions.ts'

const drawn = (count: number, next: () => number): number[] => Array.from({ length: count }, next)

describe('namedStream', () => {
  test('gives the same numbers for the same seed and name', () => {
    const a = namedStream(7, 'weights')
    const b = namedStream(7, 'weights')
    expect(drawn(50, () => a.normal())).toEqual(drawn(50, () => b.normal()))
  })
  test('keeps its published values, because stored experiments replay by them', () => {
    const stream = namedStream(0, 'weights')
    // Stored digits on purpose: a change here breaks every shared link.
    expect(drawn(3, () => stream.uniform())).toMatchInlineSnapshot(`
      [
        0.6981971583000618,
        0.9190322666448708,
        0.5904429743370408,
      ]
    `)
    expect(drawn(2, () => stream.normal())).toMatchInlineSnapshot(`
      [
        0.791317363834368,
        -0.19386932335450938,
      ]
    `)
    expect(Array.from(stream.permutation(8))).toMatchInlineSnapshot(`
      [
        7,
        2,
        0,
        5,
        1,
        4,
        3,
        6,
      ]
    `)
  })
  test('has no start in common between neighbouring seeds and names', () => {
    const starts = new Set<number>()
    const names = ['weights', 'batches', 'probes', 'noise', 'data', 'weightt']
    for (let seed = -20; seed < 200; seed++) for (const name of names) starts.add(namedStream(seed, name).uniform())
    expect(starts.size).toBe(220 * names.length)
  })
  test('starts uniformly over small seeds', () => {
    // First draws of seeds 0..1999; the bare generator gives about 1.0 for all of them. sd of the mean is 0.0065.
    const first = Array.from({ length: 2000 }, (_, seed) => namedStream(seed, 'weights').uniform())
    const mean = first.reduce((sum, u) => sum + u, 0) / 2000
    expect(Math.abs(mean - 0.5)).toBeLessThan(4 * Math.sqrt(1 / 12 / 2000))
    expect(chiSquareTail(first, 20)).toBeGreaterThan(1e-4)
  })
  test('is uncorrelated between neighbouring seeds', () => {
    const a = namedStream(1, 'weights')
    const b = namedStream(2, 'weights')
    const n = 20_000
    let product = 0
    for (let i = 0; i < n; i++) product += a.normal() * b.normal()
    expect(Math.abs(product / Math.sqrt(n))).toBeLessThan(4)
  })
  test('draws uniforms below 1 that fill equal cells equally, in high and in low bits', () => {
    const stream = namedStream(3, 'probes')
    const u = drawn(100_000, () => stream.uniform())
    expect(Math.max(...u.slice(0, 50_000))).toBeLessThan(1)
    expect(Math.min(...u.slice(0, 50_000))).toBeGreaterThanOrEqual(0)
    expect(chiSquareTail(u, 100)).toBeGreaterThan(1e-4)
    expect(
      chiSquareTail(
        u.map((v) => (v * 2 ** 30) % 1),
        100,
      ),
    ).toBeGreaterThan(1e-4)
  })
  test('draws normals with the moments and the distribution of N(0, 1)', () => {
    const stream = namedStream(4, 'probes')
    const n = 100_000
    const z = drawn(n, () => stream.normal())
    const moment = (k: number): number => z.reduce((sum, v) => sum + v ** k, 0) / n
    // Four standard errors; variances of z, z^2, z^3, z^4 are 1, 2, 15, 96.
    expect(Math.abs(moment(1))).toBeLessThan(4 * Math.sqrt(1 / n))
    expect(Math.abs(moment(2) - 1)).toBeLessThan(4 * Math.sqrt(2 / n))
    expect(Math.abs(moment(3))).toBeLessThan(4 * Math.sqrt(15 / n))
    expect(Math.abs(moment(4) - 3)).toBeLessThan(4 * Math.sqrt(96 / n))
    expect(
      chiSquareTail(
        z.map((v) => 0.5 + 0.5 * erf(v / Math.SQRT2)),
        100,
      ),
    ).toBeGreaterThan(1e-4)
  })
  test('draws integers without bias for a bound that is no power of two', () => {
    const stream = namedStream(5, 'batches')
    const draws = drawn(60_000, () => stream.integer(7))
    expect(
      chiSquareTail(
        draws.map((k) => (k + 0.5) / 7),
        7,
      ),
    ).toBeGreaterThan(1e-4)
    expect(stream.integer(1)).toBe(0)
  })
  test('permutes every element once and every position equally', () => {
    const stream = namedStream(6, 'batches')
    const places = drawn(20_000, () => stream.permutation(5).indexOf(0))
    expect(
      chiSquareTail(
        places.map((k) => (k + 0.5) / 5),
        5,
      ),
    ).toBeGreaterThan(1e-4)
    expect(Array.from(stream.permutation(40)).sort((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, i) => i))
    expect(stream.permutation(0)).toHaveLength(0)
  })
  test('refuses a seed that is not finite and a bound that is not a positive integer', () => {
    expect(() => namedStream(NaN, 'weights')).toThrow(DomainFault)
    expect(() => namedStream(1, 'weights').integer(0)).toThrow(DomainFault)
    expect(() => namedStream(1, 'weights').integer(2.5)).toThrow(DomainFault)
  })
})

describe('restoreStream', () => {
  test('goes on exactly where the state was taken, also between the two normals of a pair', () => {
    const stream = namedStream(8, 'weights')
    for (const taken of [0, 1, 2]) {
      for (let i = 0; i < taken; i++) stream.normal()
      // Through JSON, as checkpoints travel.
      const state = JSON.parse(JSON.stringify(stream.state())) as number[]
      const restored = restoreStream(state)
      expect(drawn(9, () => restored.normal())).toEqual(drawn(9, () => stream.normal()))
    }
  })
  test('refuses a state of another length', () => {
    expect(() => restoreStream([1, 2, 3])).toThrow(ShapeFault)
  })
})

/** Probability of a worse chi-square than that of these uniform numbers in equal cells. */
function chiSquareTail(uniforms: readonly number[], cells: number): number {
  const counts = new Float64Array(cells)
  for (const u of uniforms) counts[Math.min(cells - 1, Math.floor(u * cells))]++
  const expected = uniforms.length / cells
  const statistic = counts.reduce((sum, c) => sum + (c - expected) ** 2 / expected, 0)
  return regularisedGammaQ((cells - 1) / 2, statistic / 2)
}
