// Does the network engine train as the float64 engine does, and as itself on every rerun?
//
// Against float64 losses may differ by what float32 rounding grows to in a few steps (1e-5 relative was measured as 4e-7);
// against itself everything is equal to the bit.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { OptimizerSettings } from '../../../src/core/experiment.ts'
import type { OpenedDevice } from '../../../src/engine/device.ts'
import { createNetworkTrainer } from '../../../src/engine/network/networkTrainer.ts'
import { leaseTfjs, type TfjsLease } from '../../../src/engine/tfjsBackend.ts'
import type { Trainer, TrainerOptions } from '../../../src/engine/trainer.ts'
import { relativeError } from '../reference/closeness.ts'
import { denseSpec, optimizerOf, randomDataset, randomWeights, samples } from '../reference/problems.ts'
import { batchesOf, openTestDevice, optionsInFloat32, withBoth } from './setup.ts'

let opened: OpenedDevice
let lease: TfjsLease
beforeAll(async () => {
  opened = await openTestDevice()
  lease = await leaseTfjs(opened)
})
afterAll(() => {
  lease.close()
  opened.device.destroy()
})

const COUNT = 16
const SPEC = denseSpec([4, 8, 6, 3], { activation: 'relu', loss: { kind: 'softmaxCrossEntropy', reduction: 'mean' } })
const DATA = randomDataset(COUNT, 4, 3, 'softmaxCrossEntropy')
const STARTS = ['first', 'second', 'third'].map((name) => randomWeights(SPEC, name))
const options = (optimizer: Partial<OptimizerSettings> = {}, seeds = 2): TrainerOptions => ({
  ...optionsInFloat32(SPEC, DATA, STARTS.slice(0, seeds), optimizer),
  noiseSeed: 7,
})

async function withTrainer<Result>(of: TrainerOptions, work: (trainer: Trainer) => Promise<Result>): Promise<Result> {
  const trainer = await createNetworkTrainer(of, opened)
  try {
    return await work(trainer)
  } finally {
    await trainer.dispose()
  }
}

const OPTIMIZERS: readonly Partial<OptimizerSettings>[] = [
  { kind: 'sgd', lr: 0.3 },
  { kind: 'momentum', lr: 0.1, momentum: 0.8 },
  { kind: 'rmsprop', lr: 0.01, decay: 0.9, eps: 1e-6 },
  { kind: 'adam', lr: 0.02, beta1: 0.8, beta2: 0.95, eps: 1e-6 },
  { kind: 'nesterov', lr: 0.1, momentum: 0.8 },
  { kind: 'perturbed', lr: 0.1, noise: 0.5 },
]

describe('the network trainer', () => {
  test.each(OPTIMIZERS)('steps as float64 does with $kind, and keeps the same slots', async (optimizer) => {
    await withBoth(opened, options(optimizer), async (network, float64) => {
      const batches = [...batchesOf(6, 5, COUNT), ...batchesOf(2, 3, COUNT)]
      const [mine, theirs] = [await network.train(batches), await float64.train(batches)]
      expect(mine.diverged).toEqual([])
      expect(relativeError(mine.losses, theirs.losses)).toBeLessThan(1e-5)
      const [a, b] = [await network.checkpoint(), await float64.checkpoint()]
      expect({ step: a.step, slotSteps: a.slotSteps, divergedAt: a.divergedAt, optimizer: a.optimizer }).toEqual({
        step: b.step,
        slotSteps: b.slotSteps,
        divergedAt: b.divergedAt,
        optimizer: b.optimizer,
      })
      for (const seed of [0, 1]) {
        expect(relativeError(a.weights[seed], b.weights[seed])).toBeLessThan(1e-5)
        expect(a.slots[seed].length).toBe(b.slots[seed].length)
        for (const [slot, values] of a.slots[seed].entries()) expect(relativeError(values, b.slots[seed][slot])).toBeLessThan(1e-4)
      }
      const moments = await network.probe(1).secondMoments()
      const expected = await float64.probe(1).secondMoments()
      if (expected === null) expect(moments).toBeNull()
      else expect(relativeError(moments!, expected)).toBeLessThan(1e-4)
    })
  })

  test('moves RMSprop and Adam where the square of a gradient underflows float32', async () => {
    // |g| = 1e-25: g^2 is 0 in float32, so a plain v would be 0 and the step g/eps or 0/0.
    const spec = denseSpec([1, 1], { bias: false })
    const base = randomDataset(1, 1, 1, 'squaredError')
    const split = { ...base.train, inputs: Float32Array.of(1e-25), targets: Float32Array.of(-1) }
    for (const kind of ['rmsprop', 'adam'] as const) {
      const of = optionsInFloat32(spec, { ...base, train: split, test: split }, [Float64Array.of(0.5)], { kind, lr: 0.125, eps: 0 })
      await withTrainer(of, async (trainer) => {
        await trainer.train([Int32Array.of(0)])
        const first = kind === 'rmsprop' ? 0.125 / Math.sqrt(1 - of.optimizer.decay) : 0.125
        // One rounding of float32 in each of the few operations.
        expect((await trainer.probe(0).weights())[0]).toBeCloseTo(0.5 - first, 6)
      })
    }
  })

  test('leaves a weight alone that never had a gradient, with eps 0 too', async () => {
    const spec = denseSpec([2, 1], { bias: false })
    const base = randomDataset(1, 2, 1, 'squaredError')
    const split = { ...base.train, inputs: Float32Array.of(1, 0), targets: Float32Array.of(0) }
    const of = optionsInFloat32(spec, { ...base, train: split, test: split }, [Float64Array.of(0.5, 0.25)], { kind: 'adam', eps: 0 })
    await withTrainer(of, async (trainer) => {
      expect((await trainer.train([Int32Array.of(0)])).diverged).toEqual([])
      expect((await trainer.probe(0).weights())[1]).toBe(0.25)
    })
  })

  test('gives the same bits twice, in one call or many, with or without measurements between, alone or in an ensemble', async () => {
    const batches = batchesOf(6, 5, COUNT)
    const plain = await withTrainer(options(OPTIMIZERS[3]), async (trainer) => {
      const { losses } = await trainer.train(batches)
      return { losses, weights: (await trainer.checkpoint()).weights }
    })
    const cut = await withTrainer(options(OPTIMIZERS[3]), async (trainer) => {
      const losses: number[] = []
      for (const batch of batches) losses.push(...(await trainer.train([batch])).losses)
      return { losses: Float64Array.from(losses), weights: (await trainer.checkpoint()).weights }
    })
    const measured = await withTrainer(options(OPTIMIZERS[3]), async (trainer) => {
      const probe = trainer.probe(0)
      const losses: number[] = []
      for (const batch of batches) {
        await probe.gradientNorms(samples(8))
        await probe.perSampleGram(samples(8))
        await probe.batchPairs([[samples(4), samples(8)]])
        await probe.kernelGram(samples(4))
        await probe.hessianVectors(new Float64Array(probe.parameterCount).fill(1), 1, samples(8))
        // In flight while training goes on: it must answer for its own moment.
        const [{ losses: one }] = await Promise.all([trainer.train([batch]), probe.loss(samples(16)), probe.secondMoments()])
        losses.push(...one)
      }
      return { losses: Float64Array.from(losses), weights: (await trainer.checkpoint()).weights }
    })
    const alone = await withTrainer(options(OPTIMIZERS[3], 1), async (trainer) => (await trainer.train(batches)).losses)
    expect(cut).toEqual(plain)
    expect(measured).toEqual(plain)
    expect(alone).toEqual(plain.losses.filter((_, index) => index % 2 === 0))
  })

  test('goes on from a checkpoint bit for bit, and through a change of the optimizer', async () => {
    const batches = batchesOf(4, 5, COUNT)
    for (const optimizer of OPTIMIZERS) {
      const [straight, checkpoint] = await withTrainer(options(optimizer), async (trainer) => {
        await trainer.train(batches)
        const taken = await trainer.checkpoint()
        return [(await trainer.train(batches)).losses, taken] as const
      })
      await withTrainer(options({ kind: 'sgd' }), async (trainer) => {
        await trainer.restore(checkpoint)
        expect(trainer.step).toBe(4)
        expect((await trainer.train(batches)).losses).toEqual(straight)
      })
    }
    await withBoth(opened, options(OPTIMIZERS[1]), async (network, float64) => {
      for (const trainer of [network, float64]) {
        await trainer.train(batches)
        trainer.setOptimizer(optimizerOf({ ...OPTIMIZERS[1], lr: 0.05 }))
        await trainer.train(batches)
        trainer.setOptimizer(optimizerOf(OPTIMIZERS[3]))
      }
      expect(relativeError((await network.train(batches)).losses, (await float64.train(batches)).losses)).toBeLessThan(1e-5)
      expect((await network.checkpoint()).slotSteps).toEqual([4, 4])
    })
  })

  test('freezes a diverged seed at its last finite weights and trains the others as if it were not there', async () => {
    // Squared error through a linear net of three layers: a large start explodes within a few steps, a small one does not.
    const spec = denseSpec([4, 6, 6, 2], { activation: 'identity' })
    const data = randomDataset(COUNT, 4, 2, 'squaredError')
    const calm = randomWeights(spec, 'calm', 0.2)
    const wild = randomWeights(spec, 'wild', 4)
    const batches = batchesOf(12, 8, COUNT)
    const lr = { kind: 'momentum', lr: 0.02 } as const
    const alone = await withTrainer(optionsInFloat32(spec, data, [calm], lr), async (trainer) => (await trainer.train(batches)).losses)
    const both = optionsInFloat32(spec, data, [calm, wild, calm], lr)
    const { report, weights, divergedAt } = await withTrainer(both, async (trainer) => {
      const result = await trainer.train(batches)
      const after = await trainer.checkpoint()
      expect(trainer.step).toBe(12)
      return { report: result, weights: after.weights[1], divergedAt: [...after.divergedAt] }
    })
    expect(report.diverged).toHaveLength(1)
    const [{ seedIndex, step }] = report.diverged
    expect(seedIndex).toBe(1)
    expect(step).toBeGreaterThan(1)
    expect(divergedAt).toEqual([-1, step, -1])
    const lossesOf = (seed: number) => report.losses.filter((_, index) => index % 3 === seed)
    expect(lossesOf(0)).toEqual(alone)
    expect(lossesOf(2)).toEqual(alone)
    expect(
      lossesOf(1)
        .subarray(step + 1)
        .every(Number.isNaN),
    ).toBe(true)
    expect(lossesOf(1).subarray(0, step).every(Number.isFinite)).toBe(true)
    // The frozen weights are those that the same run has before that update.
    const before = await withTrainer(both, async (trainer) => {
      await trainer.train(batches.slice(0, step))
      return (await trainer.checkpoint()).weights[1]
    })
    expect(weights).toEqual(before)
    expect(weights.every(Number.isFinite)).toBe(true)
  })

  test('counts on when every seed has diverged', async () => {
    const spec = denseSpec([4, 6, 2], { activation: 'identity' })
    const of = optionsInFloat32(spec, randomDataset(COUNT, 4, 2, 'squaredError'), [randomWeights(spec, 'wild', 4)], { kind: 'sgd', lr: 10 })
    await withTrainer(of, async (trainer) => {
      const first = await trainer.train(batchesOf(20, 8, COUNT))
      expect(first.diverged).toHaveLength(1)
      expect(trainer.step).toBe(20)
      const second = await trainer.train(batchesOf(3, 8, COUNT))
      expect(second).toEqual({ losses: new Float64Array(3).fill(Number.NaN), diverged: [] })
      expect(trainer.step).toBe(23)
    })
  })

  test('refuses a batch that is not in the data, before it trains', async () => {
    await withTrainer(options(), async (trainer) => {
      await expect(trainer.train([Int32Array.of(0), Int32Array.of(COUNT)])).rejects.toThrow('index outside')
      expect(trainer.step).toBe(0)
    })
  })
})
