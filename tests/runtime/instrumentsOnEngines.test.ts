// Do the instruments agree with theory and with each other on a real network? Float64 MLPs, small enough to know everything.
import { expect, test } from 'vitest'
import { DEFAULT_MLP } from '../../src/core/defaults.ts'
import type { Experiment } from '../../src/core/experiment.ts'
import { kernelCertificate } from '../../src/core/kernelCertificate.ts'
import type { KernelSample, Sample } from '../../src/core/sample.ts'
import { createArm } from '../../src/runtime/arm.ts'
import { chooseTrainer } from '../../src/runtime/chooseTrainer.ts'
import { loadDataset } from '../../src/data/loadDataset.ts'
import { measureHessian } from '../../src/diagnostics/hessianSpectrum.ts'
import { runHeadless } from '../../src/runtime/headless.ts'
import { contextOf, expectType } from '../diagnostics/quadraticProbe.ts'

const noFiles = () => Promise.reject(new Error('no files in tests'))
const OPTIONS = { readAsset: noFiles, allowGpu: false }

const TEACHER: Experiment = {
  ...DEFAULT_MLP,
  model: { ...DEFAULT_MLP.model, depth: 3, width: 8, activation: 'tanh' },
  data: { ...DEFAULT_MLP.data, kind: 'teacher', inputs: 6, outputs: 2, trainCount: 10, testCount: 0 },
  loss: { kind: 'squaredError', reduction: 'mean' },
  engine: 'float64',
  batch: 10,
  steps: 40,
  optimizer: { ...DEFAULT_MLP.optimizer, lr: 0.05 },
  diagnostics: {
    ...DEFAULT_MLP.diagnostics,
    probeCount: 10,
    every: { evaluation: 0, gradientNorms: 0, cosines: 0, hessian: 0, kernel: 1 },
    budget: 1,
  },
}
const kernels = (samples: readonly Sample[]): KernelSample[] => samples.filter((sample) => sample.type === 'kernel')

test.each(['mean', 'sum'] as const)('the PL* inequality holds at every step of a run whose loss is a %s', async (reduction) => {
  const { samples } = await runHeadless(
    { ...TEACHER, loss: { kind: 'squaredError', reduction }, optimizer: { ...TEACHER.optimizer, lr: reduction === 'mean' ? 0.05 : 0.005 } },
    OPTIONS,
  )
  const found = kernels(samples)
  expect(found).toHaveLength(41)
  for (const { plLower, plRatio, plUpper } of found) {
    // Eigenvalues are right to 1e-15 of the largest.
    expect(plRatio).toBeGreaterThanOrEqual(plLower - 1e-12 * plUpper)
    expect(plRatio).toBeLessThanOrEqual(plUpper * (1 + 1e-12))
  }
  expect(found[0].drift).toBe(0)
  expect(found[40].drift).toBeGreaterThan(found[1].drift)
})

test('the loss on the probe set is that of the full batch, and the certificate starts intact', async () => {
  const { samples } = await runHeadless(TEACHER, OPTIONS)
  const [first] = kernels(samples)
  const batch = samples.find((sample) => sample.type === 'loss')
  // The same ten samples, summed in another order.
  expect(first.loss! / (batch as { values: Float64Array }).values[0]).toBeCloseTo(1, 12)
  expect(kernelCertificate([first], TEACHER.loss).type).toBe('holds')
})

async function probeOf(experiment: Experiment) {
  const dataset = await loadDataset(experiment.data, { seed: experiment.seed, readAsset: noFiles })
  const arm = await createArm('A', experiment, dataset, { createTrainer: chooseTrainer }, false)
  return { probe: arm.probes[0], dataset, spec: arm.spec }
}

test('Lanczos finds the extremes of the exact spectrum, within its own bound and within 1e-3', async () => {
  const experiment: Experiment = { ...TEACHER, model: { ...TEACHER.model, width: 16 } }
  const { probe, dataset } = await probeOf(experiment)
  // 6 x 16 + 16 + 16 x 16 + 16 + 16 x 2 + 2 = 418: exact on demand, Lanczos while live.
  expect(probe.parameterCount).toBe(418)
  const settings = { ...experiment.diagnostics, lanczosSteps: 60 }
  const context = contextOf([probe], dataset.train.count, { settings })
  const exact = expectType(await measureHessian({ ...context, effort: 'full' }), 'hessian')
  const estimate = expectType(await measureHessian(context), 'hessian')
  expect([exact.method, estimate.method]).toEqual(['exact', 'lanczos'])
  for (const end of ['lambdaMax', 'lambdaMin'] as const) {
    expect(Math.abs(estimate[end] / exact[end] - 1)).toBeLessThan(1e-3)
    expect(Math.abs(estimate[end] - exact[end])).toBeLessThanOrEqual(estimate[`${end}Residual`] + 1e-12)
  }
  expect(exact.asymmetry).toBeLessThan(1e-12)
  expect(exact.eigenvalues!.reduce((sum, value) => sum + value, 0)).toBeCloseTo(exact.trace, 10)
})

test('the Hessian is the derivative of the gradient', async () => {
  const { probe, dataset, spec } = await probeOf(TEACHER)
  const sample = expectType(await measureHessian(contextOf([probe], dataset.train.count, { effort: 'full' })), 'hessian')
  const P = probe.parameterCount
  const set = { indices: Int32Array.from({ length: dataset.train.count }, (_, i) => i), from: 'probe' as const }
  // A random direction, by central differences of the gradient on shifted copies of the network.
  const direction = Float64Array.from({ length: P }, (_, k) => Math.sin(1 + k * 2.399))
  const product = Float64Array.from({ length: P }, (_, i) =>
    direction.reduce((sum, value, j) => sum + value * sample.entries![i * P + j], 0),
  )
  const start = await probe.weights()
  const h = 1e-5
  const shifted = async (sign: number) => {
    const trainer = await chooseTrainer({
      modelKind: 'mlp',
      engine: 'float64',
      allowGpu: false,
      spec,
      dataset,
      probeCount: dataset.train.count,
      optimizer: TEACHER.optimizer,
      initialWeights: [start.map((weight, k) => weight + sign * h * direction[k])],
    })
    return await trainer.probe(0).gradient(set)
  }
  const [above, below] = [await shifted(1), await shifted(-1)]
  const difference = above.map((value, k) => (value - below[k]) / (2 * h))
  const scale = Math.hypot(...product)
  // Central differences of a smooth gradient at h = 1e-5: rounding 1e-11, curvature of order h^2.
  expect(Math.hypot(...difference.map((value, k) => value - product[k])) / scale).toBeLessThan(1e-8)
})
