// Do the laws of forward signals agree with draws: means, fourth moments, typical sizes, dead layers, borders and skips?
import { describe, expect, test } from 'vitest'
import { DomainFault } from '../../src/core/faults.ts'
import type { RandomStream } from '../../src/core/random.ts'
import { namedStream } from '../../src/numerics/streams.ts'
import { paddingFactors, paddingLimit } from '../../src/theory/convolutionPadding.ts'
import { fixedMoments, forwardMoments, independentMoments, linearGaussianTail, widthForTail } from '../../src/theory/forwardMoments.ts'
import { skipSquareGrowth } from '../../src/theory/skipGrowth.ts'
import { aliveProbability, linearLogNorm, medianStableVariance, reluLogNorm } from '../../src/theory/typicalForward.ts'
import { normalLaw, uniformLaw } from '../../src/theory/weightLaw.ts'
import { apply, dot, matrixOf, normals } from './reference/draws.ts'
import { expectMean, expectMeans, expectShare } from './reference/monteCarlo.ts'

const DRAWS = 40_000
const relu = (z: Float64Array): Float64Array => z.map((v) => Math.max(0, v))
const sumOfPowers = (z: Float64Array, power: number): number => z.reduce((sum, v) => sum + v ** power, 0)
const layerDraws = {
  normal: { law: normalLaw(0.4), entry: (stream: RandomStream) => () => Math.sqrt(0.4) * stream.normal() },
  uniform: { law: uniformLaw(1.5), entry: (stream: RandomStream) => () => 1.5 * (2 * stream.uniform() - 1) },
} as const

describe('forwardMoments', () => {
  test.each([
    ['normal', 'linear', 201],
    ['uniform', 'linear', 202],
    ['normal', 'relu', 203],
    ['uniform', 'relu', 204],
  ] as const)('agrees with draws of %s %s layers of width 3 from a normal start (seed %i)', (family, activation, seed) => {
    const stream = namedStream(seed, 'weights')
    const { law, entry } = layerDraws[family]
    const gate = activation === 'relu' ? 0.5 : 1
    const predicted = forwardMoments(independentMoments(3, 1, 3), 3, 3, law, gate)
    const expected = predicted.flatMap((m) => [m.logSquare, m.logSquareSquared, m.logFourth].map(Math.exp))
    expectMeans(expected, DRAWS, () => {
      let h = normals(stream, 3)
      const values: number[] = []
      for (let layer = 0; ; layer++) {
        const square = sumOfPowers(h, 2)
        values.push(square, square ** 2, sumOfPowers(h, 4))
        if (layer === 3) return values
        h = apply(matrixOf(3, 3, entry(stream)), activation === 'relu' ? relu(h) : h)
      }
    })
  })
  test('is the start itself after no layer', () => {
    const start = fixedMoments([1, 2])
    expect(forwardMoments(start, 0, 2, normalLaw(1), 1)).toEqual([start])
    expect(Math.exp(start.logSquare)).toBeCloseTo(5, 13)
    expect(Math.exp(start.logFourth)).toBeCloseTo(17, 12)
  })
  test('gives ((d+2)/d)^L for linear Gaussian layers from a fixed start, at any depth', () => {
    for (const depth of [1, 10, 2000]) {
      const end = forwardMoments(fixedMoments([1, -2, 0.5, 1]), depth, 4, normalLaw(0.01), 1)[depth]
      expect((end.logSquareSquared - 2 * end.logSquare) / (depth * Math.log(linearGaussianTail(1, 4)))).toBeCloseTo(1, 10)
    }
    expect(linearGaussianTail(1000, 1000)).toBeCloseTo(Math.exp(2), 1)
  })
  test('agrees with the least width for a wanted tail', () => {
    const width = widthForTail(20, 0.5)
    expect(linearGaussianTail(20, width)).toBeCloseTo(1.25, 12)
  })
  test('refuses a width of zero', () => {
    expect(() => forwardMoments(fixedMoments([1]), 1, 0, normalLaw(1), 1)).toThrow(DomainFault)
  })
})

describe('linearLogNorm', () => {
  test('agrees with draws at width 4 and depth 5, mean and variance (seed 205)', () => {
    const stream = namedStream(205, 'weights')
    const { mean, variance } = linearLogNorm(5, 4, 0.3)
    const draw = (): number => {
      let h: Float64Array = Float64Array.of(1, 0, 0, 0)
      for (let layer = 0; layer < 5; layer++)
        h = apply(
          matrixOf(4, 4, () => Math.sqrt(0.3) * stream.normal()),
          h,
        )
      return Math.log(dot(h, h))
    }
    expectMean(mean, 20_000, draw)
    expectMean(variance, 20_000, () => (draw() - mean) ** 2)
  })
  test('vanishes at the median-stable variance, which is about (1 + 1/d) / d', () => {
    for (const width of [1, 3, 50]) expect(linearLogNorm(7, width, medianStableVariance(width)).mean).toBeCloseTo(0, 12)
    expect(medianStableVariance(100) * 100).toBeCloseTo(1.01, 3)
  })
})

describe('reluLogNorm', () => {
  test('agrees with draws of living networks at width 4 and depth 3 (seed 206)', () => {
    const stream = namedStream(206, 'weights')
    const { mean, variance } = reluLogNorm(3, 4, 0.5)
    const draw = (): number => {
      for (;;) {
        let a: Float64Array = Float64Array.of(1, 0, 0, 0)
        for (let layer = 0; layer < 3; layer++)
          a = relu(
            apply(
              matrixOf(4, 4, () => Math.sqrt(0.5) * stream.normal()),
              a,
            ),
          )
        const square = dot(a, a)
        if (square > 0) return Math.log(square)
      }
    }
    expectMean(mean, 20_000, draw)
    expectMean(variance, 20_000, () => (draw() - mean) ** 2)
  })
  test('tends to the linear law of half the variance for wide layers', () => {
    expect(reluLogNorm(1, 400, 2 / 400).mean).toBeCloseTo(linearLogNorm(1, 400, 1 / 400).mean, 2)
  })
})

describe('aliveProbability', () => {
  test('agrees with the share of living networks at width 3 and 6 layers (seed 207)', () => {
    const stream = namedStream(207, 'weights')
    expectShare(aliveProbability(3, 6), 20_000, () => {
      let a = normals(stream, 3)
      for (let layer = 0; layer < 6; layer++)
        a = relu(
          apply(
            matrixOf(3, 3, () => stream.normal()),
            a,
          ),
        )
      return dot(a, a) > 0
    })
  })
  test('is 45 % at width 5 and 25 layers, as published, and 1 without layers', () => {
    expect(aliveProbability(5, 25)).toBeCloseTo(0.45, 2)
    expect(aliveProbability(5, 0)).toBe(1)
    expect(aliveProbability(300, 1000)).toBe(1)
  })
})

describe('paddingFactors', () => {
  /** Mean square per pixel in two dimensions, neighbour by neighbour. */
  function slowFactors(side: number, layers: number): number[] {
    let image = Array.from({ length: side }, () => Array.from({ length: side }, () => 1))
    let last = 1
    return Array.from({ length: layers }, () => {
      image = image.map((row, i) =>
        row.map((_, j) => {
          let sum = 0
          for (let a = -1; a <= 1; a++) for (let b = -1; b <= 1; b++) sum += image[i + a]?.[j + b] ?? 0
          return sum / 9
        }),
      )
      const mean = image.flat().reduce((sum, v) => sum + v, 0) / side ** 2
      const factor = mean / last
      last = mean
      return factor
    })
  }
  test('equals the neighbour average over the whole image', () => {
    for (const side of [1, 2, 7]) slowFactors(side, 6).forEach((factor, i) => expect(paddingFactors(side, 6)[i]).toBeCloseTo(factor, 12))
  })
  test('starts at 0.819 and tends to 0.901 on 7 x 7, and to 0.994 on 32 x 32', () => {
    expect(paddingFactors(7, 1)[0]).toBeCloseTo(0.819, 3)
    expect(paddingFactors(7, 200)[199]).toBeCloseTo(paddingLimit(7), 10)
    expect(paddingLimit(7)).toBeCloseTo(0.901, 3)
    expect(paddingLimit(32)).toBeCloseTo(0.994, 3)
  })
})

describe('skipSquareGrowth', () => {
  test('doubles per block at unit gain, in draws of width 6 (seed 208)', () => {
    const stream = namedStream(208, 'weights')
    expectMean(skipSquareGrowth(3, 1), 20_000, () => {
      let h: Float64Array = Float64Array.of(1, 0, 0, 0, 0, 0)
      for (let block = 0; block < 3; block++) {
        const branch = apply(
          matrixOf(6, 6, () => stream.normal() / Math.sqrt(6)),
          h,
        )
        h = h.map((v, i) => v + branch[i])
      }
      return dot(h, h)
    })
    expect(skipSquareGrowth(10, 1)).toBe(1024)
  })
  test('stays below e with branches scaled by 1/sqrt(blocks)', () => {
    for (const blocks of [1, 10, 1000]) expect(skipSquareGrowth(blocks, 1, 1 / Math.sqrt(blocks))).toBeLessThan(Math.E)
  })
})
