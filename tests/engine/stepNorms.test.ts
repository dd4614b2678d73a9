// Do the CPU engines tell the norms of a step's own gradient, whatever the network, the optimizer and the range?
import { describe, expect, test } from 'vitest'
import { optimizerSchema, type OptimizerSettings } from '../../src/core/experiment.ts'
import { networkWidths, parameterCount, type NetworkSpec } from '../../src/core/networkSpec.ts'
import { createChainTrainer } from '../../src/engine/chain/chainTrainer.ts'
import { createFloat64Trainer } from '../../src/engine/float64/float64Trainer.ts'
import { createLinearisedTrainer } from '../../src/engine/float64/linearisedTrainer.ts'
import type { TrainerOptions } from '../../src/engine/trainer.ts'
import { conv, dense, norm, pool, skip, withHead } from './reference/layers.ts'
import { chainSpec, datasetOf, denseSpec, normals, optionsOf, randomDataset, randomWeights } from './reference/problems.ts'
import { expectSameTraining, expectStepNorms } from './stepNorms.ts'

/** Sums in another order: 1e-16 a term. */
const CLOSE = 1e-12
const KINDS = optimizerSchema.entries.kind.options
const COUNT = 12
const batches = (from: number, to: number): Int32Array[] =>
  Array.from({ length: to - from }, (_, i) => Int32Array.from({ length: 5 }, (__, k) => (7 * (from + i) + 3 * k) % COUNT))

const NETWORKS: readonly (readonly [string, NetworkSpec])[] = [
  ['dense layers', denseSpec([3, 6, 5, 2], { activation: 'relu', loss: { kind: 'squaredError', reduction: 'sum' } })],
  ['convolutions, pools and batch norm', withHead([conv(1, 3, 4, { norm: norm('batch') }), pool('max', 3, 4), conv(3, 2, 2)])],
  ['layer norm and skips', withHead([dense(3, 4, { norm: norm('layer') }), dense(4, 4, { norm: norm('layer'), skip: skip(1, 'preAct') })])],
  ['no biases', denseSpec([2, 4, 4, 2], { activation: 'swish', bias: false })],
]

function optionsFor(spec: NetworkSpec, optimizer: Partial<OptimizerSettings> = {}, seeds = 2): TrainerOptions {
  const { inputWidth, outputWidth } = networkWidths(spec)
  const starts = Array.from({ length: seeds }, (_, seed) => normals(parameterCount(spec), `start ${seed}`, 0.5).map((w) => w + 0.1))
  return { ...optionsOf(spec, randomDataset(COUNT, inputWidth, outputWidth, spec.loss.kind), starts, optimizer), noiseSeed: 5 }
}

describe('a step of float64', () => {
  test.each(NETWORKS)('of %s tells the norms that the probe measures on its batch', async (_, spec) => {
    const trainer = createFloat64Trainer(optionsFor(spec, { kind: 'momentum', lr: 0.01 }))
    await expectStepNorms(trainer, batches(0, 3), CLOSE)
    // Slots have filled by now, and may not show.
    await expectStepNorms(trainer, batches(3, 4), CLOSE)
  })
  test.each(KINDS)('under %s tells the gradient and not the update, and trains to the same bits', async (kind) => {
    const options = optionsFor(NETWORKS[0][1], { kind, lr: 0.01, noise: 3 })
    const trainer = createFloat64Trainer(options)
    await trainer.train(batches(0, 2))
    await expectStepNorms(trainer, batches(2, 4), CLOSE)
    await expectSameTraining(createFloat64Trainer(options), createFloat64Trainer(options), [batches(0, 1), batches(1, 4), batches(4, 6)])
  })
  test('keeps the norms of layers that float64 itself has lost', async () => {
    // 200 tanh layers of gain 0.01 and no biases: the first gradients lie near 1e-400.
    const spec = denseSpec([2, ...Array.from({ length: 200 }, () => 3), 2], { bias: false })
    const { inputWidth, outputWidth } = networkWidths(spec)
    const start = randomWeights(spec, 'vanishing', 0.01)
    const trainer = createFloat64Trainer(optionsOf(spec, randomDataset(COUNT, inputWidth, outputWidth, 'squaredError'), [start]))
    const [{ exponent, underflow }] = await expectStepNorms(trainer, batches(0, 1), CLOSE)
    expect(Math.min(...exponent)).toBeLessThan(-1074)
    expect(underflow).toContain(1)
  })
  test('tells exact zeros of a dead network', async () => {
    const spec = denseSpec([2, 3, 3, 2], { activation: 'relu' })
    const options = optionsFor(spec, {}, 1)
    const trainer = createFloat64Trainer({ ...options, initialWeights: [options.initialWeights[0].map((w) => -1 - Math.abs(w))] })
    const [{ mantissa }] = await expectStepNorms(trainer, batches(0, 1), CLOSE)
    expect(mantissa[0]).toBe(0)
    expect(mantissa[2]).toBeGreaterThan(0)
  })
  test('says that it does not know the norms of a diverged seed', async () => {
    const options = optionsFor(NETWORKS[0][1], { lr: 1e200 })
    const trainer = createFloat64Trainer(options)
    const { diverged } = await trainer.train(batches(0, 4))
    expect(diverged).toHaveLength(2)
    const { layerNorms } = await trainer.train(batches(4, 5), { layerNorms: true })
    for (const { mantissa, meanAbsMantissa } of layerNorms!) expect([...mantissa, ...meanAbsMantissa].every(Number.isNaN)).toBe(true)
  })
  test('of nothing tells nothing', async () => {
    expect((await createFloat64Trainer(optionsFor(NETWORKS[0][1])).train([], { layerNorms: true })).layerNorms).toBeUndefined()
  })
})

describe('a step of the linear model', () => {
  test('tells the norms of its own gradient, not of the network at the start', async () => {
    const trainer = createLinearisedTrainer(optionsFor(NETWORKS[2][1], { kind: 'momentum', lr: 0.05 }))
    await expectStepNorms(trainer, batches(0, 5), CLOSE)
    await expectStepNorms(trainer, batches(5, 6), CLOSE)
  })
})

describe('a step of a chain', () => {
  const line = datasetOf(1, 1, normals(COUNT, 'x'), normals(COUNT, 'y'))
  test.each(KINDS)('under %s tells the norms of every member, and trains to the same bits', async (kind) => {
    const starts = ['a', 'b', 'c'].map((name) => normals(6, name))
    const options = optionsOf(chainSpec(6), line, starts, { kind, lr: 0.03, noise: 2 })
    const trainer = createChainTrainer(options)
    await expectStepNorms(trainer, batches(0, 3), CLOSE)
    await expectStepNorms(trainer, batches(3, 4), CLOSE)
    await expectSameTraining(createChainTrainer(options), createChainTrainer(options), [batches(0, 1), batches(1, 4)])
  })
  test('keeps norms far below 1e-308', async () => {
    const start = normals(2000, 'deep', 0.3)
    const [{ exponent }] = await expectStepNorms(createChainTrainer(optionsOf(chainSpec(2000), line, [start])), batches(0, 1), CLOSE)
    expect(Math.max(...exponent)).toBeLessThan(-1074)
  })
})
