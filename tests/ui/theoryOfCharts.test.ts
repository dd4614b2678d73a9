// theoryOfCharts and liveWidths
import { describe, expect, test } from 'vitest'
import { DEFAULT_MLP } from '../../src/core/defaults.ts'
import type { Experiment } from '../../src/core/experiment.ts'
import { createLabStore } from '../../src/store/labStore.ts'
import { theoryCurves } from '../../src/store/theoryCurves.ts'
import { PREDICTIONS } from '../../src/ui/theory/hasCharts.ts'
import { liveWidths } from '../../src/ui/theory/liveWidths.ts'
import { theoryOfCharts } from '../../src/ui/theory/theoryOfCharts.ts'
import { widthForBudget } from '../../src/theory/diversityExpectation.ts'

const stateOf = (experiment: Experiment, panelViews: Readonly<Record<string, string>>) => {
  const state = createLabStore().getState()
  return { ...state, experiment, theory: theoryCurves(experiment, state.columns), panelViews }
}
const LINEAR: Experiment = {
  ...DEFAULT_MLP,
  model: { ...DEFAULT_MLP.model, activation: 'identity', bias: false },
  init: { ...DEFAULT_MLP.init, scheme: 'unitNormal' },
  data: { ...DEFAULT_MLP.data, kind: 'teacher', inputs: 6, outputs: 1, trainCount: 100 },
  loss: { kind: 'squaredError', reduction: 'mean' },
}

describe('theoryOfCharts', () => {
  test('says each condition of the curves once, and crosses a shared batch norm', () => {
    const view = { cosines: PREDICTIONS }
    const own = theoryOfCharts('cosines', stateOf(LINEAR, view))!
    const texts = own.hypotheses.map(({ text }) => text)
    expect(texts).toContain('weights N(0, 1)')
    expect(new Set(texts).size).toBe(texts.length)
    expect(own.hypotheses[0].holds).toBe(true)
    const coupled = theoryOfCharts('cosines', stateOf({ ...LINEAR, model: { ...LINEAR.model, norm: 'batch' } }, view))!
    expect(coupled.hypotheses[0].holds).toBe(false)
  })
  test('is silent where the panel shows its own picture, or its formula is that of the view', () => {
    expect(theoryOfCharts('cosines', stateOf(LINEAR, {}))).toBeNull()
    expect(theoryOfCharts('gradientNorms', stateOf(LINEAR, { gradientNorms: PREDICTIONS }))).toBeNull()
    expect(theoryOfCharts('kernel', stateOf(LINEAR, { kernel: PREDICTIONS }))).toBeNull()
  })
})

describe('liveWidths', () => {
  test('are those of the budget at each depth, within a unit of the curve that is drawn', () => {
    const budget = { ...LINEAR, model: { ...LINEAR.model, parameterBudget: 4000, depth: 3 }, versus: { model: { depth: 9 } } }
    const widths = liveWidths(budget)
    expect(widths.map(({ arm, depth }) => [arm, depth])).toEqual([
      ['A', 3],
      ['B', 9],
    ])
    for (const { depth, width } of widths) expect(Math.abs(width - widthForBudget(4000, 6, 1, depth - 1))).toBeLessThanOrEqual(1)
    expect(liveWidths({ ...LINEAR, model: { ...LINEAR.model, depth: 1 } })).toEqual([])
  })
})
