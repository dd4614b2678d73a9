// Can an engine train whatever the page offers? Each choice, set as its control sets it, makes two finite steps on small data.
import { expect, test } from 'vitest'
import { readPublicAsset } from '../../src/cli/readPublicAsset.ts'
import { trainRun } from '../../src/cli/train/trainRun.ts'
import { DEFAULT_CNN, DEFAULT_EXPERIMENT, DEFAULT_MLP } from '../../src/core/defaults.ts'
import type { Experiment } from '../../src/core/experiment.ts'
import { parseExperiment } from '../../src/core/parseExperiment.ts'
import { chooseTrainer } from '../../src/runtime/chooseTrainer.ts'
import { withField } from '../../src/store/fieldPath.ts'
import { fieldsForData, fieldsForTargets, dataFields, fitsModel } from '../../src/ui/controls/dataChoice.ts'
import { fieldsForFamily } from '../../src/ui/controls/familyChoice.ts'
import {
  ACTIVATION_CHOICES,
  DATA_CHOICES,
  FAMILY_CHOICES,
  NORM_CHOICES,
  OPTIMIZER_CHOICES,
  OUTPUT_WEIGHT_CHOICES,
  SCHEME_CHOICES,
  SKIP_CHOICES,
} from '../../src/ui/controls/words.ts'

type Fields = Readonly<Record<string, unknown>>

const applied = (experiment: Experiment, fields: Fields): Experiment => {
  const input = Object.entries(fields).reduce<unknown>((now, [path, value]) => withField(now as Experiment, path, value), experiment)
  const { experiment: next, notices } = parseExperiment(input, experiment)
  expect(notices).toEqual([])
  return next
}
const small = { steps: 2, batch: 8, seeds: 1, 'data.trainCount': 24, 'data.testCount': 0, 'data.inputs': 30, engine: 'float64' }
const MLP = applied({ ...DEFAULT_MLP, data: { ...DEFAULT_MLP.data, kind: 'mixture' } }, { ...small, 'model.width': 6, 'model.depth': 5 })
const CNN = applied(DEFAULT_CNN, { ...small, 'data.kind': 'digits', 'model.width': 2 })
const CHAIN = applied(DEFAULT_EXPERIMENT, { ...small, seeds: 2 })

async function lossAfterTwoSteps(experiment: Experiment): Promise<number> {
  const lines = await trainRun(experiment, {
    readAsset: readPublicAsset,
    createTrainer: chooseTrainer,
    allowGpu: false,
    every: experiment.steps,
    onLine: () => undefined,
  })
  return Math.max(...lines.map(({ loss }) => loss))
}

/** Each entry is one choice; a title names it when it fails. */
const offers: readonly (readonly [title: string, experiment: Experiment])[] = [
  ...DATA_CHOICES.flatMap(({ value }) =>
    [CHAIN, MLP, CNN]
      .filter((base) => fitsModel(value, base.model.kind) && value !== 'fashionMnist')
      .map((base) => [`${base.model.kind} on ${value}`, applied(base, fieldsForData(value, base))] as const),
  ),
  ...DATA_CHOICES.filter(({ value }) => dataFields(value).targets && value !== 'fashionMnist').map(({ value }) => {
    const data = applied(MLP, fieldsForData(value, MLP))
    return [`mlp that gives ${value} back`, applied(data, fieldsForTargets('inputs', data.data))] as const
  }),
  ...FAMILY_CHOICES.flatMap(({ value }) =>
    (['zero', 'circular'] as const).map((padding) => {
      const family = applied(CNN, fieldsForFamily(value, CNN))
      return [
        `${value} with ${padding} padding`,
        applied(family, { 'model.padding': padding, 'model.norm': 'batch', 'model.skipSpan': 1 }),
      ] as const
    }),
  ),
  ['a list of blocks', applied(applied(CNN, fieldsForFamily('stripped', CNN)), { 'model.blocks': '1-2-1-1', 'model.depth': 12 })],
  ['lenet with the largest of each window', applied(applied(CNN, fieldsForFamily('lenet', CNN)), { 'model.pooling': 'max' })],
  ...NORM_CHOICES.flatMap(({ value: norm }) =>
    SKIP_CHOICES.flatMap(({ value: skip }) =>
      [MLP, CNN].map((base) => {
        const fields = { 'model.norm': norm, 'model.skipSpan': Number(skip), 'model.skipPlacement': 'preAct', 'model.branchScale': null }
        return [`${base.model.kind} with norm ${norm} and skip ${skip}`, applied(base, fields)] as const
      }),
    ),
  ),
  ...ACTIVATION_CHOICES.map(({ value }) => [`activation ${value}`, applied(MLP, { 'model.activation': value })] as const),
  ...OPTIMIZER_CHOICES.flatMap(({ value }) =>
    [CHAIN, MLP].map(
      (base) => [`${base.model.kind} by ${value}`, applied(base, { 'optimizer.kind': value, 'optimizer.lr': 1e-3, versus: null })] as const,
    ),
  ),
  ...SCHEME_CHOICES.flatMap(({ value }) =>
    // N(0, 1) and constants blow up on purpose; a tiny rate keeps two steps finite.
    [MLP, CNN].map(
      (base) =>
        [`${base.model.kind} from ${value}`, applied(base, { 'init.scheme': value, 'init.tau': 0.5, 'optimizer.lr': 1e-8 })] as const,
    ),
  ),
  ['every sample in every batch', applied(MLP, { batch: 10_000 })],
  ['batches drawn with replacement', applied(MLP, { sampling: 'withReplacement' })],
  ['a rate that drops', applied(MLP, { 'optimizer.dropEvery': 1 })],
  ...OUTPUT_WEIGHT_CHOICES.map(({ value }) => [`output weights ${value}`, applied(MLP, { 'model.outputWeights': value })] as const),
  ['gradient norms of the step', applied(MLP, { 'diagnostics.normsOf': 'step', 'diagnostics.every.gradientNorms': 1 })],
  ['equal parameters', applied(MLP, { 'model.parameterBudget': 500 })],
]

test.each(offers)('an engine trains %s', async (_, experiment) => {
  expect(Number.isFinite(await lossAfterTwoSteps(experiment))).toBe(true)
})
