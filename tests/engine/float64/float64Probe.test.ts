// Is every pass of the reference engine right? Only finite differences, explicit twins and closed forms are asked.
import { beforeAll, describe, expect, test } from 'vitest'
import type { NetworkSpec } from '../../../src/core/networkSpec.ts'
import type { Dataset } from '../../../src/core/dataset.ts'
import type { Probe } from '../../../src/core/probe.ts'
import { DomainFault, ShapeFault } from '../../../src/core/faults.ts'
import { createFloat64Trainer } from '../../../src/engine/float64/float64Trainer.ts'
import { directionalDerivative, relativeError, unitVector } from '../reference/closeness.ts'
import { datasetOf, denseSpec, normals, optionsOf, randomDataset, randomWeights, samples, type SpecChoices } from '../reference/problems.ts'

const probeAt = (spec: NetworkSpec, dataset: Dataset, weights: Float64Array): Probe =>
  createFloat64Trainer(optionsOf(spec, dataset, [weights])).probe(0)

const WIDTHS = [3, 5, 4, 2]
const squared = (reduction: 'mean' | 'sum') => ({ kind: 'squaredError', reduction }) as const
const crossEntropy = (reduction: 'mean' | 'sum') => ({ kind: 'softmaxCrossEntropy', reduction }) as const
const CASES: readonly (readonly [string, SpecChoices])[] = [
  ['tanh, squared error', { activation: 'tanh' }],
  ['tanh, softmax cross-entropy, sum', { activation: 'tanh', loss: crossEntropy('sum') }],
  ['relu, softmax cross-entropy', { activation: 'relu', loss: crossEntropy('mean') }],
  ['relu, squared error, no bias', { activation: 'relu', bias: false }],
  ['identity, squared error, sum', { activation: 'identity', loss: squared('sum') }],
  ['swish with 3 tanh outputs', { activation: 'swish', outputActivation: 'tanh3' }],
  ['tanh3 with swish outputs under cross-entropy', { activation: 'tanh3', outputActivation: 'swish', loss: crossEntropy('mean') }],
  ['ntk scale and a small bias scale', { activation: 'tanh', ntk: true, biasScale: 0.3 }],
]
/** Central values of a smooth function at this step: 1e-12 from truncation, 1e-12 from rounding, over slopes of order 1. */
const STEP = 1e-3
const TOLERANCE = 1e-9
const COUNT = 6

describe.each(CASES)('the float64 probe on %s', (_, choices) => {
  const spec = denseSpec(WIDTHS, choices)
  const dataset = randomDataset(COUNT, 3, 2, spec.loss.kind)
  const set = samples(COUNT)
  let weights = randomWeights(spec, 'w')
  let probe = probeAt(spec, dataset, weights)
  const p = weights.length
  const at = (w: Float64Array) => probeAt(spec, dataset, w)

  const smallestPreactivation = async (): Promise<number> =>
    Math.min(...(await probe.preactivations(set)).flatMap((layer) => Array.from(layer, Math.abs)))
  // Differences mean derivatives only clear of every kink: a step of 2e-3 moves no preactivation by 0.02 here.
  const clearance = choices.activation === 'relu' ? 0.02 : 0
  beforeAll(async () => {
    for (let draw = 0; draw < 500 && (await smallestPreactivation()) <= clearance; draw++) {
      weights = randomWeights(spec, `w${draw}`)
      probe = at(weights)
    }
  })
  test('stands clear of every kink', async () => {
    expect(await smallestPreactivation()).toBeGreaterThan(clearance)
  })
  test('has the gradient of its loss', async () => {
    const gradient = await probe.gradient(set)
    const slopes = new Float64Array(p)
    for (let k = 0; k < p; k++) {
      slopes[k] = (await directionalDerivative(async (w) => [(await at(w).loss(set)).loss], weights, unitVector(p, k), STEP))[0]
    }
    expect(relativeError(gradient, slopes)).toBeLessThan(TOLERANCE)
  })
  test('has the Jacobian of its outputs', async () => {
    const jacobian = await probe.outputJacobian(set)
    for (let k = 0; k < p; k++) {
      const slopes = await directionalDerivative(async (w) => (await at(w).loss(set)).outputs, weights, unitVector(p, k), STEP)
      for (let row = 0; row < COUNT * 2; row++) expect(Math.abs(jacobian[row * p + k] - slopes[row])).toBeLessThan(TOLERANCE)
    }
  })
  test('multiplies by the Hessian: the derivative of its gradient along each vector', async () => {
    const block = normals(2 * p, 'directions', 0.2)
    const products = await probe.hessianVectors(block, 2, set)
    for (let row = 0; row < 2; row++) {
      const vector = block.subarray(row * p, (row + 1) * p)
      const slopes = await directionalDerivative((w) => at(w).gradient(set), weights, vector, STEP)
      expect(relativeError(products.subarray(row * p, (row + 1) * p), slopes)).toBeLessThan(TOLERANCE)
    }
  })
  test('has a symmetric Hessian', async () => {
    const block = normals(2 * p, 'directions')
    const products = await probe.hessianVectors(block, 2, set)
    let [uHv, vHu] = [0, 0]
    for (let k = 0; k < p; k++) {
      uHv += block[k] * products[p + k]
      vHu += block[p + k] * products[k]
    }
    // Rounding of sums of about fifty terms.
    expect(Math.abs(uHv - vHu)).toBeLessThan(1e-12 * Math.abs(uHv))
  })
  test('multiplies by the Hessian of one output of one sample', async () => {
    const block = normals(2 * p, 'directions', 0.2)
    const products = await probe.outputHessianVectors(block, 2, set, { sample: 4, output: 1 })
    for (let row = 0; row < 2; row++) {
      const vector = block.subarray(row * p, (row + 1) * p)
      const gradientAt = async (w: Float64Array) => (await at(w).outputJacobian(set)).subarray(9 * p, 10 * p)
      const slopes = await directionalDerivative(gradientAt, weights, vector, STEP)
      expect(relativeError(products.subarray(row * p, (row + 1) * p), slopes)).toBeLessThan(TOLERANCE)
    }
  })
  test('has the kernel J J^T', async () => {
    const jacobian = await probe.outputJacobian(set)
    const rows = COUNT * 2
    const explicit = Float64Array.from({ length: rows * rows }, (_, at) => {
      let sum = 0
      for (let k = 0; k < p; k++) sum += jacobian[Math.floor(at / rows) * p + k] * jacobian[(at % rows) * p + k]
      return sum
    })
    // The same products in another order: rounding only.
    expect(relativeError(await probe.kernelGram(set), explicit)).toBeLessThan(1e-13)
  })
  test('has the Gram matrix of explicit per-sample gradients', async () => {
    const single = probeAt({ ...spec, loss: { ...spec.loss, reduction: 'sum' } }, dataset, weights)
    const gradients: Float64Array[] = []
    for (let i = 0; i < COUNT; i++) gradients.push(await single.gradient({ indices: Int32Array.of(i), from: 'train' }))
    const explicit = gradients.flatMap((a) => gradients.map((b) => a.reduce((sum, value, k) => sum + value * b[k], 0)))
    expect(relativeError(await probe.perSampleGram(set), explicit)).toBeLessThan(1e-13)
  })
  test('has batch products of explicit batch gradients, for any memory', async () => {
    const sets = [samples(4), samples(2), { indices: Int32Array.of(5, 1, 3), from: 'train' as const }]
    const gradients = await Promise.all(sets.map((each) => probe.gradient(each)))
    const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, value, k) => sum + value * b[k], 0)
    const explicit = gradients.flatMap((a) => gradients.map((b) => dot(a, b)))
    expect(relativeError(await probe.batchGram(sets), explicit)).toBeLessThan(1e-15)
    expect(relativeError(await probe.batchPairs([[sets[0], sets[2]]]), [explicit[2], explicit[0], explicit[8]])).toBeLessThan(1e-15)
  })
  test('measures the norms and mean entries of the gradient, layer by layer', async () => {
    const gradient = await probe.gradient(set)
    const norms = await probe.gradientNorms(set)
    for (const [l, { offset, size }] of probe.layers.entries()) {
      const block = gradient.subarray(offset, offset + size)
      expect(norms.mantissa[l] * 2 ** norms.exponent[l]).toBeCloseTo(Math.hypot(...block), 14)
      expect(norms.meanAbsMantissa[l] * 2 ** norms.meanAbsExponent[l]).toBeCloseTo(
        block.reduce((sum, g) => sum + Math.abs(g), 0) / size,
        14,
      )
    }
    expect(Array.from(norms.underflow)).toEqual([0, 0, 0])
  })
  test('reduces its per-sample losses as the experiment says', async () => {
    const { loss, perSample } = await probe.loss(set)
    const total = perSample.reduce((sum, each) => sum + each, 0)
    expect(loss).toBeCloseTo(spec.loss.reduction === 'mean' ? total / COUNT : total, 14)
  })
})

describe('the float64 probe', () => {
  const spec = denseSpec([2, 3, 3], { activation: 'tanh', loss: crossEntropy('mean') })
  const dataset = randomDataset(600, 2, 3, 'softmaxCrossEntropy')
  const weights = randomWeights(spec, 'w')

  test('gives the closed form of softmax regression: (p - y) x^T / n', async () => {
    const linear = denseSpec([2, 2], { bias: false, loss: crossEntropy('mean') })
    const data = datasetOf(2, 2, [1, 2, -1, 3], [1, 0, 0, 1], Int32Array.of(0, 1))
    const gradient = await probeAt(linear, data, Float64Array.of(0.5, 0, 0, 0.5)).gradient(samples(2))
    // Outputs (0.5, 1) and (-0.5, 1.5): p_1 = 1/(1 + e^0.5) and 1/(1 + e^2).
    const [first, second] = [1 / (1 + Math.exp(0.5)) - 1, 1 / (1 + Math.exp(2))]
    const expected = [first * 1 + second * -1, first * 2 + second * 3].map((value) => value / 2)
    expect(relativeError(gradient, [...expected, ...expected.map((value) => -value)])).toBeLessThan(1e-15)
  })
  test('gives large sets in blocks the sums of their parts', async () => {
    // 600 rows are three blocks of rows; the mean of gradients over thirds is the gradient.
    const probe = probeAt(spec, dataset, weights)
    const whole = await probe.gradient(samples(600))
    const thirds = [0, 1, 2].map((third) => ({
      indices: Int32Array.from({ length: 200 }, (_, i) => 200 * third + i),
      from: 'train' as const,
    }))
    const parts = await Promise.all(thirds.map((set) => probe.gradient(set)))
    const mean = whole.map((_, k) => (parts[0][k] + parts[1][k] + parts[2][k]) / 3)
    // Another order of 600 terms.
    expect(relativeError(whole, mean)).toBeLessThan(1e-13)
    const block = normals(weights.length, 'direction')
    const product = await probe.hessianVectors(block, 1, samples(600))
    const products = await Promise.all(thirds.map((set) => probe.hessianVectors(block, 1, set)))
    expect(
      relativeError(
        product,
        product.map((_, k) => (products[0][k] + products[1][k] + products[2][k]) / 3),
      ),
    ).toBeLessThan(1e-13)
    const { outputs } = await probe.loss(samples(600))
    expect(Array.from(outputs.subarray(599 * 3))).toEqual(
      Array.from((await probe.loss({ indices: Int32Array.of(599), from: 'train' })).outputs),
    )
  })
  test('counts the share of right classes, and none for regression', async () => {
    const linear = denseSpec([1, 2], { bias: false, loss: crossEntropy('mean') })
    const data = datasetOf(1, 2, [1, -1, 2, 3], [1, 0, 0, 1, 1, 0, 0, 1], Int32Array.of(0, 1, 0, 1))
    expect((await probeAt(linear, data, Float64Array.of(1, -1)).loss(samples(4))).accuracy).toBe(0.75)
    expect((await probeAt(denseSpec([1, 1]), datasetOf(1, 1, [1], [1]), Float64Array.of(1, 0)).loss(samples(1))).accuracy).toBeNull()
  })
  test('counts by its sign where there is one output for two classes', async () => {
    const linear = denseSpec([1, 1], { bias: false, loss: { kind: 'logistic', reduction: 'mean' } })
    const data = datasetOf(1, 1, [1, -1, 2, -3], [1, -1, -1, -1], Int32Array.of(1, 0, 0, 0))
    const value = await probeAt(linear, data, Float64Array.of(2)).loss(samples(4))
    expect(value.accuracy).toBe(0.75)
    const losses = [-2, -2, 4, -6].map((margin) => Math.log1p(Math.exp(margin)))
    for (const [row, loss] of losses.entries()) expect(value.perSample[row]).toBeCloseTo(loss, 14)
  })
  test('multiplies through a relu by a Hessian without the kinks: 0 in a linear block', async () => {
    const relu = denseSpec([1, 1], { activation: 'relu', outputActivation: 'relu', bias: false })
    const alive = probeAt(relu, datasetOf(1, 1, [2], [1]), Float64Array.of(3))
    const dead = probeAt(relu, datasetOf(1, 1, [2], [1]), Float64Array.of(-3))
    // 1/2 (relu(2w) - 1)^2: second derivative 4, or 0 where the unit is off.
    expect(Array.from(await alive.hessianVectors(Float64Array.of(1), 1, samples(1)))).toEqual([4])
    expect(Array.from(await dead.hessianVectors(Float64Array.of(1), 1, samples(1)))).toEqual([0])
  })
  test('answers for the weights of the call, also when training goes on before the answer', async () => {
    const deep = denseSpec([2, 3, 3, 3, 3], { activation: 'tanh', loss: crossEntropy('mean') })
    const trainer = createFloat64Trainer(optionsOf(deep, dataset, [randomWeights(deep, 'deep')]))
    const quiet = await trainer.probe(0).kernelGram(samples(10))
    const pending = trainer.probe(0).kernelGram(samples(10))
    await trainer.train([Int32Array.of(0, 1, 2)])
    expect(await pending).toEqual(quiet)
  })
  test('stops when the signal is aborted', async () => {
    const probe = probeAt(spec, dataset, weights)
    const aborted = AbortSignal.abort()
    const block = normals(weights.length, 'direction')
    await expect(probe.loss(samples(5), aborted)).rejects.toThrow(/abort/)
    await expect(probe.hessianVectors(block, 1, samples(5), aborted)).rejects.toThrow(/abort/)
    await expect(probe.kernelGram(samples(5), aborted)).rejects.toThrow(/abort/)
    await expect(probe.batchPairs([[samples(5), samples(5)]], aborted)).rejects.toThrow(/abort/)
  })
  test('refuses blocks, outputs and sizes that do not fit', async () => {
    const probe = probeAt(spec, dataset, weights)
    await expect(probe.hessianVectors(new Float64Array(3), 1, samples(5))).rejects.toThrow(ShapeFault)
    await expect(probe.outputHessianVectors(weights, 1, samples(5), { sample: 5, output: 0 })).rejects.toThrow(DomainFault)
    await expect(probe.outputHessianVectors(weights, 1, samples(5), { sample: 0, output: 3 })).rejects.toThrow(DomainFault)
    const wide = denseSpec([2, 2000, 3], { loss: crossEntropy('mean') })
    await expect(probeAt(wide, dataset, randomWeights(wide, 'w')).outputJacobian(samples(600))).rejects.toThrow(DomainFault)
    await expect(probe.loss({ indices: Int32Array.of(600), from: 'train' })).rejects.toThrow(DomainFault)
  })
})
