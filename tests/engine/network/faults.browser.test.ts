// What happens when the GPU fails? The call throws, nothing it computed is published, and the state is the one before.
import { fill } from '@tensorflow/tfjs-core'
import { expect, test } from 'vitest'
import type { FaultError } from '../../../src/core/faults.ts'
import { createTrainer } from '../../../src/engine/createTrainer.ts'
import type { OpenedDevice } from '../../../src/engine/device.ts'
import { createNetworkTrainer } from '../../../src/engine/network/networkTrainer.ts'
import { readPacked } from '../../../src/engine/network/readback.ts'
import { leaseTfjs } from '../../../src/engine/tfjsBackend.ts'
import { denseSpec, randomDataset, randomWeights, samples } from '../reference/problems.ts'
import { batchesOf, openTestDevice, optionsInFloat32 } from './setup.ts'

const SPEC = denseSpec([4, 6, 3])
const OPTIONS = optionsInFloat32(SPEC, randomDataset(16, 4, 3, 'squaredError'), [randomWeights(SPEC, 'start')])

const BREAKAGES: readonly (readonly [string, (device: GPUDevice) => void])[] = [
  [
    'a buffer over the limit',
    (device) => {
      device.createBuffer({ size: device.limits.maxBufferSize + 4, usage: GPUBufferUsage.STORAGE })
    },
  ],
  [
    'a shader that does not compile',
    (device) => {
      const module = device.createShaderModule({ code: '@compute @workgroup_size(1) fn main() { let x : f32 = 1; nonsense }' })
      device.createComputePipeline({ layout: 'auto', compute: { module } })
    },
  ],
]

test.each(BREAKAGES)('%s poisons the step: it throws, and neither losses nor the step count get out', async (_what, breakIt) => {
  const opened = await openTestDevice()
  const trainer = await createNetworkTrainer(OPTIONS, opened)
  await trainer.train(batchesOf(2, 4, 16))
  breakIt(opened.device)
  const failure = await trainer.train(batchesOf(2, 4, 16)).catch((error: unknown) => error)
  expect((failure as FaultError).fault).toMatchObject({ type: 'poisoned' })
  expect(trainer.step).toBe(2)
  const again = await trainer
    .probe(0)
    .loss(samples(4))
    .catch((error: unknown) => error)
  expect((again as FaultError).fault.type).toBe('poisoned')
  await trainer.dispose()
  opened.device.destroy()
})

test('a tensor of the engine itself over the limit poisons its own call', async () => {
  const opened = await openTestDevice()
  const lease = await leaseTfjs(opened)
  const tooLarge = fill([opened.device.limits.maxBufferSize / 4 + 1], 0)
  const failure = await readPacked(opened, [tooLarge]).catch((error: unknown) => error)
  expect((failure as FaultError).fault.type).toBe('poisoned')
  tooLarge.dispose()
  lease.close()
  opened.device.destroy()
})

test('commands that vanish without a word are noticed: the number that the readback asked for is not there', async () => {
  const opened = await openTestDevice()
  const trainer = await createNetworkTrainer(OPTIONS, opened)
  const { losses } = await trainer.train(batchesOf(1, 4, 16))
  expect(losses.every(Number.isFinite)).toBe(true)
  const { queue } = opened.device
  const submit = queue.submit.bind(queue)
  queue.submit = () => undefined
  const failure = await trainer.train(batchesOf(1, 4, 16)).catch((error: unknown) => error)
  queue.submit = submit
  expect(opened.health.fault).toBeNull()
  expect((failure as FaultError).fault).toMatchObject({ type: 'poisoned', detail: expect.stringContaining('did not compute') as string })
  expect(trainer.step).toBe(1)
  await trainer.dispose()
  opened.device.destroy()
})

test('a destroyed device is told as lost, by training, by a probe in flight and by whoever comes later', async () => {
  const opened = await openTestDevice()
  const trainer = await createNetworkTrainer(OPTIONS, opened)
  await trainer.train(batchesOf(1, 4, 16))
  const inFlight = trainer
    .probe(0)
    .gradient(samples(8))
    .catch((error: unknown) => error)
  opened.device.destroy()
  const failure = await trainer.train(batchesOf(1, 4, 16)).catch((error: unknown) => error)
  expect((failure as FaultError).fault.type).toBe('deviceLost')
  const probed = await inFlight
  // The gradient may have come back before the end of the device; if not, it says so.
  if (!(probed instanceof Float64Array)) expect((probed as FaultError).fault.type).toBe('deviceLost')
  const late = await leaseTfjs(opened).catch((error: unknown) => error)
  expect((late as FaultError).fault.type).toBe('deviceLost')
  await trainer.dispose()
})

test('a new device takes over after a lost one, with the same bits', async () => {
  const run = async (opened: OpenedDevice) => {
    const trainer = await createNetworkTrainer(OPTIONS, opened)
    const { losses } = await trainer.train(batchesOf(4, 4, 16))
    return { trainer, losses }
  }
  const first = await openTestDevice()
  const { trainer, losses } = await run(first)
  first.device.destroy()
  await first.device.lost
  const second = await openTestDevice()
  const again = await run(second)
  expect(again.losses).toEqual(losses)
  // The trainer of the lost device ends late and must not take the new backend with it.
  await trainer.dispose()
  expect((await again.trainer.train(batchesOf(1, 4, 16))).diverged).toEqual([])
  await again.trainer.dispose()
  second.device.destroy()
})

test('two arms that open at the same time share one backend', async () => {
  const opened = await openTestDevice()
  const [a, b] = await Promise.all([createNetworkTrainer(OPTIONS, opened), createNetworkTrainer(OPTIONS, opened)])
  const [first, second] = [await a.train(batchesOf(2, 4, 16)), await b.train(batchesOf(2, 4, 16))]
  expect(second).toEqual(first)
  await a.dispose()
  expect((await b.train(batchesOf(1, 4, 16))).diverged).toEqual([])
  await b.dispose()
  opened.device.destroy()
})

test('a trainer refuses what does not fit', async () => {
  const opened = await openTestDevice()
  await expect(createNetworkTrainer({ ...OPTIONS, initialWeights: [new Float64Array(3)] }, opened)).rejects.toThrow('a start of 3 weights')
  await expect(createNetworkTrainer({ ...OPTIONS, spec: denseSpec([5, 3]) }, opened)).rejects.toThrow('a layer of 5 inputs')
  await expect(createNetworkTrainer({ ...OPTIONS, spec: denseSpec([4, 2]) }, opened)).rejects.toThrow('2 outputs, expected 3')
  await expect(createNetworkTrainer({ ...OPTIONS, spec: { ...SPEC, linearised: true } }, opened)).rejects.toThrow('a linearised network')
  opened.device.destroy()
})

test('createTrainer obeys the wish for WebGPU, and takes float64 on a software adapter when it may choose', async () => {
  const wished = await createTrainer({ options: OPTIONS, kind: 'mlp', preference: 'network', allowGpu: true })
  expect(wished.description).toMatchObject({
    engine: 'network',
    backend: 'webgpu',
    precision: 'float32',
    reason: expect.stringContaining('as chosen') as string,
  })
  const auto = await createTrainer({ options: OPTIONS, kind: 'mlp', preference: 'auto', allowGpu: true })
  if (wished.description.adapter === 'SwiftShader')
    expect(auto.description).toMatchObject({ engine: 'float64', reason: expect.stringContaining('SwiftShader is a program') as string })
  expect(auto.step).toBe(0)
  expect(await auto.probe(0).weights()).toEqual(OPTIONS.initialWeights[0])
  await wished.dispose()
  await auto.dispose()
})
