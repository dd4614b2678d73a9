// Do the fused steps tell the norms of their own gradient, and stay what they are?
//
// The probe sums them by the same kernel on the same rows; tiles may differ, so a few roundings of float32 may.
import { describe, expect, test, vi } from 'vitest'
import { optimizerSchema, type OptimizerSettings } from '../../../src/core/experiment.ts'
import type { DenseNetworkSpec } from '../../../src/core/networkSpec.ts'
import type { NoGpu, OpenedDevice } from '../../../src/engine/device.ts'
import { createFloat64Trainer } from '../../../src/engine/float64/float64Trainer.ts'
import type { TrainerOptions } from '../../../src/engine/trainer.ts'
import { expectSameNorms, expectSameTraining, expectStepNorms } from '../stepNorms.ts'
import { everyOther, type Extent } from './everyOther.ts'
import { deviceOfFile } from './deviceOfFile.ts'
import { batchesOf, problemOptions, stack, withFused } from './trainingFixture.ts'

const KINDS = optimizerSchema.entries.kind.options
const ROWS = 13
const SAMPLES = 40
const CLOSE = 1e-5

function optionsOf(kind: OptimizerSettings['kind'], seeds = 2): TrainerOptions {
  const optimizer = { kind, lr: 0.01, noise: 3 }
  return { ...problemOptions({ widths: stack(4, 10, 5, 3), seeds, samples: SAMPLES, optimizer }), noiseSeed: 3 }
}

/** Gamma and beta are what the start draws for further weights. */
function withNormsAndSkips({ spec }: { readonly spec: DenseNetworkSpec }): DenseNetworkSpec {
  const last = spec.layers.length - 1
  const layers = spec.layers.map((layer, l) => ({
    ...layer,
    ...(l < last ? { norm: { kind: 'layer' as const, eps: 1e-3, frozen: null } } : {}),
    ...(l > 0 && l < last ? { skip: { from: l, placement: 'postAct' as const, scale: 0.75, branchScale: 0.5 } } : {}),
  }))
  return { ...spec, layers }
}

export function fusedStepNormTests(open: () => Promise<OpenedDevice | NoGpu>, extent: Extent = 'all'): void {
  vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })
  const held = deviceOfFile(open)

  describe('a fused step', () => {
    test.each(everyOther(KINDS, extent))('under %s tells the gradient and not the update, and trains to the same bits', async (kind) => {
      const options = optionsOf(kind)
      const batches = batchesOf(9, ROWS, SAMPLES)
      await withFused(held.opened, options, async (trainer) => {
        await expectStepNorms(trainer, batches.slice(0, 1), CLOSE)
        // Measured by now: the next call is one chunk of several steps, of which the first is told.
        await expectStepNorms(trainer, batches.slice(1, 6), CLOSE)
        await withFused(held.opened, options, async (plain) => {
          await plain.train(batches.slice(0, 6))
          await expectSameTraining(trainer, plain, [batches.slice(6, 7), batches.slice(7)])
        })
      })
    })

    test('of layer norm and skips tells the norms of all four parts', async () => {
      const plain = problemOptions({ widths: stack(4, 6, 5, 3), samples: SAMPLES })
      const spec = withNormsAndSkips(plain)
      const size = spec.layers.reduce(
        (sum, { fanIn, fanOut, norm }) => sum + fanIn * fanOut + fanOut + (norm === undefined ? 0 : 2 * fanOut),
        0,
      )
      const start = Float64Array.from({ length: size }, (_, i) => Math.fround(0.6 * Math.sin(1.7 * i + 1)))
      const options = { ...plain, spec, initialWeights: [start] }
      const batches = batchesOf(2, ROWS, SAMPLES)
      const reference = createFloat64Trainer(options)
      await withFused(held.opened, options, async (trainer) => {
        const [own] = await expectStepNorms(trainer, batches, CLOSE)
        const { layerNorms } = await reference.train(batches, { layerNorms: true })
        // Float32 through four layers with deviations as divisors.
        expectSameNorms(own, layerNorms![0], 3e-5)
      })
    })

    test('without biases counts none', async () => {
      const options = problemOptions({ widths: stack(3, 9, 4, 2), bias: false, samples: SAMPLES })
      await withFused(held.opened, options, async (trainer) => void (await expectStepNorms(trainer, batchesOf(2, ROWS, SAMPLES), CLOSE)))
    })

    test('tells norms of 1e-90 where float32 ends at 1e-38', async () => {
      const options = problemOptions({ widths: stack(250, 12), activation: 'tanh', gain: 0.16, bias: false, samples: SAMPLES })
      await withFused(held.opened, options, async (trainer) => {
        const [{ exponent }] = await expectStepNorms(trainer, batchesOf(1, ROWS, SAMPLES), CLOSE)
        expect(Math.min(...exponent)).toBeLessThan(-300)
      })
    })

    test('tells the norms before the first update of a chunk that is taken back, and none of a diverged seed', async () => {
      const options = problemOptions({ widths: stack(3, 8, 4, 2), seeds: 2, samples: SAMPLES, optimizer: { kind: 'sgd', lr: 1e-3 } })
      const wild = options.initialWeights[1].map((w) => Math.fround(w * 1e4))
      const batches = batchesOf(8, ROWS, SAMPLES)
      await withFused(held.opened, { ...options, initialWeights: [options.initialWeights[0], wild] }, async (trainer) => {
        await trainer.train(batches.slice(0, 1))
        trainer.setOptimizer({ ...options.optimizer, lr: 1e30 })
        const wanted = await trainer.probe(0).gradientNorms({ indices: batches[1], from: 'train' })
        const { diverged, layerNorms } = await trainer.train(batches.slice(1, 5), { layerNorms: true })
        expect(diverged.length).toBeGreaterThan(0)
        expectSameNorms(layerNorms![0], wanted, CLOSE)
        const after = await trainer.train(batches.slice(5), { layerNorms: true })
        for (const { seedIndex } of diverged) expect([...after.layerNorms![seedIndex].mantissa].every(Number.isNaN)).toBe(true)
      })
    })

    test('stays two dispatches a step and one submit a chunk', async () => {
      const dispatch = vi.spyOn(GPUComputePassEncoder.prototype, 'dispatchWorkgroups')
      const submit = vi.spyOn(held.opened.device.queue, 'submit')
      // A clock of its own, so that the chunk is not cut on a busy machine.
      let time = 0
      const now = vi.spyOn(performance, 'now').mockImplementation(() => (time += 0.1))
      try {
        await withFused(held.opened, optionsOf('sgd'), async (trainer) => {
          for (let calls = 0; calls < 8; calls++) await trainer.train(batchesOf(1, ROWS, SAMPLES))
          dispatch.mockClear()
          submit.mockClear()
          await trainer.train(batchesOf(4, ROWS, SAMPLES), { layerNorms: true })
          expect([dispatch.mock.calls.length, submit.mock.calls.length]).toEqual([8, 1])
        })
      } finally {
        now.mockRestore()
        dispatch.mockRestore()
        submit.mockRestore()
      }
    })
  })
}
