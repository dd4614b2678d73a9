// Do the laws of random chains agree with draws, with their limits and with each other?
import { describe, expect, test } from 'vitest'
import { DomainFault } from '../../src/core/faults.ts'
import { log10Of, toNumber } from '../../src/numerics/logMagnitude.ts'
import { namedStream } from '../../src/numerics/streams.ts'
import { symmetricEigenvalues } from '../../src/numerics/symmetricEigenvalues.ts'
import * as distribution from '../../src/theory/chainDistribution.ts'
import { gradientLog10Quantile, gradientLogCdf } from '../../src/theory/chainGradientQuantiles.ts'
import { chainInertia } from '../../src/theory/chainInertia.ts'
import * as moments from '../../src/theory/chainMoments.ts'
import { chainSlopes } from '../../src/theory/chainSlopes.ts'
import { equivalentTau, normalLaw, uniformLaw, weightLaw } from '../../src/theory/weightLaw.ts'
import { chainGradient, chainHessian, chainHessianMatrix } from './reference/chain.ts'
import { normals, uniforms } from './reference/draws.ts'
import { expectMean, expectShare } from './reference/monteCarlo.ts'

const ROOT3 = Math.sqrt(3)
const POINT = { x: [1], y: [1] }
const ONE = moments.singlePoint(1, 1)
const THREE = { x: [1, -0.5, 2], y: [1, 0.3, 0.8] }
const THREE_DATA = { meanSquare: (1 + 0.25 + 4) / 3, meanProduct: (1 - 0.15 + 1.6) / 3 }
const logProduct = (w: Float64Array): number => w.reduce((sum, v) => sum + Math.log(Math.abs(v)), 0)

describe('productLogCdf', () => {
  test('is the distribution of one uniform weight at depth 1', () => {
    expect(distribution.productLogCdf(Math.log(0.5), 1, 2)).toBeCloseTo(0.25, 14)
    expect(distribution.productLogCdf(Math.log(2), 1, 2)).toBe(1)
    expect(distribution.negativeLogCdf(-Math.log(0.5), 1, 2)).toBeCloseTo(0.75, 14)
  })
  test('gives the share of draws at depth 16 (seed 101)', () => {
    const stream = namedStream(101, 'weights')
    for (const probability of [0.05, 0.5, 0.95]) {
      const quantile = distribution.productLogQuantile(probability, 16, ROOT3)
      expectShare(probability, 20_000, () => logProduct(uniforms(stream, 16, ROOT3)) <= quantile)
    }
  })
  test('is inverted by the quantile, deep in the range beyond float64', () => {
    const quantile = distribution.productLogQuantile(0.3, 2000, 0.5)
    expect(quantile).toBeLessThan(-3000)
    expect(distribution.productLogCdf(quantile, 2000, 0.5)).toBeCloseTo(0.3, 10)
  })
  test('has its median between the bounds L - 1/3 and L - 1 + ln 2', () => {
    for (const depth of [2, 8, 64, 1000]) {
      const shift = depth * Math.log(ROOT3) - distribution.productLogQuantile(0.5, depth, ROOT3)
      expect(shift).toBeGreaterThan(depth - 1 / 3)
      expect(shift).toBeLessThan(depth - 1 + Math.LN2)
    }
  })
  test('tends to tau/e per layer', () => {
    expect(Math.exp(distribution.productLogQuantile(0.5, 20_000, 2) / 20_000)).toBeCloseTo(2 / Math.E, 4)
  })
  test('refuses a chain without weights', () => {
    expect(() => distribution.productLogCdf(0, 0, 1)).toThrow(DomainFault)
  })
})

describe('productLogMoments', () => {
  test('gives mean and spread of ln v for uniform and normal weights (seed 102)', () => {
    const stream = namedStream(102, 'weights')
    for (const [law, draw] of [
      [uniformLaw(2), () => uniforms(stream, 9, 2)],
      [normalLaw(2.25), () => normals(stream, 9, 1.5)],
    ] as const) {
      const { mean, standardDeviation } = distribution.productLogMoments(law, 9)
      expectMean(mean, 20_000, () => logProduct(draw()))
      expectMean(standardDeviation ** 2, 20_000, () => (logProduct(draw()) - mean) ** 2)
    }
  })
  test('is L (ln tau - 1) and sqrt L for uniform weights', () => {
    const { mean, standardDeviation } = distribution.productLogMoments(uniformLaw(2), 25)
    expect(mean).toBeCloseTo(25 * (Math.LN2 - 1), 12)
    expect(standardDeviation).toBe(5)
  })
  test('vanishes at the median-stable deviations e/sqrt 3 and 1.887', () => {
    expect(distribution.medianStableDeviation('uniform')).toBeCloseTo(Math.E / ROOT3, 13)
    expect(distribution.medianStableDeviation('normal')).toBeCloseTo(1.887, 3)
  })
})

describe('uniformProductMoment', () => {
  test('agrees with draws at depth 4 (seed 103)', () => {
    const stream = namedStream(103, 'weights')
    for (const power of [1, 2, 3] as const) {
      expectMean(toNumber(moments.uniformProductMoment(power, 4, 1.5)), 100_000, () =>
        Math.exp(power * logProduct(uniforms(stream, 4, 1.5))),
      )
    }
  })
})

describe('gradientSecondMoment', () => {
  test('agrees with draws of explicit gradients, one and three samples, uniform and normal (seed 104)', () => {
    const stream = namedStream(104, 'weights')
    for (const [points, data] of [
      [POINT, ONE],
      [THREE, THREE_DATA],
    ] as const) {
      for (const depth of [1, 2, 4]) {
        expectMean(
          toNumber(moments.gradientSecondMoment(uniformLaw(ROOT3), depth, data)),
          60_000,
          () => chainGradient(uniforms(stream, depth, ROOT3), depth - 1, points) ** 2,
        )
      }
      expectMean(
        toNumber(moments.gradientSecondMoment(normalLaw(0.64), 3, data)),
        100_000,
        () => chainGradient(normals(stream, 3, 0.8), 0, points) ** 2,
      )
    }
  })
  test('stays right at depth 5000, where float64 is 0', () => {
    const value = moments.gradientSecondMoment(uniformLaw(1), 5000, ONE)
    expect(log10Of(value)).toBeCloseTo(-4999 * Math.log10(3), 6)
  })
  test('is its own term alone when targets are zero', () => {
    expect(toNumber(moments.gradientSecondMoment(uniformLaw(ROOT3), 3, { meanSquare: 2, meanProduct: 0 }))).toBeCloseTo(
      4 * 1 * 1.8 ** 2,
      12,
    )
  })
})

describe('offDiagonalSecondMoment and the diagonal', () => {
  test('agree with draws of explicit Hessian entries (seed 105)', () => {
    const stream = namedStream(105, 'weights')
    const law = uniformLaw(ROOT3)
    for (const depth of [2, 4]) {
      const draw = (): Float64Array => uniforms(stream, depth, ROOT3)
      expectMean(toNumber(moments.offDiagonalSecondMoment(law, depth, THREE_DATA)), 60_000, () => chainHessian(draw(), 0, 1, THREE) ** 2)
      expectMean(toNumber(moments.diagonalMean(law, depth, THREE_DATA)), 60_000, () => chainHessian(draw(), 1, 1, THREE))
      expectMean(toNumber(moments.diagonalSecondMoment(law, depth, THREE_DATA)), 60_000, () => chainHessian(draw(), 1, 1, THREE) ** 2)
    }
  })
  test('have the exponents of both variances, away from variance 1 (seed 110)', () => {
    const stream = namedStream(110, 'weights')
    const law = uniformLaw(0.8)
    for (const [depth, points, data] of [
      [3, THREE, THREE_DATA],
      // Without a target only the own term is left.
      [2, { x: [1, 2], y: [0, 0] }, { meanSquare: 2.5, meanProduct: 0 }],
    ] as const) {
      const expected = toNumber(moments.offDiagonalSecondMoment(law, depth, data))
      expectMean(expected, 60_000, () => chainHessian(uniforms(stream, depth, 0.8), 0, 1, points) ** 2)
    }
    // m2 = 0.2133, m4 = 0.08192: 4 m^2 m2^2 at depth 2, times m4 at depth 3.
    const m2 = 0.64 / 3
    expect(toNumber(moments.offDiagonalSecondMoment(law, 2, { meanSquare: 2.5, meanProduct: 0 }))).toBeCloseTo(25 * m2 * m2, 12)
    expect(toNumber(moments.offDiagonalSecondMoment(law, 3, { meanSquare: 1, meanProduct: 1 }))).toBeCloseTo(
      4 * m2 * m2 * (0.8 ** 4 / 5) + m2,
      12,
    )
  })
  test('refuse a chain that has no off-diagonal', () => {
    expect(() => moments.offDiagonalSecondMoment(uniformLaw(1), 1, ONE)).toThrow(DomainFault)
  })
})

describe('gradientLog10Quantile', () => {
  test('agrees with the share of draws below it, shallow and deep, vanishing and exploding (seed 106)', () => {
    const stream = namedStream(106, 'weights')
    for (const [depth, tau] of [
      [1, 0.8],
      [1, 3],
      [2, 2],
      [3, ROOT3],
      [6, 2.5],
      [12, 4],
      [40, ROOT3],
    ]) {
      for (const probability of [0.05, 0.5, 0.95]) {
        const quantile = gradientLog10Quantile(probability, depth, tau, THREE_DATA)
        expectShare(probability, 4000, () => Math.log10(Math.abs(chainGradient(uniforms(stream, depth, tau), 0, THREE))) <= quantile)
      }
    }
  })
  test('is the quantile of the other weights where the own term is negligible', () => {
    expect(gradientLog10Quantile(0.5, 100, 1, ONE)).toBeCloseTo(distribution.productLogQuantile(0.5, 99, 1) / Math.LN10, 9)
    expect(gradientLog10Quantile(0.5, 1500, 1, ONE)).toBeLessThan(-600)
  })
  test('is exact in two dimensions, before and behind the hump where own term and target cancel', () => {
    // Depth 2, x = y = 1, tau = 2: g = v |v w - 1|, v uniform in [0, 2], w in [-2, 2]; the area by fine cells.
    for (const g of [0.02, 0.1, 0.3, 0.8, 2]) {
      let below = 0
      const cells = 1200
      for (let i = 0; i < cells; i++) {
        const v = (2 * (i + 0.5)) / cells
        for (let j = 0; j < cells; j++) if (v * Math.abs((v * 4 * (j + 0.5)) / cells - 2 * v - 1) <= g) below++
      }
      // 64 midpoints over the own weight, and edges of 1200 cells.
      expect(gradientLogCdf(Math.log(g), 2, 2, ONE)).toBeCloseTo(below / cells ** 2, 2.5)
    }
  })
  test('works without a target and far above float64', () => {
    const data = { meanSquare: 1, meanProduct: 0 }
    const stream = namedStream(107, 'weights')
    const quantile = gradientLog10Quantile(0.3, 5, 2, data)
    expectShare(0.3, 8000, () => Math.log10(Math.abs(chainGradient(uniforms(stream, 5, 2), 0, { x: [1], y: [0] }))) <= quantile)
    expect(gradientLog10Quantile(0.5, 3000, 20, ONE)).toBeGreaterThan(5000)
  })
  test('is a distribution function: from 0 to 1, rising', () => {
    let last = 0
    for (let logG = -40; logG < 20; logG += 0.5) {
      const value = gradientLogCdf(logG, 5, 2, THREE_DATA)
      expect(value).toBeGreaterThanOrEqual(last - 1e-12)
      last = value
    }
    expect(gradientLogCdf(-60, 5, 2, THREE_DATA)).toBeLessThan(1e-9)
    expect(last).toBeCloseTo(1, 12)
  })
  test('refuses a probability outside (0, 1)', () => {
    expect(() => gradientLog10Quantile(1, 3, 1, ONE)).toThrow(DomainFault)
  })
})

describe('chainSlopes', () => {
  test('has the published rates at tau sqrt 3 and at a normal of variance 1, and none at e', () => {
    expect(chainSlopes(uniformLaw(ROOT3)).gradient).toBeCloseTo(-0.1957, 4)
    expect(chainSlopes(uniformLaw(ROOT3)).diagonal).toBeCloseTo(-0.3915, 4)
    expect(chainSlopes(normalLaw(1)).gradient).toBeCloseTo(-0.2759, 4)
    expect(chainSlopes(uniformLaw(Math.E)).gradient).toBeCloseTo(0, 14)
  })
  test('is the slope of the exact median between depths 300 and 600, single below e and double above', () => {
    for (const tau of [1, ROOT3, 2.2, 4, 8]) {
      const measured = (gradientLog10Quantile(0.5, 600, tau, ONE) - gradientLog10Quantile(0.5, 300, tau, ONE)) / 300
      // What is left: the median of |w| and M - L, both of order 1 over 300 layers.
      expect(Math.abs(measured - chainSlopes(uniformLaw(tau)).gradient)).toBeLessThan(1e-3)
    }
  })
})

describe('chainSlopes off the diagonal', () => {
  test('are those of the gradient, single below e and double above; on the diagonal double on both sides', () => {
    for (const tau of [1, ROOT3, 4, 9]) {
      const rate = Math.log10(tau / Math.E)
      const { gradient, offDiagonal, diagonal } = chainSlopes(uniformLaw(tau))
      expect(offDiagonal).toBe(gradient)
      expect(offDiagonal).toBeCloseTo(tau > Math.E ? 2 * rate : rate, 12)
      expect(diagonal).toBeCloseTo(2 * rate, 12)
    }
  })
  test('are the slope of exact medians of drawn entries above and below e (seed 111)', () => {
    const stream = namedStream(111, 'weights')
    for (const tau of [1.2, 5]) {
      const median = (depth: number) => {
        const logs = Array.from({ length: 4001 }, () => {
          const w = uniforms(stream, depth, tau)
          const product = w.reduce((p, v) => p * v, 1)
          return Math.log10(Math.abs((product / w[0] / w[1]) * (2 * product - 1)))
        })
        return logs.sort((a, b) => a - b)[2000]
      }
      const slope = (median(90) - median(30)) / 60
      // Medians of 4001 draws whose spread is at most 2 sqrt(90)/ln 10: 0.16 decades each over 60 layers.
      expect(Math.abs(slope - chainSlopes(uniformLaw(tau)).offDiagonal)).toBeLessThan(0.015)
    }
  })
})

describe('chainInertia', () => {
  test('counts the signs of the exact spectrum of drawn chains (seed 108)', () => {
    const stream = namedStream(108, 'weights')
    for (let draw = 0; draw < 300; draw++) {
      const depth = 2 + (draw % 6)
      const w = uniforms(stream, depth, 0.8 + 0.01 * draw)
      const values = symmetricEigenvalues(chainHessianMatrix(w, THREE), depth)
      const inertia = chainInertia(
        w.reduce((p, v) => p * v, 1),
        depth,
        THREE_DATA,
      )
      // Skip the boundary, where an eigenvalue is zero to rounding.
      const smallest = Math.min(...values.map(Math.abs))
      if (smallest < 1e-12 * Math.max(...values.map(Math.abs))) continue
      expect(inertia, `draw ${draw}`).toEqual({
        positive: values.filter((v) => v > 0).length,
        negative: values.filter((v) => v < 0).length,
        zero: 0,
      })
    }
  })
  test('has one value against all others on the plateau, and L - 1 zeros at the minimum', () => {
    expect(chainInertia(1e-200, 64, ONE)).toEqual({ positive: 63, negative: 1, zero: 0 })
    expect(chainInertia(-1e-200, 64, ONE)).toEqual({ positive: 1, negative: 63, zero: 0 })
    expect(chainInertia(1, 64, ONE)).toEqual({ positive: 1, negative: 0, zero: 63 })
    expect(() => chainInertia(0, 3, ONE)).toThrow(DomainFault)
  })
})

describe('weightLaw', () => {
  test('has the variances of the table, and tau marks 1, sqrt 3, sqrt 6 on square layers', () => {
    const tau = (scheme: 'lecunUniform' | 'glorotUniform' | 'heUniform' | 'lecunNormal'): number =>
      equivalentTau(weightLaw({ scheme, tau: 9, gain: 1 }, 50, 50), 50)
    expect(tau('lecunUniform')).toBeCloseTo(1, 14)
    expect(tau('glorotUniform')).toBeCloseTo(ROOT3, 14)
    expect(tau('heUniform')).toBeCloseTo(Math.sqrt(6), 14)
    expect(tau('lecunNormal')).toBeCloseTo(ROOT3, 14)
    expect(weightLaw({ scheme: 'glorotNormal', tau: 1, gain: 1 }, 30, 10).variance).toBeCloseTo(0.05, 15)
    expect(weightLaw({ scheme: 'orthogonal', tau: 1, gain: 1 }, 30, 10).variance).toBeCloseTo(1 / 30, 15)
    expect(weightLaw({ scheme: 'constant', tau: 0.7, gain: 1 }, 1, 1)).toEqual({ family: 'constant', variance: 0.7 * 0.7, kurtosis: 1 })
  })
  test('tells fan-in from fan-out, and the first layer from the others, on rectangular layers', () => {
    const law = (
      scheme: 'glorotUniform' | 'heUniform' | 'heNormal' | 'lecunNormal' | 'kappaNormal' | 'unitNormal',
      gain = 1,
      isFirst = false,
    ) => weightLaw({ scheme, tau: 9, gain }, 40, 10, isFirst).variance
    expect(law('glorotUniform')).toBeCloseTo(2 / 50, 15)
    expect(law('heUniform')).toBeCloseTo(2 / 40, 15)
    expect(law('heNormal')).toBeCloseTo(2 / 40, 15)
    expect(law('lecunNormal')).toBeCloseTo(1 / 40, 15)
    expect(law('unitNormal')).toBe(1)
    expect(law('kappaNormal', 4)).toBeCloseTo(1 / 160, 15)
    expect(law('kappaNormal', 4, true)).toBeCloseTo(1 / 40, 15)
    expect(weightLaw({ scheme: 'orthogonal', tau: 1, gain: 3 }, 10, 40).variance).toBeCloseTo(9 / 40, 15)
  })
  test('has no spread for one orthogonal or constant weight, whose logarithm is that of its size', () => {
    for (const scheme of ['orthogonal', 'constant'] as const) {
      const law = weightLaw({ scheme, tau: 0.3, gain: 0.3 }, 1, 1)
      expect(distribution.logWeightMoments(law).mean).toBeCloseTo(Math.log(0.3), 14)
      expect(distribution.logWeightMoments(law).variance).toBe(0)
    }
  })
  test('has the kurtosis of the drawn laws (seed 109)', () => {
    const stream = namedStream(109, 'weights')
    const law = uniformLaw(2)
    expectMean(law.kurtosis * law.variance ** 2, 100_000, () => (2 * (2 * stream.uniform() - 1)) ** 4)
    expectMean(weightLaw({ scheme: 'orthogonal', tau: 1, gain: 1 }, 3, 3).kurtosis / 9, 100_000, () => {
      const v = normals(stream, 3)
      return (v[0] / Math.hypot(...v)) ** 4
    })
  })
})
