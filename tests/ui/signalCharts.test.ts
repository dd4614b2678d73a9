// Do the laws over seeds, and the angle between two gradients, stand where the engines measure them?
import { describe, expect, test } from 'vitest'
import type { Experiment } from '../../src/core/experiment.ts'
import type { PredictionChart } from '../../src/plots/predictionData.ts'
import { interpolated, theoryValue } from '../../src/plots/theoryMarks.ts'
import type { LabState } from '../../src/store/labState.ts'
import { chartsOf } from '../../src/ui/theory/chartsOf.ts'
import { hasSeedCharts, OVER_SEEDS } from '../../src/ui/theory/hasCharts.ts'
import { CHAIN, every, MLP, stateAfter } from './stateAfter.ts'

describe('the charts of the signal over seeds', () => {
  const find = (state: LabState, name: string) =>
    chartsOf('gradientNorms', { ...state, panelViews: { gradientNorms: OVER_SEEDS } })!.find((chart) => chart.name.includes(name))!
  const within = ({ points, curves }: PredictionChart, id: string, errors: number) => {
    const curve = curves.find((candidate) => candidate.id === id)!
    expect(points.length).toBeGreaterThan(1)
    for (const { x, y, low, high } of points) {
      const predicted = interpolated(curve, x, (i) => theoryValue(curve, i))
      // Bars reach two standard errors to either side.
      expect(Math.abs(y - predicted), `layer ${x}: ${y} against ${predicted}`).toBeLessThan(((high! - low!) / 4) * errors)
    }
  }

  test('put the spread of 400 chains on the root of the depth', async () => {
    const state = await stateAfter(CHAIN)
    const spread = find(state, 'spread')
    expect(spread.name).toContain('400 seeds, step 0')
    expect(spread.points).toHaveLength(10)
    within(spread, 'chain.signalSpread', 4)
    const tail = find(state, 'E|h|⁴')
    // After one weight the law is bounded: 9/5 to the root of 400 draws. Later ones never exceed the number of seeds.
    expect(tail.points[0].y).toBeCloseTo(1.8, 0)
    expect(Math.max(...tail.points.map(({ y }) => y))).toBeLessThan(400)
    expect(tail.curves.at(-1)!.y).toEqual(Float64Array.of(400, 400))
  }, 60_000)

  test.each(['identity', 'relu'] as const)(
    'put 16 networks of one sample where the log chi-square law says, %s',
    async (activation) => {
      const state = await stateAfter({
        ...MLP,
        model: { ...MLP.model, depth: 6, activation },
        init: { ...MLP.init, scheme: 'heNormal' },
        data: { ...MLP.data, trainCount: 1 },
        batch: 1,
        steps: 1,
        seeds: 16,
        diagnostics: { ...MLP.diagnostics, every: { ...every, cosines: 0, hessian: 0, kernel: 0 } },
      })
      const spread = find(state, 'spread')
      expect(spread.curves[0].hypotheses.find(({ text }) => text.includes('one sample'))!.holds).toBe(true)
      within(spread, 'mlp.signalSpread', 4)
    },
    60_000,
  )

  test('put the mean square of 64 samples of linear networks on its exact tail', async () => {
    const own: number[] = []
    let predicted = NaN
    for (let seed = 1; seed <= 12; seed++) {
      const state = await stateAfter({
        ...MLP,
        model: { ...MLP.model, activation: 'identity', width: 24 },
        seed,
        seeds: 16,
        steps: 1,
        data: { ...MLP.data, kind: 'gaussian', inputs: 6 },
        diagnostics: { ...MLP.diagnostics, every: { ...every, cosines: 0, hessian: 0, kernel: 0 } },
      })
      const tail = find(state, 'E|h|⁴')
      own.push(tail.points[1].y)
      predicted = theoryValue(tail.curves[0], 1)
    }
    const mean = own.reduce((sum, y) => sum + y / own.length, 0)
    const error = Math.sqrt(own.reduce((sum, y) => sum + (y - mean) ** 2, 0) / own.length / (own.length - 1))
    // A ratio of 16 draws is biased by a few per cent of its excess; data differ a little from seed to seed.
    expect(Math.abs(mean - predicted)).toBeLessThan(4 * error + 0.1 * (predicted - 1))
    expect(error).toBeLessThan(0.3 * (predicted - 1))
  }, 60_000)

  test('draw one curve for two depths, as long as the deeper network', async () => {
    const state = await stateAfter({ ...CHAIN, versus: { model: { depth: 15 } } })
    const spread = find(state, 'spread')
    expect(spread.curves).toHaveLength(1)
    expect(spread.curves[0].x).toHaveLength(15)
    expect(spread.curves[0].label).toBe('predicted')
    expect(spread.points).toHaveLength(25)
    const apart = find(await stateAfter({ ...CHAIN, versus: { init: { scheme: 'unitNormal' } } }), 'spread')
    expect(apart.curves.map(({ label }) => label)).toEqual(['predicted', 'B: predicted'])
  }, 60_000)

  test('are not there for fewer than eight seeds', async () => {
    const few = await stateAfter({ ...CHAIN, seeds: 7 })
    expect(hasSeedCharts(few)).toBe(false)
    expect(chartsOf('gradientNorms', { ...few, panelViews: { gradientNorms: OVER_SEEDS } })).toBeNull()
    expect(hasSeedCharts(await stateAfter({ ...CHAIN, seeds: 8 }))).toBe(true)
  }, 60_000)
})

describe('the chart of pairs of gradients', () => {
  const linear: Experiment = {
    ...MLP,
    model: { ...MLP.model, activation: 'identity' },
    init: { ...MLP.init, scheme: 'orthogonal' },
    data: { ...MLP.data, outputs: 3 },
    optimizer: { ...MLP.optimizer, lr: 0.3 },
    steps: 20,
    diagnostics: { ...MLP.diagnostics, every: { ...every, cosines: 20, hessian: 0, kernel: 0 } },
  }
  const pairs = (state: LabState) => chartsOf('cosines', state)!.find(({ name }) => name.includes('two gradients'))!

  test.each([2, 9])(
    'lies on the diagonal at the start of an orthogonal linear network of depth %i, and leaves it',
    async (depth) => {
      const state = await stateAfter({ ...linear, model: { ...linear.model, depth } })
      const { points, curves } = pairs({ ...state, cursor: 0 })
      expect(points).toHaveLength(120)
      // float32 weights: orthogonal to 1e-7.
      for (const { x, y } of points) expect(y).toBeCloseTo(x, 5)
      expect(Math.max(...points.map(({ x }) => Math.abs(x)))).toBeGreaterThan(0.5)
      const verdicts = Object.fromEntries(curves[0].hypotheses.map(({ text, holds }) => [text, holds]))
      expect(verdicts).toEqual({ 'weights as drawn (step 0)': false, 'no biases': true, 'inputs and outputs fit into the width': true })
      const later = pairs({ ...state, cursor: 20 }).points
      expect(Math.max(...later.map(({ x, y }) => Math.abs(x - y)))).toBeGreaterThan(1e-3)
    },
    60_000,
  )

  test('is not offered for other weights', async () => {
    const state = await stateAfter({ ...linear, init: { ...linear.init, scheme: 'lecunNormal' }, steps: 1 })
    expect(chartsOf('cosines', state)!.map(({ name }) => name)).not.toContain('cosine of two gradients')
  }, 60_000)
})
