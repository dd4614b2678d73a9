// Are the numbers right for problems that no experiment expresses? Each title finishes the sentence "measureProblem ...".
import { afterAll, describe, expect, test } from 'vitest'
import { MEASURED_FIELDS, type Measured } from '../../src/core/snapshot.ts'
import { installNodeWebGpu } from '../../src/cli/nodeWebGpu.ts'
import { chooseTrainer } from '../../src/runtime/chooseTrainer.ts'
import { measureProblem, type CreateTrainer } from '../../src/runtime/problem/measureProblem.ts'
import { parseProblem } from '../../src/runtime/problem/parseProblem.ts'
import { snapshotOf } from '../../src/runtime/snapshot.ts'
import { expectClose, expectCurvature, expectFirstOrder } from './agreement.ts'
import { holdNetworkEngine } from './heldNetworkEngine.ts'
import { dense, PROBLEMS, rows } from './problems.ts'

const hasGpu = await installNodeWebGpu()
if (hasGpu) afterAll(await holdNetworkEngine())
if (!hasGpu) process.stdout.write('measure problems: no WebGPU in Node here, the comparison of backends is skipped\n')

const engineFor =
  (engine: 'float64' | 'network'): CreateTrainer =>
  async (options, modelKind) =>
    await chooseTrainer({ ...options, modelKind, engine, allowGpu: engine !== 'float64' })
const create = engineFor('float64')

async function snapshotOfProblem(problem: object) {
  const snapshot = snapshotOf(await measureProblem(parseProblem(problem), create))
  return JSON.parse(JSON.stringify(snapshot)) as typeof snapshot
}

describe.each(PROBLEMS)('measureProblem on %s', (_, problem) => {
  test('agrees with a program that knows only the JSON', async () => {
    expectFirstOrder(await snapshotOfProblem(problem))
  })
  test('has the curvature of finite differences', async () => {
    expectCurvature(await snapshotOfProblem(problem))
  })
  test('writes a problem that measures the same again', async () => {
    const first = await snapshotOfProblem(problem)
    const again = await snapshotOfProblem(first.problem)
    expect(again.measured).toEqual(first.measured)
    expect(again.problem).toEqual(first.problem)
    expect(again.omitted).toEqual(first.omitted)
  })
  test.skipIf(!hasGpu)('is the same on WebGPU', { timeout: 120_000 }, async () => {
    const exact = await snapshotOfProblem(problem)
    // A Hessian for each output would take a software adapter minutes.
    const fields = fieldsOf(exact.measured).filter((field) => field !== 'outputHessianNorms')
    const gpu = await measureProblem(parseProblem(problem), engineFor('network'), fields)
    expect(gpu.description.engine).toBe('network')
    expectClose(JSON.parse(JSON.stringify(gpu.measured)) as Measured, exact.measured)
  })
})

/** Two layers of one and two inputs, seven weights. */
const PROBLEM_OF_TWO = {
  model: { kind: 'mlp', activation: 'linear', outputActivation: 'linear', inputShape: [1, 1, 1] },
  loss: { kind: 'mse', reduction: 'halfMean' },
  weights: [dense(2, 1), dense(1, 2)],
  inputs: [[1], [2]],
  targets: [[3], [1]],
}
const fieldsOf = (measured: Measured) => MEASURED_FIELDS.filter((field) => measured[field] !== undefined)

test('measureProblem leaves out what batch norm in training mode does not have, and says why', async () => {
  const { measured, omitted } = await snapshotOfProblem(PROBLEMS[0][1])
  expect(fieldsOf(measured)).toEqual([
    'loss',
    'outputs',
    'gradNorm',
    'batchGradients',
    'kde',
    'hessian',
    'drift',
    'plRatio',
    'optimizerStep',
  ])
  expect(omitted.map(({ name }) => name)).toEqual(['perSample', 'kernel', 'drift.kernelRelFro', 'outputHessianNorms'])
  for (const { why } of omitted) expect(why).toContain('couples the samples')
})

test('measureProblem says that layer norm is in words of our own', async () => {
  const { omitted, problem } = await snapshotOfProblem(PROBLEMS[4][1])
  expect(omitted.map(({ name }) => name)).toEqual(['problem.model.layerNorm'])
  expect(problem.model).toMatchObject({ batchNorm: false, layerNorm: true, lnEps: 1e-4 })
})

test('measureProblem leaves out the step of a perturbed descent whose noise nobody says', async () => {
  const { optimizer, ...rest } = PROBLEMS[5][1] as { optimizer: { noise?: number[] } }
  const { noise: _noise, ...silent } = optimizer
  const { measured, omitted } = await snapshotOfProblem({ ...rest, optimizer: silent })
  expect(measured.optimizerStep).toBeUndefined()
  expect(omitted).toContainEqual({ name: 'optimizerStep', why: 'the problem does not say the noise of this step' })
})

test('measureProblem leaves cosines with a zero gradient out of the density, and writes them as 0 in the list', async () => {
  // relu(-1) is dead: sample 1 has no gradient at all, samples 0, 2 and 3 have.
  const { measured } = await snapshotOfProblem({
    model: { kind: 'mlp', activation: 'relu', outputActivation: 'linear', inputShape: [1, 1, 1] },
    loss: { kind: 'mse', reduction: 'halfMean' },
    weights: [
      { type: 'dense', W: { shape: [2, 1], data: [1, 0.5] } },
      { type: 'dense', W: { shape: [1, 2], data: [1, 1] } },
    ],
    inputs: [[1], [-1], [2], [3]],
    targets: [[0], [1], [9], [1]],
    pairs: [
      [[0], [2]],
      [[0], [1]],
      [[0], [3]],
      [[1], [1]],
    ],
  })
  // Twelve digits: parallel gradients give 1 up to rounding.
  const near = (values: readonly unknown[]) => values.map((value) => Number((value as number).toFixed(12)))
  expect(near(measured.batchGradients!.pairCosines)).toEqual([-1, 0, 1, 0])
  expect(near(measured.kde!.samples)).toEqual([-1, 1])
})

test('measureProblem never claims an extreme eigenvalue to be better known than its arithmetic', async () => {
  // Two samples: the Hessian has few distinct eigenvalues, and the recursion meets them all long before its last step.
  const { measured, omitted } = await snapshotOfProblem({
    model: { kind: 'mlp', activation: 'tanh', outputActivation: 'linear', inputShape: [30, 1, 1] },
    loss: { kind: 'mse', reduction: 'halfMean' },
    weights: [dense(50, 30), dense(1, 50)],
    inputs: rows(2, 30),
    targets: [1, -1],
  })
  const { method, stderr, lambdaMax, eigenvalues, numNegative, blockMeanAbs, blockFrobenius } = measured.hessian!
  expect(method).toBe('lanczos')
  expect([eigenvalues, numNegative, blockMeanAbs, blockFrobenius]).toEqual([null, null, null, null])
  expect(omitted.map(({ name }) => name)).toEqual([
    'batchGradients',
    'kde',
    'hessian.eigenvalues',
    'hessian.numNegative',
    'hessian.blockMeanAbs',
    'hessian.blockFrobenius',
  ])
  expect(stderr.lambdaMax).toBeGreaterThan(1e-16 * (lambdaMax as number))
  expect(stderr.lambdaMax).toBeLessThan(1e-3 * (lambdaMax as number))
})

test.each([
  ['chain', [1.5, -0.5, 2]],
  ['mlp', [dense(2, 1), dense(1, 2)]],
])('measureProblem leaves out what leaves the range of its numbers, and gives the rest: %s', async (kind, weights) => {
  const { measured, omitted } = await snapshotOfProblem({
    model: { kind, activation: 'linear', outputActivation: 'linear', inputShape: [1, 1, 1] },
    loss: { kind: 'mse', reduction: 'halfMean' },
    weights,
    inputs: [[1e300], [1]],
    targets: [1, 2],
  })
  expect(measured.loss).toBe('inf')
  expect(measured.perSample!.cosine[0][1], 'not known, which is not 0').toBe('nan')
  expect(measured.hessian).toBeUndefined()
  expect(omitted.find(({ name }) => name === 'hessian')!.why).toContain('leave the range of float64')
})

describe.each([
  ['chain', 1e-30, 7],
  ['mlp', 1e-30, 7],
] as const)('measureProblem on a %s whose squared gradients leave float64', (kind, weight, depth) => {
  // g_i is -weight^6 x_i y_i in every layer, 1e-180: the square is no number, the direction is.
  const problem = {
    model: { kind, activation: 'linear', outputActivation: 'linear', inputShape: [1, 1, 1] },
    loss: { kind: 'mse', reduction: 'halfMean' },
    weights: Array.from({ length: depth }, () => ({ type: 'dense', W: { shape: [1, 1], data: [weight] } })),
    inputs: [[1], [1], [0], [1]],
    targets: [1, 3, 1, -2],
    batches: [[0, 1], [1, 2], [2], [1, 3, 3]],
  }
  test('still knows which way they point, and which of them is zero', async () => {
    const { measured } = await snapshotOfProblem(problem)
    expect(measured.gradNorm!.log10PerLayer[0]).toBeCloseTo(Math.log10(0.5) - 180, 9)
    const { gram, cosine, minCosine, diversity, batchSizeBound } = measured.perSample!
    expect(gram[0][0]).toBe(0)
    const near = cosine.map((row) => row.map((value) => Math.round((value as number) * 1e12) / 1e12))
    expect(near).toEqual([
      [1, 1, 0, -1],
      [1, 1, 0, -1],
      [0, 0, 0, 0],
      [-1, -1, 0, 1],
    ])
    expect(minCosine).toBeCloseTo(-1, 12)
    expect(measured.batchGradients!.cosine[0].map((value) => Number((value as number).toFixed(12)))).toEqual([1, 1, 0, -1])
    expect(measured.batchGradients!.minCosine).toBeCloseTo(-1, 12)
    // (1 + 9 + 4) / (1 + 3 - 2)^2
    expect(diversity).toBeCloseTo(3.5, 12)
    expect(batchSizeBound).toBeCloseTo(14, 11)
  })
})

test('measureProblem leaves out a step that diverges instead of writing the weights before it', async () => {
  const problem = PROBLEM_OF_TWO
  for (const optimizer of [
    { kind: 'sgd', lr: 1e308 },
    { kind: 'perturbedGD', lr: 1e308, noiseStd: 1, noise: Array.from({ length: 7 }, () => 1e300) },
  ]) {
    const { measured, omitted } = await snapshotOfProblem({ ...problem, optimizer })
    expect(measured.loss).toBeTypeOf('number')
    expect(measured.optimizerStep).toBeUndefined()
    expect(omitted.find(({ name }) => name === 'optimizerStep')?.why).toContain('a step that diverges')
  }
})

test('measureProblem draws the same probes whoever asks: a large spectrum comes out again from the problem alone', async () => {
  const problem = {
    model: { kind: 'mlp', activation: 'tanh', outputActivation: 'linear', inputShape: [30, 1, 1] },
    loss: { kind: 'mse', reduction: 'halfMean' },
    weights: [dense(50, 30), dense(1, 50)],
    inputs: rows(3, 30),
    targets: [1, -1, 2],
  }
  const first = await snapshotOfProblem(problem)
  expect(first.measured.hessian!.method).toBe('lanczos')
  expect((await snapshotOfProblem(first.problem)).measured).toEqual(first.measured)
})

test.each([true, false])('measureProblem keeps the directions of gradients of 1e-180, a fixed layer or none: %s', async (trainable) => {
  const scalar = (value: number, more: object = {}) => ({ type: 'dense', W: { shape: [1, 1], data: [value] }, ...more })
  const { measured } = await snapshotOfProblem({
    model: { kind: 'mlp', activation: 'linear', outputActivation: 'linear', inputShape: [1, 1, 1] },
    loss: { kind: 'mse', reduction: 'halfMean' },
    weights: [...Array.from({ length: 6 }, () => scalar(1e-30)), scalar(1e-30, { trainable })],
    inputs: [[1], [1], [0], [1]],
    targets: [1, 3, 1, -2],
    batches: [[0], [1, 3, 3], [2]],
    pairs: [
      [[0], [1]],
      [[0], [3]],
      [[0], [2]],
    ],
  })
  const { cosine, minCosine, diversity } = measured.perSample!
  const near = (values: readonly unknown[]) => values.map((value) => Number((value as number).toFixed(12)))
  expect(near(cosine[0])).toEqual([1, 1, 0, -1])
  expect(minCosine).toBeCloseTo(-1, 12)
  expect(diversity).toBeCloseTo(3.5, 12)
  expect(near(measured.batchGradients!.cosine[0])).toEqual([1, -1, 0])
  expect(near(measured.batchGradients!.pairCosines)).toEqual([1, -1, 0])
  expect(near(measured.kde!.samples)).toEqual([-1, 1])
})

test('measureProblem says of a chain beyond float64 what does not depend on its size', async () => {
  const { measured } = await snapshotOfProblem({
    model: { kind: 'chain', activation: 'linear', outputActivation: 'linear', inputShape: [1, 1, 1] },
    loss: { kind: 'mse', reduction: 'halfMean' },
    weights: Array.from({ length: 40 }, () => 1e10),
    inputs: [[1], [2]],
    targets: [1, 2],
    pairs: [[[0], [1]]],
  })
  // Gradients are p^2 x^2 / w: 1 and 4 along one direction, all of them Infinity.
  expect(measured.perSample!.gram[0][0]).toBe('inf')
  expect(measured.perSample!.cosine).toEqual([
    [1, 1],
    [1, 1],
  ])
  expect(measured.perSample!.diversity).toBeCloseTo(17 / 25, 12)
})
