// theoryOfCharts and liveWidths
import { describe, expect, test } from 'vitest'
import { DEFAULT_EXPERIMENT, DEFAULT_MLP } from '../../src/core/defaults.ts'
import type { Experiment } from '../../src/core/experiment.ts'
import { createLabStore } from '../../src/store/labStore.ts'
import { theoryCurves } from '../../src/store/theoryCurves.ts'
import type { TheoryCurve } from '../../src/core/theoryCurve.ts'
import { hypothesesOf } from '../../src/ui/theory/drawnHypotheses.ts'
import { OVER_SEEDS, PREDICTIONS } from '../../src/ui/theory/hasCharts.ts'
import { oneOfTwo } from '../../src/ui/theory/oneOfTwo.ts'
import { drawnCurves } from '../../src/ui/theory/panelCurves.ts'
import { numberCurves, theoryNumbers } from '../../src/ui/theory/theoryNumbers.ts'
import { theoryNow } from '../../src/ui/theory/theoryNow.ts'
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

describe('hypothesesOf', () => {
  const curve = (id: string, ...hypotheses: TheoryCurve['hypotheses']): TheoryCurve => ({
    id,
    label: id,
    source: '',
    axis: 'depth',
    x: new Float64Array(0),
    y: new Float64Array(0),
    hypotheses,
  })
  const wide = (holds: boolean, measured: string) => ({ text: 'width >= depth', holds, measured })
  test('says what both arms share once, and names arm B where it is decided otherwise', () => {
    const start = { text: 'weights as drawn', holds: true, measured: '' }
    const found = hypothesesOf([curve('a', start, wide(true, '8 <= 9')), curve('B.a', start, wide(false, '16 > 9')), curve('c', start)])
    expect(found).toEqual([start, wide(true, '8 <= 9'), { ...wide(false, '16 > 9'), text: 'B: width >= depth' }])
  })
  test('names arm B where the verdict is the same with other numbers', () => {
    const found = hypothesesOf([curve('a', wide(true, '8 <= 9')), curve('B.a', wide(true, '4 <= 9'))])
    expect(found.map(({ text }) => text)).toEqual(['width >= depth', 'B: width >= depth'])
  })
})

describe('oneOfTwo', () => {
  const curve = (id: string, axis: TheoryCurve['axis'], to: number, label = 'predicted'): TheoryCurve => ({
    id,
    label: id.startsWith('B.') ? `B: ${label}` : label,
    source: '',
    axis,
    x: Float64Array.of(1, to),
    y: Float64Array.of(0, to),
    hypotheses: [],
  })
  const depth = { ...LINEAR, versus: { model: { depth: 64 } } }
  test('keeps the longer of two curves over the one size in which the arms differ, under the name of arm A', () => {
    const [only, ...more] = oneOfTwo([curve('a', 'depth', 32), curve('B.a', 'depth', 128)], depth)
    expect(more).toEqual([])
    expect([only.id, only.label, only.x[1]]).toEqual(['a', 'predicted', 128])
    expect(oneOfTwo([curve('a', 'depth', 128), curve('B.a', 'depth', 32)], depth)[0].x[1]).toBe(128)
  })
  test('keeps both where more differs, over another axis, and where they go through measurements', () => {
    const pair = [curve('a', 'depth', 32), curve('B.a', 'depth', 128)]
    for (const versus of [
      null,
      { model: { depth: 64, activation: 'relu' as const } },
      { init: { tau: 2 } },
      { model: { depth: 64 }, batch: 3 },
      { model: { width: 3 } },
    ])
      expect(oneOfTwo(pair, { ...LINEAR, versus })).toEqual(pair)
    const anchored = [curve('a', 'depth', 32, 'rate (log10, from 0)'), curve('B.a', 'depth', 128, 'rate (log10, from 0)')]
    expect(oneOfTwo(anchored, depth)).toEqual(anchored)
    const kernels = [curve('kernel.driftByWidth', 'width', 32), curve('B.kernel.driftByWidth', 'width', 64)]
    expect(oneOfTwo(kernels, { ...LINEAR, versus: { model: { width: 64 } } })).toEqual(kernels)
    expect(oneOfTwo([curve('a', 'depth', 32)], depth)).toHaveLength(1)
  })
})

describe('every view of closed forms', () => {
  const CHAIN: Experiment = { ...DEFAULT_EXPERIMENT, versus: null }
  const RELU: Experiment = {
    ...LINEAR,
    model: { ...LINEAR.model, activation: 'relu' },
    init: { ...LINEAR.init, scheme: 'heNormal' },
    seeds: 16,
  }
  const ORTHOGONAL: Experiment = { ...LINEAR, init: { ...LINEAR.init, scheme: 'orthogonal' } }
  const RACE: Experiment = { ...CHAIN, init: { ...CHAIN.init, scheme: 'constant', tau: 0.7 } }
  test.each([
    ['a chain by depth', CHAIN, 'gradientNorms', PREDICTIONS],
    ['a chain over seeds', CHAIN, 'gradientNorms', OVER_SEEDS],
    ['a chain layer by layer', CHAIN, 'gradientNorms', 'time'],
    ['the signal of a chain', CHAIN, 'gradientNorms', 'signal'],
    ['the curvature of a chain', CHAIN, 'hessian', PREDICTIONS],
    ['the escape of a chain', RACE, 'loss', PREDICTIONS],
    ['the loss of a chain', RACE, 'loss', 'median'],
    ['a relu network by depth', RELU, 'gradientNorms', PREDICTIONS],
    ['a relu network over seeds', RELU, 'gradientNorms', OVER_SEEDS],
    ['the signal of a relu network', RELU, 'gradientNorms', 'signal'],
    ['a linear network', LINEAR, 'gradientNorms', 'time'],
    ['batches', LINEAR, 'cosines', PREDICTIONS],
    ['pairs of an orthogonal network', ORTHOGONAL, 'cosines', PREDICTIONS],
    ['cosines', LINEAR, 'cosines', 'cosines'],
  ] as const)('shows each condition of each of its curves: %s', (_, experiment, panel, view) => {
    const state = stateOf(experiment, { [panel]: view })
    const curves = drawnCurves(panel, state)
    const { hypotheses } = theoryNow(panel, state)
    const texts = hypotheses.map(({ text }) => text)
    expect(new Set(texts).size).toBe(texts.length)
    for (const curve of [...curves, ...numberCurves(panel, state)]) for (const { text } of curve.hypotheses) expect(texts).toContain(text)
    if (view !== 'time' || panel !== 'gradientNorms' || experiment !== LINEAR) expect(curves.length).toBeGreaterThan(0)
  })
})

describe('theoryNumbers', () => {
  test('put the scale at which a chain keeps its median beside its own, once for two arms that share it', () => {
    const two = { ...DEFAULT_EXPERIMENT, init: { ...DEFAULT_EXPERIMENT.init, tau: 1.5 }, versus: { model: { depth: 64 } } }
    expect(theoryNumbers('gradientNorms', stateOf(two, {}))).toEqual([
      { text: 'τ that keeps the median', predicted: '2.72', measured: '1.5' },
    ])
    const apart = { ...two, versus: { init: { tau: 2 } } }
    expect(theoryNumbers('gradientNorms', stateOf(apart, {})).map(({ text, measured }) => [text, measured])).toEqual([
      ['A: τ that keeps the median', '1.5'],
      ['B: τ that keeps the median', '2'],
    ])
  })
  test('put the median-stable variance and the least width beside those of a network, and nothing of arm A beside another kind of B', () => {
    const own = { ...LINEAR, model: { ...LINEAR.model, depth: 10, width: 8 } }
    const rows = theoryNumbers('gradientNorms', stateOf(own, {}))
    // exp(-psi(4))/2 with psi(4) = 1.2561; 2/(2^(1/10) - 1).
    expect(rows).toEqual([
      { text: 'σ² that keeps the median', predicted: '0.142', measured: '1' },
      { text: 'width for E|h|⁴ ≤ 2 (E|h|²)²', predicted: '27.9', measured: '8' },
    ])
    const tanh = theoryNumbers('gradientNorms', stateOf({ ...own, versus: { model: { activation: 'tanh' } } }, {}))
    expect(tanh.map(({ text }) => text.slice(0, 2))).toEqual(['A:', 'A:'])
  })
  test('belong to their views', () => {
    expect(theoryNumbers('cosines', stateOf(LINEAR, {}))).toHaveLength(1)
    expect(theoryNumbers('cosines', stateOf(LINEAR, { cosines: PREDICTIONS }))).toEqual([])
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
