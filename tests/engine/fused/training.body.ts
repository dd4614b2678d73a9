// Training on the fused engine: the same steps as the other engines, the same bits twice, and nothing left behind.
//
// Networks are small because SwiftShader compiles every kernel on two cores.
import { describe, expect, test, vi } from 'vitest'
import type { OptimizerSettings } from '../../../src/core/experiment.ts'
import type { Probe } from '../../../src/core/probe.ts'
import type { NoGpu, OpenedDevice } from '../../../src/engine/device.ts'
import { createFloat64Trainer } from '../../../src/engine/float64/float64Trainer.ts'
import { createFusedTrainer, type FusedChoices } from '../../../src/engine/fused/fusedTrainer.ts'
import { liveFusedBytes } from '../../../src/engine/fused/ownedBuffers.ts'
import type { Trainer, TrainReport } from '../../../src/engine/trainer.ts'
import { relativeError } from '../reference/closeness.ts'
import { optimizerOf, samples } from '../reference/problems.ts'
import { deviceOfFile } from './deviceOfFile.ts'
import { batchesOf, problemOptions, stack, withFused, type TrainingProblem } from './trainingFixture.ts'

/** One size of batch that is no multiple of the tile. */
const ROWS = 21
const SAMPLES = 40
const WHOLE_ROWS: FusedChoices = { tile: { rows: 16, rowsPerThread: 4, wholeRows: true } }
const SMALL: TrainingProblem = { widths: [6, 9, 9, 4], activation: 'tanh', samples: SAMPLES }

const OPTIMIZERS: readonly (readonly [OptimizerSettings['kind'], Partial<OptimizerSettings>])[] = [
  ['sgd', { lr: 0.1 }],
  ['momentum', { lr: 0.05, momentum: 0.9 }],
  ['nesterov', { lr: 0.05, momentum: 0.9 }],
  ['perturbed', { lr: 0.05, noise: 0.3 }],
  ['rmsprop', { lr: 0.01, decay: 0.9, eps: 1e-6 }],
  ['adam', { lr: 0.01, beta1: 0.9, beta2: 0.99, eps: 1e-6 }],
]

async function weightsOf(trainer: Trainer): Promise<readonly Float64Array[]> {
  return (await trainer.checkpoint()).weights
}

const bitsOf = async (trainer: Trainer, report: TrainReport) => ({ losses: [...report.losses], checkpoint: await trainer.checkpoint() })

/** Every measuring pass once, with its buffers. */
async function measureAll(probe: Probe): Promise<void> {
  const set = samples(8)
  await probe.gradientNorms(set)
  await probe.perSampleGram(set)
  await probe.kernelGram(set)
  await probe.batchPairs([[samples(4), set]])
  await probe.hessianVectors(new Float64Array(probe.parameterCount).fill(1), 1, set)
}

export function fusedTrainingTests(open: () => Promise<OpenedDevice | NoGpu>): void {
  vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })
  const held = deviceOfFile(open)

  describe('a fused trainer', () => {
    test.each(OPTIMIZERS)('takes the float64 steps of %s', async (kind, settings) => {
      const options = problemOptions({ ...SMALL, optimizer: { kind, ...settings } })
      const reference = createFloat64Trainer(options)
      const batches = batchesOf(4, ROWS, SAMPLES)
      await withFused(held.opened, options, async (trainer) => {
        for (const batch of batches) {
          const [report, expected] = [await trainer.train([batch]), await reference.train([batch])]
          // Rounding of weights and of a few layers; a step divides a gradient by its own size, so its error stays relative.
          expect(relativeError(report.losses, expected.losses)).toBeLessThan(2e-6)
          const [weights, wanted] = [await weightsOf(trainer), await weightsOf(reference)]
          expect(relativeError(weights[0], wanted[0])).toBeLessThan(5e-6)
        }
        const [slots, wantedSlots] = [(await trainer.checkpoint()).slots[0], (await reference.checkpoint()).slots[0]]
        expect(slots).toHaveLength(wantedSlots.length)
        for (const [index, slot] of slots.entries()) expect(relativeError(slot, wantedSlots[index])).toBeLessThan(1e-5)
      })
    })

    test.each([
      ['rmsprop', { lr: 0.01, decay: 0.9, eps: 1e-130 }, 'columns'],
      ['adam', { lr: 0.01, beta1: 0.9, beta2: 0.99, eps: 1e-130 }, 'columns'],
      ['adam', { lr: 0.01, beta1: 0.9, beta2: 0.99, eps: 1e-130 }, 'whole rows'],
    ] as const)('moves by %s where gradients are 1e-100 and their squares no number at all (%#)', async (kind, settings, threads) => {
      const options = problemOptions({
        widths: stack(250, 12),
        activation: 'tanh',
        gain: 0.16,
        bias: false,
        samples: SAMPLES,
        optimizer: { kind, ...settings },
      })
      const reference = createFloat64Trainer(options)
      const batches = batchesOf(3, ROWS, SAMPLES)
      const work = async (trainer: Trainer): Promise<void> => {
        // Steps too small to matter: gradients stay as they are, and the slots fill.
        const still = optimizerOf({ kind, ...settings, lr: 1e-12 })
        trainer.setOptimizer(still)
        reference.setOptimizer(still)
        await trainer.train(batches)
        await reference.train(batches)
        const [slots, wantedSlots] = [(await trainer.checkpoint()).slots[0], (await reference.checkpoint()).slots[0]]
        const v = wantedSlots.length - 1
        const layer = trainer.layers[120]
        const ofLayer = (slot: Float64Array) => slot.subarray(layer.offset, layer.offset + 12 * 12)
        expect(Math.max(...ofLayer(wantedSlots[v]))).toBeLessThan(1e-190)
        // 5e-4: twice the error of a gradient that came through 250 layers.
        for (const [index, slot] of slots.entries()) expect(relativeError(ofLayer(slot), ofLayer(wantedSlots[index]))).toBeLessThan(5e-4)

        const [start, wantedStart] = [(await weightsOf(trainer))[0], (await weightsOf(reference))[0]]
        const moving = optimizerOf({ kind, ...settings })
        trainer.setOptimizer(moving)
        reference.setOptimizer(moving)
        await trainer.train(batches.slice(0, 1))
        await reference.train(batches.slice(0, 1))
        const [weights, wanted] = [(await weightsOf(trainer))[0], (await weightsOf(reference))[0]]
        let wrong = 0
        let moved = 0
        for (let i = 0; i < start.length; i++) {
          const step = wanted[i] - wantedStart[i]
          if (Math.abs(step) > 0.1 * settings.lr) moved++
          // Entries whose gradient is a difference of rounding errors may step elsewhere.
          if (Math.abs(weights[i] - start[i] - step) > 1e-2 * settings.lr) wrong++
        }
        expect(moved).toBeGreaterThan(0.8 * start.length)
        expect(wrong / start.length).toBeLessThan(2e-3)
        expect((await trainer.train(batches)).diverged).toEqual([])
      }
      await withFused(held.opened, options, work, threads === 'columns' ? undefined : WHOLE_ROWS)
    })

    test('keeps slots that grow by a hundred orders of magnitude', async () => {
      // The first update moves biases away from 0, and every layer sees ordinary numbers from then on.
      const optimizer = { kind: 'rmsprop', lr: 0.01, decay: 0.9, eps: 1e-130 } as const
      const options = problemOptions({ widths: stack(250, 12), activation: 'tanh', gain: 0.16, biasSize: 0, samples: SAMPLES, optimizer })
      const reference = createFloat64Trainer(options)
      const batches = batchesOf(3, ROWS, SAMPLES)
      const { offset } = reference.layers[120]
      const largest = async (trainer: Trainer): Promise<number> =>
        Math.max(...(await trainer.checkpoint()).slots[0][0].subarray(offset, offset + 144))
      await withFused(held.opened, options, async (trainer) => {
        const orders: number[] = []
        for (const batch of batches) {
          await trainer.train([batch])
          await reference.train([batch])
          const [own, wanted] = [Math.log10(await largest(trainer)), Math.log10(await largest(reference))]
          orders.push(wanted)
          // A few signs of cancelled gradients differ, and with them the weights after the first update: 0.3 is a factor 2 in v.
          expect(Math.abs(own - wanted)).toBeLessThan(0.3)
        }
        expect(orders[0]).toBeLessThan(-190)
        expect(orders[2] - orders[0]).toBeGreaterThan(100)
      })
    })

    test('follows float64 and the network engine for 50 steps', async () => {
      const options = problemOptions({ ...SMALL, seeds: 2, optimizer: { kind: 'momentum', lr: 0.05, momentum: 0.9 } })
      const batches = batchesOf(50, ROWS, SAMPLES)
      const reference = createFloat64Trainer(options)
      const { createNetworkTrainer } = await import('../../../src/engine/network/networkTrainer.ts')
      const network = await createNetworkTrainer(options, held.opened)
      const expected = await reference.train(batches)
      await network.train(batches)
      await withFused(held.opened, options, async (trainer) => {
        const report = await trainer.train(batches)
        expect(trainer.step).toBe(50)
        expect(report.diverged).toEqual([])
        // 50 steps of float32 rounding on a smooth loss, which training contracts rather than spreads.
        expect(relativeError(report.losses, expected.losses)).toBeLessThan(2e-5)
        const [weights, wanted, others] = [await weightsOf(trainer), await weightsOf(reference), await weightsOf(network)]
        for (const [seed, own] of weights.entries()) {
          expect(relativeError(own, wanted[seed])).toBeLessThan(2e-5)
          expect(relativeError(own, others[seed])).toBeLessThan(4e-5)
        }
      })
      await network.dispose()
    })

    test('freezes a seed that diverges and leaves the others their bits', async () => {
      const batches = batchesOf(8, ROWS, SAMPLES)
      // Identity layers and a large rate: the second seed starts large and squares its way out of float32 within a few steps.
      const options = problemOptions({
        widths: [6, 9, 9, 4],
        activation: 'identity',
        samples: SAMPLES,
        seeds: 3,
        optimizer: { kind: 'momentum', lr: 0.02, momentum: 0.5 },
      })
      const starts = options.initialWeights.map((start, seed) => (seed === 1 ? start.map((w) => Math.fround(40 * w)) : start))
      const wild = { ...options, initialWeights: starts }
      const calm = { ...options, initialWeights: [starts[0], starts[2]] }
      const expected = await withFused(held.opened, calm, async (trainer) => bitsOf(trainer, await trainer.train(batches)))
      await withFused(held.opened, wild, async (trainer) => {
        const first = await trainer.train(batches.slice(0, 2))
        const second = await trainer.train(batches.slice(2))
        const reported = [...first.diverged, ...second.diverged]
        expect(reported).toHaveLength(1)
        const [{ seedIndex, step }] = reported
        expect(seedIndex).toBe(1)
        expect(step).toBeLessThan(8)
        const losses = [...first.losses, ...second.losses]
        expect(losses.filter((_, index) => index % 3 !== 1)).toEqual(expected.losses)
        for (let row = 0; row < 8; row++) expect(Number.isNaN(losses[3 * row + 1])).toBe(row > step)
        const { weights, divergedAt, slots, slotSteps } = await trainer.checkpoint()
        expect([weights[0], weights[2]]).toEqual(expected.checkpoint.weights)
        expect([...divergedAt]).toEqual([-1, step, -1])
        expect(slotSteps).toEqual([8, 0, 8])
        expect(slots[1][0].every((value) => value === 0)).toBe(true)
        expect(trainer.step).toBe(8)
        // Its weights are those before the bad update.
        const before = await withFused(held.opened, { ...wild, initialWeights: [starts[1]] }, async (alone) => {
          if (step > 0) await alone.train(batches.slice(0, step))
          return (await alone.checkpoint()).weights[0]
        })
        expect(weights[1]).toEqual(before)
        expect(before.every(Number.isFinite)).toBe(true)
      })
    })

    test.each(OPTIMIZERS)('goes on bit for bit from a checkpoint of %s', async (kind, settings) => {
      const options = problemOptions({ ...SMALL, seeds: 2, optimizer: { kind, ...settings } })
      const batches = batchesOf(9, ROWS, SAMPLES)
      const expected = await withFused(held.opened, options, async (trainer) => {
        await trainer.train(batches.slice(0, 5))
        return { middle: await trainer.checkpoint(), end: await bitsOf(trainer, await trainer.train(batches.slice(5))) }
      })
      // Another run with other weights, optimizer and slots.
      const other = problemOptions({ ...SMALL, seeds: 2, gain: 2, optimizer: { kind: kind === 'adam' ? 'sgd' : 'adam' } })
      await withFused(held.opened, other, async (trainer) => {
        await trainer.train(batches.slice(0, 3))
        await trainer.restore(structuredClone(expected.middle))
        expect(await trainer.checkpoint()).toEqual(expected.middle)
        expect(await bitsOf(trainer, await trainer.train(batches.slice(5)))).toEqual(expected.end)
      })
    })

    test('starts another optimizer with empty slots, and keeps them for another rate or batch size', async () => {
      const options = problemOptions({ ...SMALL, optimizer: { kind: 'momentum', lr: 0.05 } })
      const reference = createFloat64Trainer(options)
      await withFused(held.opened, options, async (trainer) => {
        const both = async (rows: number): Promise<void> => {
          for (const batch of batchesOf(2, rows, SAMPLES)) {
            const [report, expected] = [await trainer.train([batch]), await reference.train([batch])]
            expect(relativeError(report.losses, expected.losses)).toBeLessThan(1e-5)
          }
          expect(relativeError((await weightsOf(trainer))[0], (await weightsOf(reference))[0])).toBeLessThan(1e-5)
        }
        const change = (settings: Partial<OptimizerSettings>): void => {
          trainer.setOptimizer(optimizerOf(settings))
          reference.setOptimizer(optimizerOf(settings))
        }
        await both(ROWS)
        change({ kind: 'momentum', lr: 0.01 })
        await both(ROWS)
        await both(13)
        change({ kind: 'adam', lr: 0.01, eps: 1e-6 })
        await both(13)
        change({ kind: 'momentum', lr: 0.05 })
        change({ kind: 'adam', lr: 0.02, eps: 1e-6 })
        await both(13)
        expect((await trainer.checkpoint()).slotSteps).toEqual((await reference.checkpoint()).slotSteps)
        const [own, wanted] = [await trainer.probe(0).secondMoments(), await reference.probe(0).secondMoments()]
        // Squares carry twice the error of the gradients, and the steps before have moved the weights apart.
        expect(relativeError(own!, wanted!)).toBeLessThan(1e-4)
      })
    })

    test('needs exactly two dispatches a step and one submit a chunk, at 128 layers too', async () => {
      const deep = problemOptions({ widths: stack(128, 32), activation: 'relu', gain: 2, samples: 128, optimizer: { lr: 1e-3 } })
      const dispatch = vi.spyOn(GPUComputePassEncoder.prototype, 'dispatchWorkgroups')
      const submit = vi.spyOn(held.opened.device.queue, 'submit')
      const counted = async (work: () => Promise<unknown>): Promise<[number, number]> => {
        dispatch.mockClear()
        submit.mockClear()
        await work()
        return [dispatch.mock.calls.length, submit.mock.calls.length]
      }
      try {
        await withFused(held.opened, deep, async (trainer) => {
          expect(await counted(() => trainer.train(batchesOf(1, 128, 128)))).toEqual([2, 1])
        })
        await withFused(held.opened, problemOptions(SMALL), async (trainer) => {
          // The first step is measured alone; what is calibrated by it goes in as few submits as 50 ms allow.
          expect(await counted(() => trainer.train(batchesOf(1, ROWS, SAMPLES)))).toEqual([2, 1])
          const steps = Math.min(3, trainer.suggestedChunk)
          expect(await counted(() => trainer.train(batchesOf(steps, ROWS, SAMPLES)))).toEqual([2 * steps, 1])
        })
      } finally {
        dispatch.mockRestore()
        submit.mockRestore()
      }
    })

    test('gives all of its buffers back after 100 changes of architecture', async () => {
      const before = liveFusedBytes()
      const widths = [stack(2, 4), stack(3, 4), stack(2, 5, 3, 2)].map((shape) =>
        problemOptions({ widths: shape, activation: 'relu', samples: 8 }),
      )
      for (let change = 0; change < 100; change++) {
        const trainer = await createFusedTrainer(widths[change % widths.length], held.opened, { tile: { rows: 4, rowsPerThread: 4 } })
        await trainer.train(batchesOf(1, 8, 8))
        if (change % 10 === 0) await trainer.probe(0).weights()
        // Of one shape alone: each kernel of a measurement takes a software adapter seconds to compile.
        if (change % 30 === 0) await measureAll(trainer.probe(0))
        await trainer.dispose()
      }
      expect(liveFusedBytes()).toBe(before)
    })

    test('refuses in words what cannot be fused or does not fit', async () => {
      const uneven = problemOptions({ widths: [4, 5, 6, 3] })
      await expect(createFusedTrainer(uneven, held.opened)).rejects.toThrow('hidden layers of different widths')
      const before = liveFusedBytes()
      const vast = problemOptions({ widths: stack(100, 40), samples: 8 })
      const memory = { maxStorageBufferBindingSize: 2 ** 18, maxBufferSize: 2 ** 18 }
      await expect(createFusedTrainer({ ...vast, batchRows: 4 }, held.opened, { memory })).rejects.toMatchObject({
        fault: { type: 'refused', detail: expect.stringContaining('more than the 1 MB') as string },
      })
      expect(liveFusedBytes()).toBe(before)
    })
  })
}
