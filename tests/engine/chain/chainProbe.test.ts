// Is everything that a chain says about itself exact?
import { describe, expect, test } from 'vitest'
import { createChainTrainer } from '../../../src/engine/chain/chainTrainer.ts'
import { createFloat64Trainer } from '../../../src/engine/float64/float64Trainer.ts'
import { normalised, log10OfScaled } from '../../../src/numerics/logMagnitude.ts'
import { symmetricEigenvalues } from '../../../src/numerics/symmetricEigenvalues.ts'
import { directionalDerivative, relativeError, unitVector } from '../reference/closeness.ts'
import { exactProduct, relativeGap } from '../reference/exactProduct.ts'
import { chainSpec, datasetOf, normals, optionsOf, samples } from '../reference/problems.ts'
import type { Dataset } from '../../../src/core/dataset.ts'

const point = datasetOf(1, 1, [1], [1])
const line = datasetOf(1, 1, [0.3, -1.2, 0.8, 2.1, 0], [1, 0.4, -0.7, 1.9, 0.2])

const probeAt = (weights: ArrayLike<number>, dataset: Dataset = line, reduction: 'mean' | 'sum' = 'mean') =>
  createChainTrainer(optionsOf(chainSpec(weights.length, reduction), dataset, [Float64Array.from(weights)])).probe(0)
const set = samples(5)
const one = samples(1)

const random = normals(7, 'chain', 0.9)
const cases: readonly (readonly [string, Float64Array])[] = [
  ['of seven random weights', random],
  ['with one weight 0', random.map((w, k) => (k === 2 ? 0 : w))],
  ['with two weights 0', random.map((w, k) => (k === 2 || k === 5 ? 0 : w))],
  ['with three weights 0', random.map((w, k) => (k % 3 === 0 ? 0 : w))],
  ['of one weight', Float64Array.of(0.7)],
  ['of one weight 0', Float64Array.of(0)],
  ['of equal weights', new Float64Array(5).fill(0.8)],
]

describe('a chain probe', () => {
  test('gives the closed forms on one point', async () => {
    // x = y = 1, w = (2, 3, 0.5): P = 3, r = 2, c = 5; P_k = 1.5, 1, 6; P_kl = 0.5, 3, 2.
    const probe = probeAt([2, 3, 0.5], point)
    expect(Array.from(await probe.gradient(one))).toEqual([3, 2, 12])
    expect((await probe.loss(one)).loss).toBe(2)
    expect(Array.from((await probe.exactHessian!(one)).matrix)).toEqual([2.25, 2.5, 15, 2.5, 1, 10, 15, 10, 36])
    expect(Array.from(await probe.kernelGram(one))[0]).toBeCloseTo(1.5 ** 2 + 1 + 36, 13)
  })
  test.each(cases)('has the gradient of its loss in a chain %s', async (_, weights) => {
    const gradient = await probeAt(weights).gradient(set)
    for (let k = 0; k < weights.length; k++) {
      const lossAt = async (w: Float64Array) => [(await probeAt(w).loss(set)).loss]
      // The loss is a quadratic in each weight: central values at any step are exact but for rounding, 1e-16 / step.
      const slope = await directionalDerivative(lossAt, weights, unitVector(weights.length, k), 2 ** -6)
      expect(Math.abs(slope[0] - gradient[k])).toBeLessThan(1e-9 * Math.max(1, Math.abs(gradient[k])))
    }
  })
  test.each(cases)('has the Hessian of its loss in a chain %s', async (_, weights) => {
    const depth = weights.length
    const { matrix } = await probeAt(weights).exactHessian!(set)
    for (let k = 0; k < depth; k++) {
      // Each gradient entry is a quadratic in each weight: exact central values again, step 2^-6.
      const column = await directionalDerivative((w) => probeAt(w).gradient(set), weights, unitVector(depth, k), 2 ** -6)
      for (let l = 0; l < depth; l++) expect(Math.abs(matrix[k * depth + l] - column[l])).toBeLessThan(1e-9)
      for (let l = 0; l < depth; l++) expect(matrix[k * depth + l]).toBe(matrix[l * depth + k])
    }
  })
  test.each(cases)('multiplies vectors by that Hessian in a chain %s', async (_, weights) => {
    const depth = weights.length
    const probe = probeAt(weights)
    const { matrix } = await probe.exactHessian!(set)
    const block = normals(3 * depth, 'vectors')
    const products = await probe.hessianVectors(block, 3, set)
    for (let row = 0; row < 3; row++) {
      const vector = block.subarray(row * depth, (row + 1) * depth)
      const plain = vector.map((_, k) => vector.reduce((sum, v, l) => sum + matrix[k * depth + l] * v, 0))
      // Both are exact to a few roundings of terms of size one.
      expect(relativeError(products.subarray(row * depth, (row + 1) * depth), plain)).toBeLessThan(1e-13)
    }
  })
  test.each(cases)('knows the spectrum of that Hessian in a chain %s', async (_, weights) => {
    const { matrix, eigenvalues } = await probeAt(weights).exactHessian!(set)
    const dense = symmetricEigenvalues(matrix, weights.length)
    // The dense solver is right to a few 1e-16 of the largest.
    for (const [k, value] of eigenvalues.entries()) expect(Math.abs(value - dense[k])).toBeLessThan(1e-13)
  })
  test('has the inertia of the theory: L - 1 signs of P x (y - P x), one of the other term', async () => {
    const weights = normals(24, 'inertia', 1.1)
    const { eigenvalues } = await probeAt(weights, point).exactHessian!(one)
    const product = weights.reduce((p, w) => p * w, 1)
    const many = Math.sign(product * (1 - product))
    const single = Math.sign(product * (23 * (2 * product - 1) + product))
    const expected = [...Array.from({ length: 23 }, () => many), single].sort((a, b) => a - b)
    expect(Array.from(eigenvalues, Math.sign)).toEqual(expected)
  })
  test('keeps eigenvalues of 1e-248 beside one of 1/3 to relative accuracy', async () => {
    const { eigenvalues } = await probeAt([1e-124, 3e-124, 0.5, 2, 1 / 3], point).exactHessian!(one)
    // r = c = -1, so H is -P u u^T off its diagonal with u = 1/w, and the two tiny weights form the pair -1/3, 1/3.
    expect(eigenvalues[0]).toBeCloseTo(-1 / 3, 14)
    expect(eigenvalues[4]).toBeCloseTo(1 / 3, 14)
    // The Schur complement on the others is P (u u^T + diag(u^2)): of order P = 1e-248, with trace 2 P |u|^2.
    const trace = 2 * 1e-248 * (2 ** 2 + 0.5 ** 2 + 3 ** 2)
    expect((eigenvalues[1] + eigenvalues[2] + eigenvalues[3]) / trace).toBeCloseTo(1, 12)
    expect(Math.min(eigenvalues[1], eigenvalues[2], eigenvalues[3])).toBeGreaterThan(0)
  })
  test('agrees with the float64 network of the same weights in every answer', async () => {
    const options = optionsOf(chainSpec(7, 'sum'), line, [random])
    const chain = createChainTrainer(options).probe(0)
    const network = createFloat64Trainer(options).probe(0)
    const block = normals(14, 'vectors')
    const answers = async (probe: typeof chain) => [
      (await probe.loss(set)).perSample,
      (await probe.loss(set)).outputs,
      [(await probe.loss(set)).loss],
      await probe.gradient(set),
      await probe.perSampleGram(set),
      await probe.batchGram([set, one, samples(3)]),
      await probe.batchPairs([[set, one]]),
      await probe.hessianVectors(block, 2, set),
      await probe.outputHessianVectors(block, 2, set, { sample: 3, output: 0 }),
      await probe.outputJacobian(set),
      await probe.kernelGram(set),
      ...(await probe.preactivations(set)),
    ]
    const [ours, theirs] = [await answers(chain), await answers(network)]
    // Float64 rounding over seven layers; preactivations are float32.
    for (const [k, answer] of ours.entries()) expect(relativeError(answer, theirs[k])).toBeLessThan(k > 10 ? 1e-7 : 1e-13)
  })
  test('measures gradients far below 1e-308 as mantissa and exponent', async () => {
    const weights = normals(2000, 'deep', 0.4)
    const norms = await probeAt(weights, point).gradientNorms(one)
    for (const k of [0, 777, 1999]) {
      // r = P - 1 is -1 to the last bit: the norm is the product of the others.
      const others = exactProduct(weights.map((w, j) => (j === k ? 1 : Math.abs(w))))
      // One rounding a factor.
      expect(relativeGap(norms.mantissa[k], norms.exponent[k], others)).toBeLessThan(2000 * 2 ** -52)
      expect(log10OfScaled(normalised(norms.mantissa[k], norms.exponent[k]))).toBeLessThan(-900)
      expect(norms.meanAbsExponent[k]).toBe(norms.exponent[k])
    }
    expect(norms.underflow.every((flag) => flag === 0)).toBe(true)
  })
  test('measures gradients above 1e308 while the loss itself is infinite', async () => {
    const weights = new Float64Array(600).fill(10)
    const probe = probeAt(weights, point)
    const norms = await probe.gradientNorms(one)
    // g_k = P_k P = 10^(599 + 600); 1200 roundings of 1.1e-16 in the log are far below.
    expect(log10OfScaled(normalised(norms.mantissa[5], norms.exponent[5]))).toBeCloseTo(1199, 9)
    expect((await probe.loss(one)).loss).toBe(Infinity)
  })
  test('calls a gradient exactly 0 when two weights are', async () => {
    const norms = await probeAt([1, 0, 0, 2]).gradientNorms(set)
    expect(Array.from(norms.mantissa)).toEqual([0, 0, 0, 0])
  })
  test('keeps a tiny loss to relative accuracy near the minimum', async () => {
    // P = 1 + 2^-40: the loss is 2^-81, where mean y^2 - 2 P mean xy + P^2 mean x^2 would leave nothing but rounding.
    expect((await probeAt([1 + 2 ** -40], point).loss(one)).loss).toBe(2 ** -81)
  })
  test('gives pairs of gradients in range by powers of two', async () => {
    const weights = normals(600, 'deep', 0.4)
    const pairs = await probeAt(weights).batchPairs([[samples(1), samples(3)]])
    const [product, first, second] = pairs
    expect(first).toBeGreaterThan(0)
    expect(Math.abs(product) / Math.sqrt(first * second)).toBeCloseTo(1, 14)
    // Gradients are -P_k mean xy: the ratio of the lengths is that of mean xy, 0.3 and (0.3 - 0.48 - 0.56)/3, but for powers of two.
    const bits = Math.log2((first / second) * (0.74 / 3 / 0.3) ** 2)
    expect(bits).toBeCloseTo(2 * Math.round(bits / 2), 11)
    expect(Math.sign(product)).toBe(-1)
  })
  test('knows the inner products of gradients far below 1e-154 and above 1e154, as those of the same chain nearer to 1', async () => {
    // Weights times 2^k multiply P by 2^(k L): far below 1 the residual is -y, and every gradient moves by 2^(k (L - 1)).
    const weights = normals(300, 'deep', 0.4)
    const [near, far] = [probeAt(weights), probeAt(weights.map((w) => w * 2 ** -4))]
    for (const answer of [
      (probe: typeof near) => probe.scaledPerSampleGram!(samples(4)),
      (probe: typeof near) => probe.scaledBatchGram!([samples(1), samples(3), samples(5)]),
    ]) {
      const [a, b] = [await answer(near), await answer(far)]
      expect(b.products).toEqual(a.products)
      expect(b.exponents).toEqual(a.exponents.map((exponent) => exponent - 4 * 299))
      expect(b.exponents.every((exponent) => exponent < -1400)).toBe(true)
    }
    const { exponents } = await probeAt(new Float64Array(600).fill(10), point).scaledPerSampleGram!(one)
    // 10^599 10^600 sqrt 600.
    expect(exponents[0]).toBe(Math.floor((1199 + Math.log10(600) / 2) / Math.log10(2)))
  })
  test('calls a gradient zero in them only when it is', async () => {
    const { products } = await probeAt(normals(600, 'deep', 0.4)).scaledPerSampleGram!(set)
    // The last of the five samples is x = 0.
    expect(Array.from({ length: 5 }, (_, i) => products[6 * i] > 0)).toEqual([true, true, true, true, false])
  })
})
