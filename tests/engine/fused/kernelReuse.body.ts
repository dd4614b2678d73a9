// Compiled kernels serve other sizes: a slider of depth must not wait for a compiler.
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { NoGpu, OpenedDevice } from '../../../src/engine/device.ts'
import { batchesOf, problemOptions, withFused, type TrainingProblem } from './trainingFixture.ts'

const ROWS = 21
const SAMPLES = 40
const SMALL: TrainingProblem = { widths: [6, 9, 9, 4], activation: 'tanh', samples: SAMPLES }

export function fusedKernelReuseTests(open: () => Promise<OpenedDevice | NoGpu>): void {
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
    test('compiles nothing for another depth, batch, ensemble or number of inputs', async () => {
      const train = async (problem: TrainingProblem, rows: number): Promise<void> => {
        await withFused(opened, problemOptions(problem), async (trainer) => {
          await trainer.train(batchesOf(1, rows, SAMPLES))
        })
      }
      await train(SMALL, ROWS)
      const compile = vi.spyOn(opened.device, 'createComputePipelineAsync')
      await train({ ...SMALL, widths: [5, 9, 9, 9, 9, 2], seeds: 2 }, 13)
      expect(compile).not.toHaveBeenCalled()
      // The spy would see it: another width is another kernel.
      await train({ ...SMALL, widths: [5, 13, 13, 2] }, 13)
      expect(compile).toHaveBeenCalled()
      compile.mockRestore()
    })
  })
}
