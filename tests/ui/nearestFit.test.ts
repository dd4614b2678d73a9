// Does the offer of a refusal lead to an experiment that is not refused again?
import { expect, test } from 'vitest'
import { DEFAULT_MLP } from '../../src/core/defaults.ts'
import type { Experiment } from '../../src/core/experiment.ts'
import { refusalOf } from '../../src/core/footprint.ts'
import { withField } from '../../src/store/fieldPath.ts'
import { nearestFit } from '../../src/ui/nearestFit.ts'

const apply = (experiment: Experiment, nearest: string) =>
  Object.entries(nearestFit(nearest, experiment)).reduce((now, [path, value]) => withField(now, path, value) as Experiment, experiment)

test('nearestFit makes what the refusal named, and that fits', () => {
  const shape = (depth: number, width: number, more: Partial<Experiment> = {}): Experiment => ({
    ...DEFAULT_MLP,
    ...more,
    model: { ...DEFAULT_MLP.model, depth, width },
  })
  const large = [
    shape(2000, 1024),
    shape(40, 1024, { seeds: 64 }),
    shape(3, 64, { seeds: 4096 }),
    shape(400, 32, { versus: { model: { width: 1024 } } }),
    { ...DEFAULT_MLP, seeds: 64, model: { ...DEFAULT_MLP.model, depth: 40, parameterBudget: 20_000_000 } },
  ]
  for (const experiment of large) {
    const refusal = refusalOf(experiment)
    expect(refusal).not.toBeNull()
    expect(refusalOf(apply(experiment, refusal!.nearest))).toBeNull()
  }
})

test('nearestFit reads the last resort too', () => {
  expect(nearestFit('width 16 and depth 16 with 1 seed', { versus: null })).toEqual({ 'model.width': 16, 'model.depth': 16, seeds: 1 })
})

test('nearestFit gives up a budget that would solve the width again', () => {
  const model = { ...DEFAULT_MLP.model, parameterBudget: 20_000_000 }
  expect(nearestFit('width 40', { versus: null, model })).toEqual({ 'model.width': 40, 'model.parameterBudget': null })
  expect(nearestFit('width 40', { versus: null, model: DEFAULT_MLP.model })).toEqual({ 'model.width': 40 })
})
