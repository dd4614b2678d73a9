// Perturbed descent on the fused engine: the noise of the CPU's streams, whatever the chunks.
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { NoGpu, OpenedDevice } from '../../../src/engine/device.ts'
import { createFloat64Trainer } from '../../../src/engine/float64/float64Trainer.ts'
import { relativeError } from '../reference/closeness.ts'
import { batchesOf, problemOptions, withFused, type TrainingProblem } from './trainingFixture.ts'

const ROWS = 21
const SAMPLES = 40
const SMALL: TrainingProblem = { widths: [6, 9, 9, 4], activation: 'tanh', samples: SAMPLES }

export function fusedPerturbationTests(open: () => Promise<OpenedDevice | NoGpu>): void {
  vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })
  let opened: OpenedDevice

  beforeAll(async () => {
    const device = await open()
    if (device.type === 'noGpu') throw new Error(device.reason)
    opened = device
  })
  afterAll(() => {
    expect(opened.health.fault).toBeNull()
  })

  describe('a fused trainer', () => {
    test('draws the noise of perturbed descent for each seed and step, the same after a restore', async () => {
      const plain = problemOptions({ ...SMALL, seeds: 2, optimizer: { kind: 'perturbed', lr: 0.05, noise: 0.5 } })
      const options = { ...plain, noiseSeed: 77 }
      const reference = createFloat64Trainer(options)
      const batches = batchesOf(6, ROWS, SAMPLES)
      const expected = await reference.train(batches)
      await withFused(opened, options, async (trainer) => {
        // One step alone, then the rest in chunks.
        const first = await trainer.train(batches.slice(0, 1))
        const checkpoint = await trainer.checkpoint()
        const rest = await trainer.train(batches.slice(1))
        expect(relativeError([...first.losses, ...rest.losses], expected.losses)).toBeLessThan(5e-6)
        const [own, wanted] = [(await trainer.checkpoint()).weights, (await reference.checkpoint()).weights]
        for (const [seed, weights] of own.entries()) expect(relativeError(weights, wanted[seed])).toBeLessThan(5e-6)
        await trainer.restore(checkpoint)
        expect(await trainer.train(batches.slice(1))).toEqual(rest)
        expect((await trainer.checkpoint()).weights).toEqual(own)
      })
    })
  })
}
