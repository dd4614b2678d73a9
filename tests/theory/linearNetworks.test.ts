// Are the exact statements about linear networks exact, and do the rates for wide ones follow?
import { describe, expect, test } from 'vitest'
import { ShapeFault } from '../../src/core/faults.ts'
import { log10Of, toNumber } from '../../src/numerics/logMagnitude.ts'
import { namedStream } from '../../src/numerics/streams.ts'
import { dataMoments } from '../../src/core/dataMoments.ts'
import { linearGradientSquares, singleSampleMoments } from '../../src/theory/linearGradientMoments.ts'
import type { GaussianLayer } from '../../src/theory/linearGradientMoments.ts'
import { orthogonalGradientCosine, orthogonalGradientNorm } from '../../src/theory/orthogonalLinear.ts'
import { layerGain, linearDiagonalSlope, wideSlopes } from '../../src/theory/secondOrderScaling.ts'
import { apply, dot, linearGradients, matrixOf, normals, orthogonal, squareSum } from './reference/draws.ts'
import { expectMean, expectMeans } from './reference/monteCarlo.ts'

const square = (depth: number, width: number, variance: number): GaussianLayer[] =>
  Array.from({ length: depth }, () => ({ fanIn: width, fanOut: width, variance, gradientScale: 1, bias: false }))

describe('linearGradientSquares', () => {
  test('agrees with backpropagation through drawn networks 3-4-2-2 with biases on three samples (seed 301)', () => {
    const stream = namedStream(301, 'weights')
    const inputs = Array.from({ length: 3 }, () => normals(stream, 3))
    const targets = Array.from({ length: 3 }, () => normals(stream, 2))
    const data = dataMoments(
      inputs.flatMap((x) => [...x]),
      targets.flatMap((y) => [...y]),
      3,
      3,
      2,
    )
    const widths = [3, 4, 2, 2]
    const variances = [0.5, 0.3, 0.6]
    for (const bias of [false, true]) {
      const predicted = linearGradientSquares(
        variances.map((variance, k) => ({ fanIn: widths[k], fanOut: widths[k + 1], variance, gradientScale: 1, bias })),
        data,
      )
      expectMeans(predicted.map(toNumber), 15_000, () => {
        const weights = variances.map((variance, l) => matrixOf(widths[l + 1], widths[l], () => Math.sqrt(variance) * stream.normal()))
        return linearGradients(weights, inputs, targets).map((layer) => squareSum(layer.weights) + (bias ? dot(layer.bias, layer.bias) : 0))
      })
    }
  })
  test('is s2 |x|^4 d + |x|^2 |y|^2 for a single layer of one sample', () => {
    const [only] = linearGradientSquares(
      [{ fanIn: 2, fanOut: 3, variance: 0.7, gradientScale: 1, bias: false }],
      singleSampleMoments(5, 11),
    )
    expect(toNumber(only)).toBeCloseTo(0.7 * 25 * 3 + 55, 10)
  })
  test('equals the published square form with Q_j and T_j', () => {
    const [d, s2, depth] = [5, 0.3, 6]
    const squares = linearGradientSquares(square(depth, d, s2), singleSampleMoments(2, 3))
    const q = [d]
    const t = [d * d]
    for (let j = 1; j < depth; j++) {
      q.push(s2 * s2 * (d * (d + 1) * q[j - 1] + d * t[j - 1]))
      t.push(s2 * s2 * (d * d * t[j - 1] + 2 * d * q[j - 1]))
    }
    squares.forEach((value, k) => {
      const published = s2 * (s2 * s2 * d * (d + 2)) ** k * 4 * q[depth - 1 - k] + (d * s2) ** (depth - 1) * 2 * 3
      expect(toNumber(value) / published).toBeCloseTo(1, 12)
    })
  })
  test('scales the weight part by the NTK factor and leaves the bias', () => {
    const layers = square(2, 3, 1 / 3)
    const plain = linearGradientSquares(layers, singleSampleMoments(1, 1))
    const scaled = linearGradientSquares(
      layers.map((layer) => ({ ...layer, gradientScale: 1 / Math.sqrt(3) })),
      singleSampleMoments(1, 1),
    )
    scaled.forEach((value, k) => expect(toNumber(value)).toBeCloseTo(toNumber(plain[k]) / 3, 13))
  })
  test('reaches depth 3000 and zero targets', () => {
    const data = { ...singleSampleMoments(1, 1), crossSquare: 0 }
    const values = linearGradientSquares(square(3000, 4, 0.05), data)
    expect(log10Of(values[0])).toBeLessThan(-2000)
    expect(values.every((value) => value.sign === 1 && Number.isFinite(value.log))).toBe(true)
  })
  test('refuses rows that do not fit', () => {
    expect(() => dataMoments([1, 2, 3], [1], 1, 2, 1)).toThrow(ShapeFault)
  })
})

describe('dataMoments', () => {
  test('agrees with explicit matrices S and C', () => {
    const stream = namedStream(302, 'data')
    const inputs = Array.from({ length: 6 }, () => normals(stream, 2))
    const targets = Array.from({ length: 6 }, () => normals(stream, 3))
    const data = dataMoments(
      inputs.flatMap((x) => [...x]),
      targets.flatMap((y) => [...y]),
      6,
      2,
      3,
    )
    const meanProduct = (a: readonly Float64Array[], p: number, b: readonly Float64Array[], q: number): number =>
      a.reduce((sum, row, i) => sum + row[p] * b[i][q], 0) / 6
    let traceSS = 0
    let crossSquare = 0
    for (let p = 0; p < 2; p++) {
      for (let q = 0; q < 2; q++) traceSS += meanProduct(inputs, p, inputs, q) ** 2
      for (let q = 0; q < 3; q++) crossSquare += meanProduct(inputs, p, targets, q) ** 2
    }
    expect(data.traceSS).toBeCloseTo(traceSS, 12)
    expect(data.crossSquare).toBeCloseTo(crossSquare, 12)
    expect(data.traceS).toBeCloseTo(meanProduct(inputs, 0, inputs, 0) + meanProduct(inputs, 1, inputs, 1), 12)
    const mean = [0, 1].map((p) => inputs.reduce((sum, row) => sum + row[p], 0) / 6)
    expect(data.meanInputSquare).toBeCloseTo(dot(mean, mean), 12)
  })
})

describe('wideSlopes', () => {
  test('is the exact rate of wide linear networks: vanishing, stable and exploding', () => {
    const d = 3000
    for (const gain of [1 / 3, 0.6, 1, 2]) {
      const at = (depth: number): number =>
        log10Of(linearGradientSquares(square(depth, d, gain / d), singleSampleMoments(1, 1))[depth / 2]) / 2
      // What is left: ((d+2)/d)^L, and at gain 1 a factor that grows like L.
      expect(Math.abs((at(400) - at(200)) / 200 - wideSlopes(gain).gradient)).toBeLessThan(1.5e-3)
    }
  })
  test('gives the published finite-width rates at d = 16 from the exact form', () => {
    const published = new Map([
      [1 / 3, -0.239],
      [1, 0.028],
      [3, 0.506],
    ])
    for (const [gain, expected] of published) {
      const at = (depth: number): number =>
        log10Of(linearGradientSquares(square(depth, 16, gain / 16), singleSampleMoments(1, 1))[depth / 2 - 1]) / 2
      // The published rates are read off over depths 8 to 32.
      expect((at(32) - at(8)) / 24 / expected).toBeGreaterThan(0.95)
      expect((at(32) - at(8)) / 24 / expected).toBeLessThan(1.05)
    }
  })
  test('has twice the rate for diagonal blocks, and the published -0.449 at d = 16', () => {
    const { gradient, diagonalBlocks, offDiagonalBlocks } = wideSlopes(1 / 3)
    expect(gradient).toBeCloseTo(-0.2386, 4)
    expect(offDiagonalBlocks).toBe(gradient)
    expect(diagonalBlocks).toBeCloseTo(2 * gradient, 14)
    expect(wideSlopes(2)).toEqual({ gradient: Math.log10(2), diagonalBlocks: Math.log10(2), offDiagonalBlocks: Math.log10(2) })
    expect(linearDiagonalSlope(16, 1 / 48) / -0.449).toBeCloseTo(1, 1)
    expect(layerGain(0.5, 32, 2 / 32)).toBe(1)
  })
})

describe('linearDiagonalSlope', () => {
  test('is the rate of diagonal Hessian blocks |a|^2 |B|^2 of drawn networks at width 3 (seed 303)', () => {
    // |H_kk|_F = |B^T B|_F |a|^2: at depth 3 and k = 2 one layer below and one above.
    const stream = namedStream(303, 'weights')
    const s2 = 0.25
    const d = 3
    const q1 = s2 * s2 * (d * (d + 1) * d + d * d * d)
    expectMean(s2 * s2 * d * (d + 2) * q1, 60_000, () => {
      const entry = (): number => Math.sqrt(s2) * stream.normal()
      const a = apply(matrixOf(d, d, entry), [1, 0, 0])
      const b = matrixOf(d, d, entry)
      const gram = b[0].map((_, i) => i)
      let frobenius = 0
      for (const i of gram) for (const j of gram) frobenius += b.reduce((sum, row) => sum + row[i] * row[j], 0) ** 2
      return dot(a, a) ** 2 * frobenius
    })
    // One more layer below multiplies the square by s2^2 d (d + 2).
    expect(10 ** (2 * linearDiagonalSlope(d, s2))).toBeCloseTo(s2 * s2 * d * (d + 2), 14)
  })
})

describe('orthogonalGradientNorm', () => {
  test.each([1, 5, 20])('is the norm of every layer of a drawn orthogonal network of depth %i, to rounding', (depth) => {
    const stream = namedStream(304 + depth, 'weights')
    const weights = Array.from({ length: depth }, () => orthogonal(stream, 6))
    const inputs = Array.from({ length: 4 }, () => normals(stream, 6))
    const targets = Array.from({ length: 4 }, () => normals(stream, 6))
    const residuals = inputs.map((x, i) => weights.reduce<Float64Array>((h, w) => apply(w, h), x).map((f, c) => f - targets[i][c]))
    const predicted = orthogonalGradientNorm(
      residuals.flatMap((r) => [...r]),
      inputs.flatMap((x) => [...x]),
      4,
    )
    for (const layer of linearGradients(weights, inputs, targets))
      expect(Math.sqrt(squareSum(layer.weights)) / predicted).toBeCloseTo(1, 11)
  })
  test('is |f - y| |x| for one sample', () => {
    expect(orthogonalGradientNorm([3, 4], [0, 2, 0], 1)).toBe(10)
    expect(() => orthogonalGradientNorm([1, 2, 3], [1, 2], 2)).toThrow(ShapeFault)
  })
})

describe('orthogonalGradientCosine', () => {
  test('is the cosine of whole per-sample gradients at every depth', () => {
    for (const depth of [1, 4, 12]) {
      const stream = namedStream(320, 'weights')
      const x = [normals(stream, 4), normals(stream, 4)]
      const y = [normals(stream, 4), normals(stream, 4)]
      const weights = Array.from({ length: depth }, () => orthogonal(stream, 4))
      const gradients = x.map((xi, i) =>
        linearGradients(weights, [xi], [y[i]]).flatMap((layer) => layer.weights.flatMap((row) => [...row])),
      )
      const residuals = x.map((xi, i) => weights.reduce<Float64Array>((h, w) => apply(w, h), xi).map((f, c) => f - y[i][c]))
      const measured = dot(gradients[0], gradients[1]) / Math.sqrt(dot(gradients[0], gradients[0]) * dot(gradients[1], gradients[1]))
      expect(orthogonalGradientCosine(residuals[0], residuals[1], x[0], x[1])).toBeCloseTo(measured, 12)
    }
  })
})
