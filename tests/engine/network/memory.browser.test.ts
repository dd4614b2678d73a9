// Does everything that a trainer takes come back? Tensors and live bytes at its end, the pool's bytes at the last one's.
import { expect, test } from 'vitest'
import { createNetworkTrainer } from '../../../src/engine/network/networkTrainer.ts'
import { leaseTfjs, tfjsMemory } from '../../../src/engine/tfjsBackend.ts'
import type { Trainer } from '../../../src/engine/trainer.ts'
import { denseSpec, optimizerOf, randomDataset, randomWeights, samples } from '../reference/problems.ts'
import { batchesOf, openTestDevice, optionsInFloat32 } from './setup.ts'

/** Everything that a trainer can be asked for. */
async function everything(trainer: Trainer): Promise<void> {
  const set = samples(8)
  const batches = batchesOf(3, 5, 16)
  await trainer.train(batches)
  const checkpoint = await trainer.checkpoint()
  trainer.setOptimizer(optimizerOf({ kind: 'rmsprop' }))
  await trainer.train(batchesOf(2, 3, 16))
  const probe = trainer.probe(1)
  const vector = new Float64Array(2 * probe.parameterCount).fill(0.5)
  await probe.loss(samples(16, 'test'))
  await probe.gradient(set)
  await probe.gradientNorms(set)
  await probe.perSampleGram(set)
  await probe.batchGram([set, samples(4), samples(6)])
  await probe.batchPairs([[set, samples(4)]])
  await probe.hessianVectors(vector, 2, set)
  await probe.outputHessianVectors(vector, 2, set, { sample: 1, output: 0 })
  await probe.outputJacobian(set)
  await probe.kernelGram(set)
  await probe.secondMoments()
  await probe.weights()
  await probe.preactivations(set)
  await probe.loss(set, AbortSignal.abort()).catch(() => null)
  await trainer.restore(checkpoint)
  await trainer.train(batches)
}

test('tensors and live bytes are those from before, allocated bytes fall to zero with the last lease', async () => {
  const opened = await openTestDevice()
  const lease = await leaseTfjs(opened)
  const before = tfjsMemory()
  const allocated: number[] = []
  for (let round = 0; round < 3; round++) {
    const spec = denseSpec([4, 8, 3], { activation: round === 1 ? 'swish' : 'tanh' })
    const starts = [randomWeights(spec, 'first'), randomWeights(spec, 'second')]
    const trainer = await createNetworkTrainer(
      optionsInFloat32(spec, randomDataset(16, 4, 3, 'squaredError'), starts, { kind: 'adam' }),
      opened,
    )
    const atStart = tfjsMemory()
    await everything(trainer)
    // Two of the test split, asked for meanwhile, and weight and count of rows in batches of two sizes, and slots.
    expect(tfjsMemory().tensorCount - atStart.tensorCount).toBe(8)
    await trainer.dispose()
    await trainer.dispose()
    const { tensorCount, liveBytes, allocatedBytes } = tfjsMemory()
    expect({ tensorCount, liveBytes }).toEqual({ tensorCount: before.tensorCount, liveBytes: before.liveBytes })
    allocated.push(allocatedBytes)
  }
  // The pool keeps buffers by size; the same sizes again need no new ones.
  expect(allocated[2]).toBe(allocated[1])
  lease.close()
  expect(tfjsMemory()).toEqual({ ...before, allocatedBytes: 0 })
  expect(opened.health.fault).toBeNull()
  opened.device.destroy()
})

test('a diverged run gives back what it took', async () => {
  const opened = await openTestDevice()
  const lease = await leaseTfjs(opened)
  const before = tfjsMemory()
  const spec = denseSpec([4, 6, 2], { activation: 'identity' })
  const starts = [randomWeights(spec, 'wild', 4), randomWeights(spec, 'calm', 0.1)]
  const trainer = await createNetworkTrainer(
    optionsInFloat32(spec, randomDataset(16, 4, 2, 'squaredError'), starts, { kind: 'sgd', lr: 1 }),
    opened,
  )
  expect((await trainer.train(batchesOf(20, 8, 16))).diverged.length).toBeGreaterThan(0)
  await trainer.dispose()
  expect(tfjsMemory()).toMatchObject({ tensorCount: before.tensorCount, liveBytes: before.liveBytes })
  lease.close()
  opened.device.destroy()
})
