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
