// Is the update that a snapshot states the one that the run makes next? Full batches, so that both see the same samples.
import { expect, test } from 'vitest'
import { DEFAULT_MLP } from '../../src/core/defaults.ts'
import type { Experiment, OptimizerSettings } from '../../src/core/experiment.ts'
import type { Snapshot } from '../../src/core/snapshot.ts'
import type { TrainerCheckpoint } from '../../src/engine/trainer.ts'
import type { RunCheckpoint } from '../../src/protocol/messages.ts'
import { runHeadless } from '../../src/runtime/headless.ts'

const OPTIONS = { readAsset: () => Promise.reject(new Error('no files in tests')), allowGpu: false }

const experimentOf = (optimizer: Partial<OptimizerSettings>): Experiment => ({
  ...DEFAULT_MLP,
  model: { ...DEFAULT_MLP.model, depth: 3, width: 4, activation: 'tanh' },
  data: { ...DEFAULT_MLP.data, kind: 'teacher', inputs: 3, trainCount: 8, testCount: 0 },
  loss: { kind: 'squaredError', reduction: 'mean' },
  engine: 'float64',
  seeds: 2,
  batch: 8,
  steps: 10,
  // The rate drops right before the update that is looked at.
  optimizer: { ...DEFAULT_MLP.optimizer, lr: 0.1, noise: 0.3, dropEvery: 3, dropFactor: 0.5, ...optimizer },
  diagnostics: { ...DEFAULT_MLP.diagnostics, probeCount: 8, budget: 0 },
})

const weightsAfter = async (experiment: Experiment, steps: number, seedIndex: number): Promise<Float64Array> => {
  const { answer } = await runHeadless(experiment, { ...OPTIONS, steps, ask: { type: 'checkpoint' } })
  const { arms } = (answer as RunCheckpoint).payload as { readonly arms: { readonly A: TrainerCheckpoint } }
  return arms.A.weights[seedIndex]
}

test.each(['sgd', 'momentum', 'nesterov', 'rmsprop', 'adam', 'perturbed'] as const)(
  'a snapshot states the next update of %s, at the rate of that step',
  async (kind) => {
    const experiment = experimentOf({ kind })
    for (const seedIndex of [0, 1]) {
      const { answer } = await runHeadless(experiment, { ...OPTIONS, steps: 3, ask: { type: 'snapshot', arm: 'A', seedIndex } })
      const { problem, measured } = answer as Snapshot
      expect(problem.optimizer.lr).toBe(0.05)
      const [before, after] = [await weightsAfter(experiment, 3, seedIndex), await weightsAfter(experiment, 4, seedIndex)]
      const stated = measured.optimizerStep!.weights as readonly number[]
      const moved = Math.hypot(...after.map((weight, i) => weight - before[i]))
      // The same float64 update; only perturbed descent is worked out anew from the same gradient.
      expect(Math.hypot(...after.map((weight, i) => weight - stated[i]))).toBeLessThan(1e-13 * moved)
    }
  },
)

test('a snapshot of a network with batch norm freezes its statistics and leaves the run alone', async () => {
  const base = experimentOf({ kind: 'momentum' })
  const experiment: Experiment = { ...base, model: { ...base.model, depth: 5, norm: 'batch', skipSpan: 1 } }
  const { answer } = await runHeadless(experiment, { ...OPTIONS, steps: 3, ask: { type: 'snapshot', arm: 'A', seedIndex: 1 } })
  const { problem, measured, omitted } = answer as Snapshot
  expect(omitted.filter(({ name }) => name === 'problem.model.bnMode')).toHaveLength(1)
  expect(problem.model).toMatchObject({ batchNorm: true, bnMode: 'eval', skip: { span: 1, first: 1, placement: 'postAct' } })
  const [start, now] = [problem.weights, problem.weights2!] as const
  // Four hidden layers have statistics, of the start and of now; the last layer has none.
  const means = (weights: typeof start) =>
    weights.flatMap((layer) => (typeof layer === 'object' && 'runningMean' in layer ? [layer.runningMean!.data] : []))
  expect([means(start).length, means(now).length]).toEqual([4, 4])
  expect(means(now)).not.toEqual(means(start))
  // The probe set is the training set here, so its frozen loss is the loss of the next batch.
  const { samples } = await runHeadless(experiment, { ...OPTIONS, steps: 4 })
  const losses = samples.flatMap((sample) => (sample.type === 'loss' ? [...sample.values] : []))
  expect(Math.abs((measured.loss as number) / losses[3 * 2 + 1] - 1)).toBeLessThan(1e-12)
})
