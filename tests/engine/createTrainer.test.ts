// Trainers where there is no GPU: Node has none unless somebody installs one.
import { expect, test, vi } from 'vitest'
import { createTrainer } from '../../src/engine/createTrainer.ts'
import { openDevice } from '../../src/engine/device.ts'
import { chainSpec, datasetOf, denseSpec, optionsOf, randomDataset, randomWeights } from './reference/problems.ts'

vi.mock('@tensorflow/tfjs-core', () => {
  throw new Error('tfjs was loaded')
})

const mlp = () => {
  const spec = denseSpec([3, 4, 2])
  return optionsOf(spec, randomDataset(6, 3, 2, 'squaredError'), [randomWeights(spec, 'start')])
}

test('a chain trains without loading tfjs', async () => {
  const spec = chainSpec(4)
  const options = optionsOf(spec, datasetOf(1, 1, [1], [1]), [Float64Array.of(0.5, 0.6, 0.7, 0.8)])
  const trainer = await createTrainer({ options, kind: 'chain', preference: 'network', allowGpu: true })
  expect(trainer.description.engine).toBe('chain')
})

test.each(['auto', 'network', 'fused'] as const)('an MLP falls back to float64 without WebGPU and says so (%s)', async (preference) => {
  const trainer = await createTrainer({ options: mlp(), kind: 'mlp', preference, allowGpu: true })
  expect(trainer.description).toMatchObject({
    engine: 'float64',
    backend: 'cpu',
    reason: 'Float64 on the CPU. This browser offers no WebGPU here.',
  })
})

test('a linearised network stays on the CPU and says why', async () => {
  const options = mlp()
  const request = {
    options: { ...options, spec: { ...options.spec, linearised: true } },
    kind: 'mlp',
    preference: 'network',
    allowGpu: true,
  } as const
  const { description } = await createTrainer(request)
  expect(description).toMatchObject({ engine: 'float64', reason: expect.stringContaining('linearised') as string })
})

test('an MLP stays on the CPU when the GPU may not be used', async () => {
  const { description } = await createTrainer({ options: mlp(), kind: 'mlp', preference: 'auto', allowGpu: false })
  expect(description.reason).toContain('not used for this run')
})

test.each([
  ['no WebGPU', undefined, 'no WebGPU'],
  ['no adapter', { requestAdapter: async () => null }, 'no graphics adapter'],
  ['an adapter request that fails', { requestAdapter: () => Promise.reject(new Error('blocked')) }, 'blocked'],
  [
    'a device request that fails',
    { requestAdapter: async () => ({ limits: {}, features: new Set(), requestDevice: () => Promise.reject(new Error('exhausted')) }) },
    'exhausted',
  ],
])('openDevice answers in words to %s', async (_what, gpu, words) => {
  const answer = await openDevice(gpu as unknown as GPU | undefined)
  expect(answer).toMatchObject({ type: 'noGpu', reason: expect.stringContaining(words) as string })
})
