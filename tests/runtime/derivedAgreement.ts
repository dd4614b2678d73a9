// Does everything that follows from gradients, kernel and curvature follow from the twin's as well?
//
// Written from the definitions once more, plainly: mirror images one by one, eigenvalues by Jacobi's rotations.
import { expect } from 'vitest'
import type { JsonNumber, Measured, Problem } from '../../src/core/snapshot.ts'
import { dot, type IndependentNetwork } from './independentNetwork.ts'

type Rows = readonly (readonly number[])[]

const numbers = (values: readonly JsonNumber[]): number[] => values.map(Number)

/** All entries within `tolerance`. */
function expectEntries(given: readonly JsonNumber[] | undefined, wanted: readonly number[], tolerance: number, what: string): void {
  expect(given, `${what}, how many`).toHaveLength(wanted.length)
  for (const [i, value] of wanted.entries()) expect(Math.abs(Number(given![i]) - value), `${what} ${i}`).toBeLessThanOrEqual(tolerance)
}

/** Cosine of every pair, 0 beside a zero gradient, and the least of those that are defined. */
function cosinesOf(gradients: Rows): { readonly matrix: number[][]; readonly least: number | undefined } {
  const lengths = gradients.map((gradient) => Math.sqrt(dot(gradient, gradient)))
  const cosine = (i: number, j: number): number => dot(gradients[i], gradients[j]) / lengths[i] / lengths[j]
  const defined = (i: number, j: number): boolean => lengths[i] > 0 && lengths[j] > 0
  const matrix = gradients.map((_, i) => gradients.map((__, j) => (defined(i, j) ? cosine(i, j) : 0)))
  const apart = matrix.flatMap((row, i) => row.filter((_, j) => j > i && defined(i, j)))
  return { matrix, least: apart.length === 0 ? undefined : Math.min(...apart) }
}

/** Cosines are quotients of sums of a few hundred products that may cancel to a thousandth. */
const COSINE = 1e-9

/** Cosines of samples with their least and B_S; `gradients` [n][P]. */
export function expectSampleCosines(m: Measured, gradients: Rows): void {
  const { matrix, least } = cosinesOf(gradients)
  for (const [i, row] of matrix.entries()) expectEntries(m.perSample?.cosine[i], row, COSINE, `cosines of sample ${i}`)
  if (least === undefined) expect(m.perSample?.minCosine).toBeUndefined()
  else expect(m.perSample?.minCosine).toBeCloseTo(least, 9)
  const { diversity, batchSizeBound } = m.perSample!
  if (diversity === null) expect(batchSizeBound).toBeNull()
  else expect(batchSizeBound).toBeCloseTo(gradients.length * Number(diversity), 9)
}

/** Cosines of batches and the density of those of the pairs. */
export function expectBatchCosines({ batches, pairs }: Problem, m: Measured, twin: IndependentNetwork): void {
  if (batches.length > 0) {
    const { matrix, least } = cosinesOf(batches.map((batch) => twin.gradient(batch)))
    for (const [i, row] of matrix.entries()) expectEntries(m.batchGradients?.cosine[i], row, COSINE, `cosines of batch ${i}`)
    if (least !== undefined) expect(m.batchGradients?.minCosine).toBeCloseTo(least, 9)
  }
  if (m.kde === undefined) return
  const cosines = pairs.flatMap(([a, b]) => {
    const [u, v] = [twin.gradient(a), twin.gradient(b)]
    const size = Math.sqrt(dot(u, u)) * Math.sqrt(dot(v, v))
    return size === 0 ? [] : [dot(u, v) / size]
  })
  const sorted = cosines.toSorted((a, b) => a - b)
  expectEntries(m.kde.samples, sorted, COSINE, 'samples of the density')
  if (m.kde.density.length === 0) return
  const mean = sorted.reduce((sum, value) => sum + value, 0) / sorted.length
  const variance = sorted.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (sorted.length - 1)
  const h = Math.sqrt(variance) * sorted.length ** -0.2
  expect(Number(m.kde.bandwidth) / h).toBeCloseTo(1, 6)
  const images = sorted.flatMap((x) => [-2, -1, 0, 1, 2].flatMap((turn) => [x + 4 * turn, 2 - x + 4 * turn]))
  const peak = 1 / (h * Math.sqrt(2 * Math.PI))
  for (const [k, at] of numbers(m.kde.grid).entries()) {
    const wanted = images.reduce((sum, x) => sum + Math.exp(-(((at - x) / h) ** 2) / 2), 0) * (peak / sorted.length)
    expect(Math.abs(Number(m.kde.density[k]) - wanted)).toBeLessThan(1e-6 * peak)
  }
}

/** Extremes, condition and trace kernel; `kernel` [n c][n c]. */
export function expectKernelNumbers(m: Measured, kernel: Rows, outputs: number): void {
  const found = jacobiEigenvalues(kernel)
  const [least, largest] = [found[0], found[found.length - 1]]
  expect(Math.abs(Number(m.kernel?.lambdaMax) - largest)).toBeLessThan(1e-9 * largest)
  expect(Math.abs(Number(m.kernel?.lambdaMin) - least)).toBeLessThan(1e-9 * largest)
  // Below, the twin's own least eigenvalue is rounding.
  if (least > 1e-7 * largest) expect(Number(m.kernel?.condition) / (largest / least)).toBeCloseTo(1, 1)
  const n = kernel.length / outputs
  for (let i = 0; i < n; i++) {
    const row = Array.from({ length: n }, (_, j) =>
      Array.from({ length: outputs }, (__, k) => kernel[i * outputs + k][j * outputs + k]).reduce((sum, value) => sum + value, 0),
    )
    expectEntries(m.kernel?.traceKernel[i], row, 1e-11 * largest, `trace kernel ${i}`)
  }
}

/** lr, or lr / (sqrt v + eps) of the moments after the step; layers that do not train take none. */
export function expectEffectiveStep({ optimizer }: Problem, m: Measured, twin: IndependentNetwork): void {
  const gradient = twin.spread(twin.gradient(optimizer.batch))
  const moves = twin.spread(twin.weights.map(() => 1))
  const wanted = gradient.map((g, i) => moves[i] * stepOf(optimizer, Number(optimizer.state.v?.[i] ?? 0), g))
  const largest = Math.max(...wanted)
  expectEntries(m.optimizerStep?.effectiveStep, wanted, 1e-9 * largest, 'effective step')
}

/** Step of one weight for a unit of gradient after a step with gradient g. */
function stepOf({ kind, lr, beta2 = 0, eps = 0, state: { t } }: Problem['optimizer'], v: number, g: number): number {
  if (kind !== 'rmsprop' && kind !== 'adam') return lr
  const moment = beta2 * v + (1 - beta2) * g * g
  return lr / (Math.sqrt(kind === 'adam' ? moment / (1 - beta2 ** (t + 1)) : moment) + eps)
}

/** Eigenvalues, blocks and the preconditioned spectrum; `hessian` [P][P] by differences, entries right to `tolerance`. */
export function expectHessianNumbers(
  { optimizer }: Problem,
  m: Measured,
  twin: IndependentNetwork,
  hessian: Rows,
  tolerance: number,
): void {
  const given = m.hessian!
  const own = numbers(given.eigenvalues!)
  expectEntries(given.eigenvalues!, jacobiEigenvalues(hessian), tolerance, 'eigenvalue')
  expect(Number(given.lambdaMin)).toBe(own[0])
  expect(Number(given.lambdaMax)).toBe(own[own.length - 1])
  const bound = -given.numNegativeTolerance * Math.max(...own.map(Math.abs))
  expect(given.numNegative).toBe(own.filter((value) => value < bound).length)
  const starts = twin.layerSizes.map((_, l) => twin.layerSizes.slice(0, l).reduce((sum, [, size]) => sum + size, 0))
  for (const [a, [, rows]] of twin.layerSizes.entries()) {
    for (const [b, [, columns]] of twin.layerSizes.entries()) {
      const block = hessian.slice(starts[a], starts[a] + rows).flatMap((row) => row.slice(starts[b], starts[b] + columns))
      const meanAbs = block.reduce((sum, value) => sum + Math.abs(value), 0) / block.length
      expect(Math.abs(Number(given.blockMeanAbs![a][b]) - meanAbs)).toBeLessThan(tolerance)
      expect(Math.abs(Number(given.blockFrobenius![a][b]) - Math.sqrt(dot(block, block)))).toBeLessThan(tolerance)
    }
  }
  if (given.preconditionedEigenvalues === undefined) return
  const { kind, beta2 = 0, eps = 0, state } = optimizer
  const correction = kind === 'adam' ? 1 - beta2 ** state.t : 1
  const moves = twin.spread(twin.weights.map(() => 1))
  const moments = numbers(state.v!).filter((_, i) => moves[i] === 1)
  const roots = moments.map((v) => 1 / Math.sqrt(Math.sqrt(v / correction) + eps))
  const wanted = jacobiEigenvalues(hessian.map((row, i) => row.map((value, j) => roots[i] * value * roots[j])))
  const largest = Math.max(...roots) ** 2
  expectEntries(given.preconditionedEigenvalues, wanted, largest * tolerance, 'preconditioned eigenvalue')
}

/** The density of Lanczos is one, of mean trace / P, and its nodes say both. */
export function expectDensity(m: Measured, dimension: number): void {
  const { density, trace } = m.hessian!
  const [grid, values] = [numbers(density!.grid), numbers(density!.values)]
  const integral = (of: (x: number) => number): number =>
    grid.slice(1).reduce((sum, x, k) => sum + ((of(x) * values[k + 1] + of(grid[k]) * values[k]) / 2) * (x - grid[k]), 0)
  const reach = Math.max(...grid.map(Math.abs))
  expect(Math.abs(integral(() => 1) - 1)).toBeLessThan(1e-3)
  expect(Math.abs(integral((x) => x) - Number(trace) / dimension)).toBeLessThan(1e-3 * reach)
  const weights = numbers(density!.nodeWeights)
  expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 9)
  expect(dot(numbers(density!.nodes), weights)).toBeCloseTo(Number(trace) / dimension, 9)
}

/** Ascending, by cyclic rotations until what is off the diagonal is rounding. */
function jacobiEigenvalues(symmetric: Rows): number[] {
  const a = symmetric.map((row, i) => row.map((value, j) => (value + symmetric[j][i]) / 2))
  const n = a.length
  const scale = Math.sqrt(a.reduce((sum, row) => sum + dot(row, row), 0))
  const off = (): number =>
    Math.sqrt(a.reduce((sum, row, i) => sum + row.reduce((part, value, j) => part + (i === j ? 0 : value * value), 0), 0))
  while (off() > 1e-14 * scale) {
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) {
        if (a[p][q] === 0) continue
        const theta = (a[q][q] - a[p][p]) / (2 * a[p][q])
        const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1))
        const c = 1 / Math.sqrt(t * t + 1)
        const s = t * c
        for (let k = 0; k < n; k++) [a[k][p], a[k][q]] = [c * a[k][p] - s * a[k][q], s * a[k][p] + c * a[k][q]]
        for (let k = 0; k < n; k++) [a[p][k], a[q][k]] = [c * a[p][k] - s * a[q][k], s * a[p][k] + c * a[q][k]]
      }
    }
  }
  return a.map((row, i) => row[i]).toSorted((x, y) => x - y)
}
