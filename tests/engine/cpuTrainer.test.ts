// Do both CPU engines train, stop, store and go on as the contract says? One body, run on each.
import { describe, expect, test } from 'vitest'
import { optimizerSchema, type OptimizerSettings } from '../../src/core/experiment.ts'
import { ShapeFault, DomainFault } from '../../src/core/faults.ts'
import { createBatchOrder } from '../../src/engine/batchOrder.ts'
import { createChainTrainer } from '../../src/engine/chain/chainTrainer.ts'
import { createFloat64Trainer } from '../../src/engine/float64/float64Trainer.ts'
import { gradientNoise } from '../../src/engine/gradientNoise.ts'
import type { TrainerOptions } from '../../src/engine/trainer.ts'
import { chainSpec, datasetOf, denseSpec, normals, optionsOf, randomDataset, randomWeights, SEED } from './reference/problems.ts'

const line = datasetOf(1, 1, normals(12, 'x'), normals(12, 'y'))
const classes = randomDataset(12, 3, 4, 'softmaxCrossEntropy')
const network = denseSpec([3, 5, 4], { loss: { kind: 'softmaxCrossEntropy', reduction: 'mean' } })
const order = createBatchOrder(SEED, 12, 5)
const batches = (from: number, to: number): Int32Array[] => Array.from({ length: to - from }, (_, i) => order.batchAt(from + i))

const ENGINES = [
  {
    name: 'chain',
    create: createChainTrainer,
    options: (starts: readonly string[], optimizer: Partial<OptimizerSettings> = {}): TrainerOptions =>
      optionsOf(
        chainSpec(6),
        line,
        starts.map((start) => normals(6, start)),
        optimizer,
      ),
  },
  {
    name: 'float64',
    create: createFloat64Trainer,
    options: (starts: readonly string[], optimizer: Partial<OptimizerSettings> = {}): TrainerOptions =>
      optionsOf(
        network,
        classes,
        starts.map((start) => randomWeights(network, start)),
        optimizer,
      ),
  },
] as const
const KINDS = optimizerSchema.entries.kind.options
const STARTS = ['a', 'b', 'c'] as const

describe.each(ENGINES)('the $name trainer', ({ name, create, options }) => {
  test.each(KINDS)('goes on bit for bit from a checkpoint under %s', async (kind) => {
    const optimizer = { kind, lr: 0.03 }
    const through = create(options(STARTS, optimizer))
    await through.train(batches(0, 9))
    const checkpoint = structuredClone(await through.checkpoint())
    const { losses } = await through.train(batches(9, 20))
    const other = create(options(['other', 'x', 'y'], { kind: 'sgd' }))
    await other.train(batches(0, 3))
    await other.restore(checkpoint)
    expect(other.step).toBe(9)
    expect((await other.train(batches(9, 20))).losses).toEqual(losses)
    expect(await other.checkpoint()).toEqual(await through.checkpoint())
  })
  test('does not let training reach into a checkpoint', async () => {
    const trainer = create(options(['a'], { kind: 'adam' }))
    await trainer.train(batches(0, 2))
    const checkpoint = await trainer.checkpoint()
    const before = structuredClone(checkpoint)
    await trainer.restore(checkpoint)
    await trainer.train(batches(2, 6))
    expect(checkpoint).toEqual(before)
  })
  // Perturbed descent gives each member noise of its own, see below.
  test.each(KINDS.filter((kind) => kind !== 'perturbed'))('gives each member the bits of a single run under %s', async (kind) => {
    const optimizer = { kind, lr: 0.03 }
    const ensemble = create(options(STARTS, optimizer))
    const { losses } = await ensemble.train(batches(0, 15))
    for (const [seed, start] of STARTS.entries()) {
      const single = create(options([start], optimizer))
      const alone = await single.train(batches(0, 15))
      expect(Array.from(alone.losses)).toEqual(Array.from({ length: 15 }, (_, step) => losses[step * 3 + seed]))
      expect(await single.probe(0).weights()).toEqual(await ensemble.probe(seed).weights())
    }
  })
  test('perturbs every member, step and seed by its own noise', async () => {
    const settings = options(['a', 'a'], { kind: 'perturbed', lr: 0.03, noise: 0.2 })
    const trainer = create({ ...settings, noiseSeed: 5 })
    const quiet = create({ ...settings, optimizer: { ...settings.optimizer, noise: 0 } })
    const before = await trainer.probe(0).weights()
    for (let step = 0; step < 3; step++) {
      const starts = [await trainer.probe(0).weights(), await trainer.probe(1).weights()]
      const state = await quiet.checkpoint()
      await quiet.restore({ ...state, weights: starts })
      await quiet.train(batches(step, step + 1))
      await trainer.train(batches(step, step + 1))
      for (const member of [0, 1]) {
        const noise = gradientNoise(5, member, step, before.length)
        const [moved, still] = [await trainer.probe(member).weights(), await quiet.probe(member).weights()]
        // lr s xi on top of the plain step, up to rounding.
        for (const [k, w] of moved.entries()) expect(w).toBeCloseTo(still[k] - 0.03 * 0.2 * noise[k], 14)
      }
    }
    expect(await trainer.probe(0).weights()).not.toEqual(await trainer.probe(1).weights())
  })
  test('does not depend on how the steps are cut into calls', async () => {
    const [whole, cut] = [create(options(STARTS)), create(options(STARTS))]
    await whole.train(batches(0, 10))
    for (let step = 0; step < 10; step++) await cut.train(batches(step, step + 1))
    expect(await cut.checkpoint()).toEqual(await whole.checkpoint())
  })
  test('follows the gradient of the batch, not of the set', async () => {
    const trainer = create(options(['a'], { kind: 'sgd', lr: 0.5 }))
    const before = await trainer.probe(0).weights()
    const batch = order.batchAt(0)
    const { loss } = await trainer.probe(0).loss({ indices: batch, from: 'train' })
    const gradient = await trainer.probe(0).gradient({ indices: batch, from: 'train' })
    const { losses } = await trainer.train([batch])
    expect(losses[0]).toBe(loss)
    expect(await trainer.probe(0).weights()).toEqual(before.map((w, k) => w - 0.5 * gradient[k]))
  })
  test('freezes a diverged member at its last finite weights and trains the others on', async () => {
    const setup = options(STARTS, { kind: 'sgd', lr: 0.03 })
    // Finite weights whose loss is not: met before the first update.
    const starts = [setup.initialWeights[0], setup.initialWeights[1].map(() => 1.7e308), setup.initialWeights[2]]
    const trainer = create({ ...setup, initialWeights: starts })
    const report = await trainer.train(batches(0, 4))
    expect(report.diverged).toEqual([{ seedIndex: 1, step: 0 }])
    expect(report.losses[1]).not.toBeLessThan(Infinity)
    expect([report.losses[4], report.losses[7], report.losses[10]]).toEqual([NaN, NaN, NaN])
    expect(await trainer.probe(1).weights()).toEqual(starts[1])
    expect(await trainer.probe(2).weights()).not.toEqual(starts[2])
    expect((await trainer.train(batches(4, 6))).diverged).toEqual([])
    const single = create(options(['a'], { kind: 'sgd', lr: 0.03 }))
    await single.train(batches(0, 6))
    expect(await trainer.probe(0).weights()).toEqual(await single.probe(0).weights())
    expect(Array.from((await trainer.checkpoint()).divergedAt)).toEqual([-1, 0, -1])
  })
  test('takes an update back that would leave the finite numbers', async () => {
    // RMSprop's first step is lr / sqrt(0.1), beyond float64, while the loss at hand is finite.
    const setup = options(['a'], { kind: 'rmsprop', lr: 1.7e308 })
    const trainer = create(setup)
    const before = await trainer.probe(0).loss({ indices: order.batchAt(0), from: 'train' })
    const report = await trainer.train(batches(0, 2))
    expect(report.diverged).toEqual([{ seedIndex: 0, step: 0 }])
    expect(Array.from(report.losses)).toEqual([before.loss, NaN])
    expect(await trainer.probe(0).weights()).toEqual(setup.initialWeights[0])
    expect((await trainer.checkpoint()).slots[0][0].every((v) => v === 0)).toBe(true)
  })
  test('keeps slots when only the rate changes and empties them with another kind', async () => {
    const trainer = create(options(['a'], { kind: 'adam', lr: 0.01 }))
    await trainer.train(batches(0, 3))
    const { optimizer, slots } = await trainer.checkpoint()
    trainer.setOptimizer({ ...optimizer, lr: 0.1 })
    expect((await trainer.checkpoint()).slots).toEqual(slots)
    expect((await trainer.checkpoint()).slotSteps).toEqual([3])
    trainer.setOptimizer({ ...optimizer, kind: 'rmsprop' })
    const changed = await trainer.checkpoint()
    expect(changed.slots[0][0].every((v) => v === 0)).toBe(true)
    expect(changed.slotSteps).toEqual([0])
    expect(changed.step).toBe(3)
  })
  test('shows the second moments of RMSprop and Adam, bias-corrected for Adam', async () => {
    const square = async (kind: OptimizerSettings['kind']) => {
      const trainer = create(options(['a'], { kind, decay: 0.75, beta2: 0.75 }))
      const gradient = await trainer.probe(0).gradient({ indices: order.batchAt(0), from: 'train' })
      await trainer.train(batches(0, 1))
      return { gradient, moments: await trainer.probe(0).secondMoments() }
    }
    const rms = await square('rmsprop')
    expect(rms.moments).toEqual(rms.gradient.map((g) => 0.25 * (g * g)))
    const adam = await square('adam')
    // 0.25 / (1 - 0.75) is exact.
    expect(adam.moments).toEqual(adam.gradient.map((g) => g * g))
    expect((await square('sgd')).moments).toBeNull()
    expect((await square('momentum')).moments).toBeNull()
  })
  test('describes itself and suggests a chunk', async () => {
    const trainer = create(options(STARTS))
    await trainer.train(batches(0, 5))
    expect(trainer.description).toEqual({ engine: name, backend: 'cpu', adapter: null, precision: 'float64', reason: 'test' })
    expect(trainer.suggestedChunk).toBeGreaterThanOrEqual(1)
    expect(trainer.seedCount).toBe(3)
    expect(trainer.layers.reduce((sum, layer) => sum + layer.size, 0)).toBe(trainer.parameterCount)
    await trainer.dispose()
  })
  test('lends one probe a member, which follows training', async () => {
    const trainer = create(options(STARTS))
    const probe = trainer.probe(1)
    const before = await probe.weights()
    await trainer.train(batches(0, 1))
    expect(trainer.probe(1)).toBe(probe)
    expect(await probe.weights()).not.toEqual(before)
    expect(() => trainer.probe(3)).toThrow(DomainFault)
  })
  test('refuses shapes that do not fit', async () => {
    expect(() => create({ ...options(STARTS), initialWeights: [new Float64Array(5)] })).toThrow(ShapeFault)
    expect(() => create({ ...options(STARTS), dataset: randomDataset(4, 2, 1, 'squaredError') })).toThrow(ShapeFault)
    const trainer = create(options(STARTS))
    await expect(trainer.train([Int32Array.of(12)])).rejects.toThrow(DomainFault)
    await expect(trainer.restore(await create(options(['a'])).checkpoint())).rejects.toThrow(ShapeFault)
    const checkpoint = await trainer.checkpoint()
    await expect(trainer.restore({ ...checkpoint, optimizer: { ...checkpoint.optimizer, kind: 'adam' } })).rejects.toThrow(ShapeFault)
  })
})

describe('the chain trainer', () => {
  test('takes the plain slots of a problem file, without its own exponents', async () => {
    const chain = ENGINES[0]
    const trainer = chain.create(chain.options(['a'], { kind: 'adam' }))
    await trainer.train(batches(0, 4))
    const full = await trainer.checkpoint()
    expect(full.slots[0]).toHaveLength(6)
    const { losses } = await trainer.train(batches(4, 8))
    await trainer.restore({ ...full, slots: full.slots.map((arrays) => arrays.slice(0, 2)) })
    expect((await trainer.train(batches(4, 8))).losses).toEqual(losses)
  })
  test('stores second moments of gradients of 1e-100 as plain squares', async () => {
    const trainer = createChainTrainer(
      optionsOf(chainSpec(3), datasetOf(1, 1, [1], [1]), [Float64Array.of(1e-50, 2e-50, 3e-50)], { kind: 'rmsprop' }),
    )
    await trainer.train([Int32Array.of(0)])
    const [[v]] = (await trainer.checkpoint()).slots
    // g = 6e-100, 3e-100, 2e-100 and v = g^2 / 10.
    expect(v[0] / 3.6e-200).toBeCloseTo(1, 14)
    expect(v[2] / 4e-201).toBeCloseTo(1, 14)
    expect(await trainer.probe(0).secondMoments()).toEqual(v)
  })
  test('escapes with RMSprop where SGD cannot: 24 weights from U[-1.5, 1.5] shrunk to a loss plateau', async () => {
    const point = datasetOf(1, 1, [1], [1])
    const start = normals(24, 'plateau', 0.5)
    const final = async (optimizer: Partial<OptimizerSettings>) => {
      const trainer = createChainTrainer(optionsOf(chainSpec(24), point, [start], optimizer))
      return (await trainer.train(Array.from({ length: 1500 }, () => Int32Array.of(0)))).losses[1499]
    }
    expect(await final({ kind: 'sgd', lr: 0.1 })).toBeGreaterThan(0.49)
    expect(await final({ kind: 'rmsprop', lr: 0.002, eps: 1e-150 })).toBeLessThan(0.01)
  })
})
