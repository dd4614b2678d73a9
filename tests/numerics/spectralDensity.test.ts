// Does the density integrate to 1, carry the right moments, and know its own error?
import { describe, expect, test } from 'vitest'
import { densityGrid, quadratureDensity } from '../../src/numerics/quadratureDensity.ts'
import { estimateOf, spectralDensity } from '../../src/numerics/spectralDensity.ts'
import { namedStream } from '../../src/numerics/streams.ts'
import { diagonalOperator } from './reference/diagonalOperator.ts'

const integral = (grid: Float64Array, values: ArrayLike<number>): number => {
  let sum = 0
  for (let i = 1; i < grid.length; i++) sum += ((grid[i] - grid[i - 1]) * (values[i] + values[i - 1])) / 2
  return sum
}
const sum = (values: Iterable<number>): number => Array.from(values).reduce((total, v) => total + v, 0)
const spectrum = Float64Array.from({ length: 400 }, (_, i) => (i < 5 ? 20 - 3 * i : i < 40 ? -1 - i / 80 : (i - 40) / 400))
const stream = (): ReturnType<typeof namedStream> => namedStream(21, 'probes')

describe('spectralDensity', () => {
  test('integrates to 1 and gives nodes whose weights sum to 1', async () => {
    const density = await spectralDensity(diagonalOperator(spectrum), 400, stream(), { probes: 6, steps: 30 })
    // Trapezoid of Gaussians with a step below their width: 1e-8; the grid ends 6 widths out: 2e-9.
    expect(integral(density.grid, density.values)).toBeCloseTo(1, 7)
    expect(sum(density.nodeWeights)).toBeCloseTo(1, 12)
    expect(density.nodes).toEqual(density.nodes.slice().sort())
    expect(density.values.every((v) => v >= 0)).toBe(true)
  })
  test('agrees with the exactly broadened spectrum within its own error bars', async () => {
    const probes = 40
    const density = await spectralDensity(diagonalOperator(spectrum), 400, stream(), { probes, steps: 60, broadening: 0.6 })
    const exact = quadratureDensity(spectrum, new Float64Array(400).fill(1 / 400), 0.6, density.grid)
    // Quadrature with 60 steps is exact at this broadening: what is left is the probes, five of their errors at 400 points.
    // Far out a single probe rules the value and its error alike, so only what can be seen is compared.
    const visible = 1e-3 * Math.max(...exact)
    exact.forEach((value, i) => {
      if (value > visible) expect(Math.abs(density.values[i] - value)).toBeLessThan(5 * density.stderr[i])
    })
    expect(Math.max(...density.stderr) / Math.max(...exact)).toBeLessThan(0.05)
  })
  test('estimates trace and Frobenius norm within four standard errors, and the errors are not loose', async () => {
    const density = await spectralDensity(diagonalOperator(spectrum), 400, stream(), { probes: 64, steps: 3 })
    const trace = sum(spectrum)
    const frobenius = Math.sqrt(sum(spectrum.map((v) => v * v)))
    expect(Math.abs(density.trace.value - trace)).toBeLessThan(4 * density.trace.standardError)
    expect(Math.abs(density.frobenius.value - frobenius)).toBeLessThan(4 * density.frobenius.standardError)
    // For a unit Gaussian probe the variance of P v^T A v is about 2 |A - tr A / P|_F^2.
    const spread = Math.sqrt((2 * sum(spectrum.map((v) => (v - trace / 400) ** 2))) / 64)
    expect(density.trace.standardError / spread).toBeGreaterThan(0.6)
    expect(density.trace.standardError / spread).toBeLessThan(1.6)
  })
  test('has the first two moments of trace and Frobenius norm, probe by probe', async () => {
    const { nodes, nodeWeights, trace, frobenius, recursions } = await spectralDensity(diagonalOperator(spectrum), 400, stream(), {
      probes: 3,
      steps: 25,
    })
    expect(400 * sum(nodes.map((v, i) => v * nodeWeights[i]))).toBeCloseTo(trace.value, 8)
    expect(Math.sqrt(400 * sum(nodes.map((v, i) => v * v * nodeWeights[i])))).toBeCloseTo(frobenius.value, 8)
    expect(recursions).toHaveLength(3)
  })
  test('estimates how many eigenvalues are negative', async () => {
    const density = await spectralDensity(diagonalOperator(spectrum), 400, stream(), { probes: 40, steps: 60 })
    expect(Math.abs(density.negativeCount.value - 35)).toBeLessThan(4 * density.negativeCount.standardError)
    expect(density.negativeCount.standardError).toBeLessThan(3)
  })
  test('takes the outermost Ritz values as extremes, with their residual bounds', async () => {
    const { lambdaMax, lambdaMin } = await spectralDensity(diagonalOperator(spectrum), 400, stream(), { probes: 2, steps: 40 })
    expect(Math.abs(lambdaMax.value - 20)).toBeLessThanOrEqual(lambdaMax.residual + 1e-9)
    expect(lambdaMax.converged).toBe(true)
    expect(Math.abs(lambdaMin.value - Math.min(...spectrum))).toBeLessThan(1e-2)
  })
  test('does not know its error with one probe: NaN, not zero', async () => {
    const density = await spectralDensity(diagonalOperator(spectrum), 400, stream(), { probes: 1, steps: 10 })
    expect(density.trace.standardError).toBeNaN()
    expect(density.stderr.every(Number.isNaN)).toBe(true)
  })
  test('is one peak of stated width for a multiple of the identity', async () => {
    const density = await spectralDensity(diagonalOperator(new Float64Array(30).fill(5)), 30, stream(), { probes: 2, steps: 10 })
    expect(density.broadening).toBeCloseTo(0.05, 14)
    expect(density.steps).toBe(1)
    expect(integral(density.grid, density.values)).toBeCloseTo(1, 7)
    expect(density.trace.value).toBeCloseTo(150, 11)
    expect(density.trace.standardError).toBeLessThan(1e-12)
  })
  test('runs probes in smaller groups when their bases do not fit together, with the same numbers', async () => {
    const wide = await spectralDensity(diagonalOperator(spectrum), 400, stream(), { probes: 5, steps: 8 })
    const narrow = await spectralDensity(diagonalOperator(spectrum), 400, stream(), {
      probes: 5,
      steps: 8,
      basisLimitBytes: 8 * 400 * 8 * 2,
    })
    expect(narrow.values).toEqual(wide.values)
    expect(narrow.steps).toBe(8)
  })
  test('is finite for the zero matrix and right at 1e-250', async () => {
    const zero = await spectralDensity(diagonalOperator(new Float64Array(8)), 8, stream(), { probes: 2, steps: 3 })
    expect(zero.frobenius.value).toBe(0)
    expect(zero.values.every(Number.isFinite)).toBe(true)
    const tiny = await spectralDensity(diagonalOperator(spectrum.map((v) => v * 2 ** -830)), 400, stream(), { probes: 4, steps: 5 })
    const plain = await spectralDensity(diagonalOperator(spectrum), 400, stream(), { probes: 4, steps: 5 })
    expect(tiny.frobenius.value * 2 ** 830).toBeCloseTo(plain.frobenius.value, 9)
    expect(tiny.frobenius.standardError * 2 ** 830).toBeCloseTo(plain.frobenius.standardError, 9)
  })
})

describe('quadratureDensity', () => {
  test('has the variance of the nodes plus that of the broadening', () => {
    const nodes = Float64Array.of(-1, 2)
    const weights = Float64Array.of(0.25, 0.75)
    const grid = densityGrid(-1, 2, 0.1)
    const density = quadratureDensity(nodes, weights, 0.1, grid)
    const mean = integral(
      grid,
      density.map((v, i) => v * grid[i]),
    )
    expect(mean).toBeCloseTo(1.25, 7)
    expect(
      integral(
        grid,
        density.map((v, i) => v * (grid[i] - mean) ** 2),
      ),
    ).toBeCloseTo(27 / 16 + 0.01, 6)
  })
})

describe('estimateOf', () => {
  test('is the mean with sd / sqrt n', () => {
    expect(estimateOf([1, 2, 3, 4]).value).toBe(2.5)
    expect(estimateOf([1, 2, 3, 4]).standardError).toBeCloseTo(Math.sqrt(5 / 3 / 4), 15)
  })
})
