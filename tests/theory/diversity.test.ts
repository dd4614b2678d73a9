// Do the expectations of gradient diversity hold for drawn networks, teachers and data?
import { describe, expect, test } from 'vitest'
import { DomainFault } from '../../src/core/faults.ts'
import { namedStream } from '../../src/numerics/streams.ts'
import * as diversity from '../../src/theory/diversityExpectation.ts'
import { nullCosineDensity, nullCosineDeviation, nullCosineTailBound } from '../../src/theory/nullCosine.ts'
import { apply, dot, linearGradients, matrixOf, normals } from './reference/draws.ts'
import { expectMeans, expectShare } from './reference/monteCarlo.ts'

const SHAPES = [
  { widths: [3], seed: 401 },
  { widths: [3, 2], seed: 402 },
  { widths: [2, 3, 2], seed: 403 },
] as const

describe('logGradientSquare and logGradientProduct', () => {
  test.each(SHAPES)('agree with per-sample gradients of drawn students and teachers of widths $widths (seed $seed)', ({ widths, seed }) => {
    const stream = namedStream(seed, 'weights')
    const [inputs, ...hidden] = widths
    const sizes = [...widths, 1]
    const network = () => widths.map((width, l) => matrixOf(sizes[l + 1], width, () => stream.normal()))
    const pair = (): [number[], number[]] => {
      const student = network()
      const teacher = network()
      const gradients = [0, 1].map(() => {
        const x = normals(stream, inputs)
        const y = teacher.reduce<Float64Array>((h, w) => Float64Array.from(w, (row) => dot(row, h)), x)
        return linearGradients(student, [x], [y]).flatMap((layer) => layer.weights.flatMap((row) => [...row]))
      })
      return [gradients[0], gradients[1]]
    }
    // Products of Gaussians have heavy tails: shallow and narrow only, as here.
    expectMeans([diversity.logGradientSquare(inputs, hidden), diversity.logGradientProduct(inputs, hidden)].map(Math.exp), 20_000, () => {
      const [g, other] = pair()
      return [dot(g, g), dot(g, other)]
    })
  })
  test('have the closed values at one and two layers', () => {
    const [d, k] = [7, 4]
    expect(Math.exp(diversity.logGradientSquare(d, []))).toBeCloseTo(2 * d * (d + 2), 10)
    expect(Math.exp(diversity.logGradientProduct(d, []))).toBeCloseTo(2 * d, 11)
    expect(Math.exp(diversity.logGradientSquare(d, [k]))).toBeCloseTo(4 * d * (d + 2) * k * (k + 1), 8)
    expect(Math.exp(diversity.logGradientProduct(d, [k]))).toBeCloseTo(d * k * (4 * k + d + 3), 9)
  })
  test('stay finite at width 1, where a product of the proof is 0/0', () => {
    expect(Math.exp(diversity.logGradientProduct(5, [1]))).toBeCloseTo(5 * 12, 10)
    expect(Number.isFinite(diversity.logGradientProduct(5, [1, 1, 1]))).toBe(true)
  })
})

describe('expectedBatchSizeBound', () => {
  test('has the published values at d = 6, n = 20 and one hidden layer of 4 and 12', () => {
    expect(diversity.expectedBatchSizeBound(20, 6, [4])).toBeCloseTo(5.04, 2)
    expect(diversity.expectedBatchSizeBound(20, 6, [12])).toBeCloseTo(5.55, 2)
  })
  test('is 1 for one sample, n (d+2)/(n+d+1) for one layer, and tends to d + 2', () => {
    expect(diversity.expectedBatchSizeBound(1, 9, [5, 5])).toBeCloseTo(1, 14)
    expect(diversity.expectedBatchSizeBound(400, 20, [])).toBeCloseTo(diversity.linearBatchSizeBound(400, 20), 11)
    expect(diversity.linearBatchSizeBound(400, 20)).toBeCloseTo(20.9, 1)
    expect(diversity.expectedBatchSizeBound(1e9, 6, [1e7])).toBeCloseTo(8, 4)
    expect(diversity.expectedBatchSizeBound(1e9, 6, [1])).toBeCloseTo((8 * 8) / 13, 5)
  })
  test('rises with width, falls with depth, and stays above its lower bound', () => {
    let last = 0
    for (const width of [2, 4, 8, 32, 128]) {
      const value = diversity.expectedBatchSizeBound(1e9, 20, [width, width, width])
      expect(value).toBeGreaterThan(last)
      expect(diversity.batchSizeLowerBound(20, [width, width, width])).toBeLessThan(value)
      last = value
    }
    expect(diversity.expectedBatchSizeBound(500, 20, [16, 16])).toBeGreaterThan(diversity.expectedBatchSizeBound(500, 20, [16, 16, 16]))
  })
  test('has the published row of widths and depths at a budget of 2000 weights', () => {
    const rows = [
      [2, 95, 20.2],
      [3, 35, 16.9],
      [4, 26, 14.0],
      [6, 19, 10.0],
      [8, 16, 7.6],
    ]
    for (const [depth, width, expected] of rows) {
      expect(
        Math.abs(
          diversity.expectedBatchSizeBound(
            500,
            20,
            Array.from({ length: depth - 1 }, () => width),
          ) - expected,
        ),
      ).toBeLessThan(0.06)
    }
  })
  test('has the equal-width form of its lower bound, and refuses widths below 2 there', () => {
    expect(diversity.batchSizeLowerBound(20, [8, 8, 8])).toBeCloseTo(1 / (3 / (2 * 7) + 2 / 19), 12)
    expect(() => diversity.batchSizeLowerBound(20, [1])).toThrow(DomainFault)
  })
})

describe('offeredTeacher', () => {
  test('agrees with draws of single-layer gradients: own term, and the part that two samples share (seed 405)', () => {
    const stream = namedStream(405, 'weights')
    const d = 4
    for (const kind of ['teacher', 'linearTeacher', 'gaussian'] as const) {
      const { own, cross } = diversity.offeredTeacher(kind, d, 0.6)
      expectMeans([own * d * (d + 2), cross * d], 60_000, () => {
        const hidden = matrixOf(d, d, () => stream.normal() / Math.sqrt(d))
        const output = normals(stream, d, Math.sqrt(2 / d))
        const line = normals(stream, d, Math.sqrt(1 / d))
        const target = (x: Float64Array): number => {
          const noise = 0.6 * stream.normal()
          if (kind === 'gaussian') return stream.normal() + noise
          return (
            noise +
            (kind === 'linearTeacher'
              ? dot(line, x)
              : dot(
                  output,
                  apply(hidden, x).map((v) => Math.max(0, v)),
                ))
          )
        }
        const [a, b] = [normals(stream, d), normals(stream, d)]
        const y = target(a)
        return [y * y * dot(a, a), y * target(b) * dot(a, b)]
      })
    }
  })
  test('is that of the paper for one layer and a linear teacher of N(0, 1) weights, d times as large', () => {
    expect(diversity.sameTeacher([])).toEqual({ own: 1, cross: 1 })
    expect(diversity.offeredTeacher('linearTeacher', 5, 0)).toEqual({ own: 1 / 5, cross: 1 / 5 })
    expect(diversity.sameTeacher([3, 4])).toEqual({ own: 12, cross: 12 })
  })
})

describe('batchSumSquare', () => {
  const rows = [
    [1, 2],
    [-0.5, 1],
    [3, -1],
    [0.2, 0.4],
  ]
  const meanSquare = rows.reduce((sum, g) => sum + dot(g, g), 0) / 4
  const total = [0, 1].map((c) => rows.reduce((sum, g) => sum + g[c], 0))
  const delta = (4 * meanSquare) / dot(total, total)
  const sumOf = (batch: readonly number[]): number => {
    const sum = [0, 1].map((c) => batch.reduce((s, i) => s + rows[i][c], 0))
    return dot(sum, sum)
  }
  test('is the exact mean over all batches of two and three, with and without replacement', () => {
    const all: number[][] = []
    for (let i = 0; i < 4; i++) for (let j = 0; j < 4; j++) for (let k = 0; k < 4; k++) all.push([i, j, k])
    const mean = (batches: readonly number[][]): number => batches.reduce((sum, batch) => sum + sumOf(batch), 0) / batches.length
    const distinct = all.filter((batch) => new Set(batch).size === 3)
    expect(diversity.batchSumSquare(3, 4, meanSquare, delta, true)).toBeCloseTo(mean(all), 12)
    expect(diversity.batchSumSquare(3, 4, meanSquare, delta, false)).toBeCloseTo(mean(distinct), 12)
    expect(diversity.batchSumSquare(4, 4, meanSquare, delta, false)).toBeCloseTo(dot(total, total), 12)
    expect(diversity.batchSumSquare(1, 4, meanSquare, delta, true)).toBe(meanSquare)
  })
  test('allows gradients that cancel', () => {
    expect(diversity.batchSumSquare(2, 4, 1, Infinity, true)).toBe(2)
    expect(diversity.batchSumSquare(4, 4, 1, Infinity, false)).toBeCloseTo(0, 14)
  })
})

describe('widthForBudget', () => {
  test('has the published widths 20.15 and 16.91, and spends the budget', () => {
    expect(diversity.widthForBudget(16_000, 784, 10, 1)).toBeCloseTo(20.15, 2)
    const width = diversity.widthForBudget(16_000, 784, 10, 10)
    expect(width).toBeCloseTo(16.91, 2)
    expect(784 * width + 9 * width ** 2 + width * 10).toBeCloseTo(16_000, 8)
  })
})

describe('nullCosineDensity', () => {
  const integral = (dimension: number, f: (x: number) => number): number => {
    // Substitution x = sin t keeps the ends of low dimensions finite.
    const n = 4000
    let sum = 0
    for (let i = 0; i < n; i++) {
      const t = Math.PI * ((i + 0.5) / n - 0.5)
      sum += f(Math.sin(t)) * nullCosineDensity(Math.sin(t), dimension) * Math.cos(t)
    }
    return (sum * Math.PI) / n
  }
  test.each([2, 3, 4, 10, 1000, 1e6])('integrates to 1 with variance 1/P in R^%i', (dimension) => {
    expect(integral(dimension, () => 1)).toBeCloseTo(1, 6)
    expect(integral(dimension, (x) => x * x) * dimension).toBeCloseTo(1, 5)
  })
  test('is flat in three dimensions and normal in many', () => {
    expect(nullCosineDensity(0.9, 3)).toBeCloseTo(0.5, 14)
    expect(nullCosineDensity(1, 3)).toBeCloseTo(0.5, 14)
    expect(nullCosineDensity(1, 8)).toBe(0)
    expect(nullCosineDensity(0, 1e8) * Math.sqrt(2 * Math.PI) * nullCosineDeviation(1e8)).toBeCloseTo(1, 7)
    expect(nullCosineDensity(1.5, 8)).toBe(0)
    expect(() => nullCosineDensity(0, 1)).toThrow(DomainFault)
  })
  test('gives the share of drawn pairs below a level, and its tail bound is never crossed (seed 404)', () => {
    const stream = namedStream(404, 'probes')
    const cosine = (): number => {
      const [a, b] = [normals(stream, 12), normals(stream, 12)]
      return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b))
    }
    let below = 0
    for (let i = 0; i < 2000; i++) below += nullCosineDensity(-1 + (1.2 * (i + 0.5)) / 2000, 12) * (1.2 / 2000)
    expectShare(below, 20_000, () => cosine() < 0.2)
    for (const level of [0.1, 0.3, 0.5, 0.8]) {
      let tail = 0
      for (let i = 0; i < 2000; i++) tail += 2 * nullCosineDensity(level + ((1 - level) * (i + 0.5)) / 2000, 12) * ((1 - level) / 2000)
      expect(nullCosineTailBound(level, 12)).toBeGreaterThan(tail)
      expect(nullCosineTailBound(level, 12)).toBeCloseTo(Math.min(1, Math.sqrt(Math.PI / 2) * Math.exp(-5.5 * level ** 2)), 12)
    }
  })
})
