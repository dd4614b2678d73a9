// Do the numbers of a snapshot agree with a program that knows only its problem?
import { expect } from 'vitest'
import type { JsonNumber, Measured, Snapshot } from '../../src/core/snapshot.ts'
import {
  expectBatchCosines,
  expectDensity,
  expectEffectiveStep,
  expectHessianNumbers,
  expectKernelNumbers,
  expectSampleCosines,
} from './derivedAgreement.ts'
import { dot, IndependentNetwork } from './independentNetwork.ts'
import { updatedWeights } from './independentUpdate.ts'

const flat = (value: unknown): number[] =>
  Array.isArray(value)
    ? value.flatMap(flat)
    : typeof value === 'object' && value !== null
      ? Object.values(value).flatMap(flat)
      : [value as number]

/** Euclidean length; a spread into Math.hypot would overflow the stack. */
function length(values: readonly number[]): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0))
}

/** |a - b| / |b| over all entries. */
export function distance(given: unknown, expected: unknown): number {
  const a = flat(given)
  const b = flat(expected)
  expect(a.length).toBe(b.length)
  const difference = length(a.map((value, i) => value - b[i]))
  return difference === 0 ? 0 : difference / length(b)
}

/** Both are float64: only the order of sums differs, a few hundred roundings. */
const EXACT = 1e-11

/** Everything of first order: loss, outputs, gradients and their cosines, kernel, drift, one update. */
export function expectFirstOrder({ problem, measured: m }: Pick<Snapshot, 'problem' | 'measured'>): void {
  const twin = new IndependentNetwork(problem)
  const all = Array.from({ length: twin.count }, (_, i) => i)
  expect(distance(m.loss, twin.loss(all))).toBeLessThan(EXACT)
  const outputs = all.map((i) => twin.output(i, all))
  expect(distance(m.outputs, outputs)).toBeLessThan(EXACT)
  const gradient = twin.gradient(all)
  let offset = 0
  expect(Object.keys(m.gradNorm?.perLayer ?? {})).toEqual(twin.layerSizes.map(([position]) => String(position)))
  for (const [position, size] of twin.layerSizes) {
    const block = gradient.slice(offset, offset + size)
    offset += size
    expect(distance(m.gradNorm?.perLayer[position], length(block))).toBeLessThan(EXACT)
    expect(distance(m.gradNorm?.perLayerMeanAbs[position], block.reduce((sum, g) => sum + Math.abs(g), 0) / size)).toBeLessThan(EXACT)
    expect(m.gradNorm?.log10PerLayer[position]).toBeCloseTo(Math.log10(length(block)), 9)
  }
  expect(distance(m.plRatio, dot(gradient, gradient) / (2 * (m.loss as number)))).toBeLessThan(1e-9)
  if (problem.pairs.length > 0) {
    const cosines = problem.pairs.map(([a, b]) => {
      const [u, v] = [twin.gradient(a), twin.gradient(b)]
      return dot(u, v) / Math.sqrt(dot(u, u)) / Math.sqrt(dot(v, v))
    })
    expect(distance(m.batchGradients?.pairCosines, cosines)).toBeLessThan(1e-9)
  }
  expectBatchCosines(problem, m, twin)
  const start = new IndependentNetwork(problem, 'start')
  expect(m.drift?.weightDistance).toBeCloseTo(length(twin.weights.map((w, i) => w - start.weights[i])), 10)
  expect(distance(m.optimizerStep?.weights, updatedWeights(problem, twin))).toBeLessThan(EXACT)
  expectEffectiveStep(problem, m, twin)
  if (problem.model.bnMode === 'train') return
  expectPerSample(m, twin, all)
  const kernel = twin.kernel()
  expect(distance(m.kernel?.matrix, kernel)).toBeLessThan(EXACT)
  expectKernelNumbers(m, kernel, twin.outputs)
  const before = flat(start.kernel())
  const moved = length(flat(kernel).map((value, i) => value - before[i])) / length(before)
  expect(Math.abs((m.drift?.kernelRelFro as number) - moved)).toBeLessThan(1e-10)
}

function expectPerSample(m: Measured, twin: IndependentNetwork, all: readonly number[]): void {
  const perSample = all.map((i) => twin.sampleGradient(i))
  const gram = perSample.map((a) => perSample.map((b) => dot(a, b)))
  expect(distance(m.perSample?.gram, gram)).toBeLessThan(EXACT)
  expectSampleCosines(m, perSample)
  const total = flat(gram).reduce((sum, value) => sum + value, 0)
  // A sum that nearly cancels loses the digits that it cancels.
  expect(distance(m.perSample?.diversity, gram.reduce((sum, row, i) => sum + row[i], 0) / total)).toBeLessThan(1e-8)
  if (all.length === 1) return
  const smallest = Math.min(...gram.flatMap((row, i) => row.filter((_, j) => j !== i)))
  expect(m.perSample?.eta).toBeCloseTo(Math.max(0, -smallest), 9)
}

/** Weights up to which the twin writes down its whole Hessian. */
const WHOLE_HESSIAN = 150

/** Trace, Frobenius norm and extremes of the curvature against central differences of the twin's gradients. */
export function expectCurvature({ problem, measured: m }: Pick<Snapshot, 'problem' | 'measured'>): void {
  const twin = new IndependentNetwork(problem)
  const size = twin.weights.length
  const isWhole = size <= WHOLE_HESSIAN
  const hessian = isWhole ? twin.hessian() : []
  const image = (vector: number[]): number[] => (isWhole ? hessian.map((row) => dot(row, vector)) : twin.hessianVector(vector))
  if (isWhole) {
    expect(m.hessian?.method).toBe('exact')
    const trace = hessian.reduce((sum, row, i) => sum + row[i], 0)
    const frobenius = length(flat(hessian))
    // Central differences with step 1e-5: truncation and rounding are both about 1e-10 of the gradient's scale.
    const tolerance = 1e-6 * frobenius + 1e-9
    expect(Math.abs((m.hessian?.trace as number) - trace)).toBeLessThan(tolerance)
    expect(Math.abs((m.hessian?.frobenius as number) - frobenius)).toBeLessThan(tolerance)
    expectHessianNumbers(problem, m, twin, hessian, tolerance)
    const eigenvalues: readonly JsonNumber[] = m.hessian?.eigenvalues ?? []
    expect(Math.abs(eigenvalues.reduce<number>((sum, value) => sum + (value as number), 0) - trace)).toBeLessThan(tolerance)
    expect(Math.abs(length(flat(eigenvalues)) - frobenius)).toBeLessThan(tolerance)
  }
  if (m.hessian?.method === 'lanczos') expectDensity(m, size)
  // The largest eigenvalue is a Rayleigh quotient that no vector beats: power iteration on the twin's products finds it.
  const [top, bottom] = [m.hessian?.lambdaMax as number, m.hessian?.lambdaMin as number]
  const extreme = Math.abs(top) > Math.abs(bottom) ? top : bottom
  const largest = largestSize(image, size, isWhole ? 300 : 60)
  expect(Math.abs(largest - Math.abs(extreme))).toBeLessThan(1e-3 * Math.abs(extreme) + 1e-9)
  if (m.outputHessianNorms === undefined) return
  // One output of one sample stands for all.
  const [sample, output] = [twin.count - 1, twin.outputs - 1]
  const norm = largestSize((vector) => twin.outputHessianVector(vector, sample, output), size, 60)
  const given = m.outputHessianNorms[sample][output] as number
  // Sixty iterations stall where two ends are nearly equally large; from below, and by far less than this.
  expect(Math.abs(norm - given)).toBeLessThan(2e-2 * given + 1e-8)
}

/** The largest |eigenvalue|, by power iteration on a symmetric matrix. */
function largestSize(image: (vector: number[]) => number[], size: number, most: number): number {
  let vector = Array.from({ length: size }, (_, i) => Math.sin(1 + i))
  let found = 0
  for (let i = 0; i < most; i++) {
    const scale = 1 / length(vector)
    vector = image(vector.map((value) => value * scale))
    const before = found
    found = length(vector)
    if (found === 0 || Math.abs(found - before) < 1e-8 * found) break
  }
  return found
}

/** All fields of a float32 engine against those of float64. */
export function expectClose(given: Measured, exact: Measured): void {
  // float32 against float64 through at most 12 layers: 1e-6 a layer, cancellation in the cosines of small batches.
  const CLOSE = 1e-4
  const close = (a: unknown, b: unknown): void => {
    if (a !== undefined || b !== undefined) expect(distance(a, b)).toBeLessThan(CLOSE)
  }
  /** Of a number that is a difference of others: `scale` is what they are. */
  const near = (a: JsonNumber | null | undefined, b: JsonNumber | null | undefined, scale: number, what: string): void => {
    if (a === undefined || a === null || b === undefined || b === null) expect(a, `${what} where there is one`).toBe(b)
    else expect(Math.abs(Number(a) - Number(b)), `${what}, apart`).toBeLessThanOrEqual(CLOSE * scale)
  }
  for (const field of ['loss', 'outputs', 'plRatio'] as const) close(given[field], exact[field])
  close(given.gradNorm?.perLayer, exact.gradNorm?.perLayer)
  close(given.gradNorm?.perLayerMeanAbs, exact.gradNorm?.perLayerMeanAbs)
  close(given.gradNorm?.log10PerLayer, exact.gradNorm?.log10PerLayer)
  close(given.gradNorm?.global, exact.gradNorm?.global)
  close(given.perSample?.gram, exact.perSample?.gram)
  close(given.perSample?.cosine, exact.perSample?.cosine)
  if (exact.perSample !== undefined) {
    const gram = flat(exact.perSample.gram)
    const [sum, size] = gram.reduce(([a, b], value) => [a + value, b + Math.abs(value)], [0, 0])
    near(given.perSample?.minCosine, exact.perSample.minCosine, 1, 'least cosine')
    near(given.perSample?.eta, exact.perSample.eta, Math.max(...gram.map(Math.abs)), 'eta')
    near(given.perSample?.diversity, exact.perSample.diversity, (Number(exact.perSample.diversity) * size) / sum, 'diversity')
    near(given.perSample?.batchSizeBound, exact.perSample.batchSizeBound, (Number(exact.perSample.batchSizeBound) * size) / sum, 'B_S')
  }
  close(given.batchGradients?.cosine ?? [], exact.batchGradients?.cosine ?? [])
  close(given.batchGradients?.pairCosines ?? [], exact.batchGradients?.pairCosines ?? [])
  near(given.batchGradients?.minCosine, exact.batchGradients?.minCosine, 1, 'least cosine of batches')
  close(given.kde?.samples ?? [], exact.kde?.samples ?? [])
  close(given.kernel?.matrix, exact.kernel?.matrix)
  close(given.kernel?.traceKernel, exact.kernel?.traceKernel)
  const kernelScale = Number(exact.kernel?.lambdaMax)
  near(given.kernel?.lambdaMax, exact.kernel?.lambdaMax, kernelScale, 'kernel, largest')
  near(given.kernel?.lambdaMin, exact.kernel?.lambdaMin, kernelScale, 'kernel, least')
  near(given.drift?.weightDistance, exact.drift?.weightDistance, 1, 'distance')
  near(given.drift?.kernelRelFro, exact.drift?.kernelRelFro, 1, 'drift')
  if (given.hessian && exact.hessian) {
    const [own, wanted] = [given.hessian, exact.hessian]
    expect(own.method).toBe(wanted.method)
    const scale = Number(wanted.frobenius)
    // Lanczos of a few steps amplifies a rounding of its products; its own bounds say by how much at the ends.
    const loose = wanted.method === 'lanczos' ? 10 : 1
    for (const end of ['lambdaMax', 'lambdaMin', 'trace', 'frobenius'] as const) near(own[end], wanted[end], loose * scale, end)
    for (const list of ['eigenvalues', 'preconditionedEigenvalues', 'blockFrobenius', 'blockMeanAbs'] as const)
      close(own[list] ?? [], wanted[list] ?? [])
  }
  close(given.optimizerStep?.weights, exact.optimizerStep?.weights)
  close(given.optimizerStep?.effectiveStep, exact.optimizerStep?.effectiveStep)
  if (given.outputHessianNorms !== undefined) close(given.outputHessianNorms, exact.outputHessianNorms)
}
