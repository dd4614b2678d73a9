// Does measuring leave training alone on WebGPU too? The same run, with instruments and without, to the bit.
import { expect, test } from 'vitest'
import { DEFAULT_MLP } from '../../src/core/defaults.ts'
import type { Experiment } from '../../src/core/experiment.ts'
import { runHeadless } from '../../src/runtime/headless.ts'
import { lossesOf } from './runHarness.ts'

const NETWORK: Experiment = {
  ...DEFAULT_MLP,
  model: { ...DEFAULT_MLP.model, depth: 3, width: 6, activation: 'tanh' },
  data: { ...DEFAULT_MLP.data, kind: 'mixture', inputs: 5, trainCount: 48, testCount: 16 },
  engine: 'network',
  batch: 16,
  steps: 8,
  optimizer: { ...DEFAULT_MLP.optimizer, kind: 'rmsprop', lr: 0.01 },
  diagnostics: {
    ...DEFAULT_MLP.diagnostics,
    probeCount: 6,
    pairCount: 3,
    pairBatch: 8,
    every: { evaluation: 4, gradientNorms: 2, cosines: 4, hessian: 4, kernel: 4 },
    budget: 1,
  },
}
const OPTIONS = { readAsset: () => Promise.reject(new Error('no files in tests')), allowGpu: true }

test('a run on WebGPU trains to the same bits whether or not it is measured', async () => {
  const on = await runHeadless(NETWORK, OPTIONS)
  expect(on.chips.A).toMatchObject({ engine: 'network', backend: 'webgpu' })
  const every = { evaluation: 0, gradientNorms: 0, cosines: 0, hessian: 0, kernel: 0 }
  const off = await runHeadless({ ...NETWORK, diagnostics: { ...NETWORK.diagnostics, every } }, OPTIONS)
  expect(lossesOf(on.samples, 'A')).toHaveLength(8)
  expect(lossesOf(on.samples, 'A')).toEqual(lossesOf(off.samples, 'A'))
  const types = new Set(on.samples.map(({ type }) => type))
  expect([...types].toSorted()).toEqual(['cosines', 'cost', 'evaluation', 'gradientNorms', 'hessian', 'kernel', 'loss'])
})

test('a run on WebGPU measures what the float64 run measures', async () => {
  const gpu = await runHeadless({ ...NETWORK, steps: 1 }, { ...OPTIONS, steps: 0 })
  const cpu = await runHeadless({ ...NETWORK, engine: 'float64' }, { ...OPTIONS, steps: 0 })
  const pick = ({ samples }: typeof gpu) => {
    const hessian = samples.find((sample) => sample.type === 'hessian')!
    const kernel = samples.find((sample) => sample.type === 'kernel')!
    const cosines = samples.find((sample) => sample.type === 'cosines')!
    return [
      hessian.lambdaMax,
      hessian.lambdaMin,
      hessian.trace,
      hessian.frobenius,
      kernel.lambdaMax,
      kernel.plRatio,
      cosines.pairs.mean!,
      cosines.diversity!,
    ]
  }
  const expected = pick(cpu)
  // Float32 products against float64 ones, tanh, no gates to flip: the 1e-4.
  pick(gpu).forEach((value, i) => expect(Math.abs(value / expected[i] - 1)).toBeLessThan(1e-4))
})
