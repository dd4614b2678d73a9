import { expect, test } from 'vitest'
import { DEFAULT_MLP } from '../../src/core/defaults.ts'
import type { Experiment } from '../../src/core/experiment.ts'
import { loadDataset } from '../../src/data/loadDataset.ts'
import { createArm } from '../../src/runtime/arm.ts'
import { armFacts } from '../../src/runtime/armFacts.ts'
import { chooseTrainer } from '../../src/runtime/chooseTrainer.ts'

const EXPERIMENT: Experiment = {
  ...DEFAULT_MLP,
  model: { ...DEFAULT_MLP.model, depth: 2, width: 3 },
  data: { ...DEFAULT_MLP.data, kind: 'teacher', inputs: 4, outputs: 2, trainCount: 10, testCount: 6 },
  loss: { kind: 'squaredError', reduction: 'mean' },
  optimizer: { ...DEFAULT_MLP.optimizer, kind: 'rmsprop', lr: 0.08, eps: null, dropEvery: 5, dropFactor: 0.5 },
  engine: 'float64',
  seeds: 2,
  seed: 3,
  versus: { optimizer: { lr: 1 } },
}

test('armFacts are those of the arm at the step: its rate of the moment, the eps of its engine', async () => {
  const dataset = await loadDataset(EXPERIMENT.data, { seed: 3, readAsset: () => Promise.reject(new Error('no files')) })
  const arm = await createArm('B', EXPERIMENT, dataset, { createTrainer: chooseTrainer }, false)
  const facts = armFacts(EXPERIMENT, arm, 12)
  expect(facts).toMatchObject({ arm: 'B', step: 12, seed: 3, loss: { kind: 'squaredError' }, trainCount: 10, testCount: 6 })
  expect(facts.optimizer).toMatchObject({ kind: 'rmsprop', lr: 0.25, eps: 1e-16 })
  expect([facts.probes, facts.spec, facts.train]).toEqual([arm.probes, arm.spec, dataset.train])
  expect(facts.probes).toHaveLength(2)
  expect(await facts.atStart(async (probe) => probe.parameterCount)).toBe(arm.trainer.parameterCount)
  await arm.trainer.dispose()
})
