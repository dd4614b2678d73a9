// Which of the rarer closed forms does a run get, and are their conditions judged truly?
import { describe, expect, test } from 'vitest'
import { DEFAULT_MLP } from '../../src/core/defaults.ts'
import type { Experiment } from '../../src/core/experiment.ts'
import { runHeadless } from '../../src/runtime/headless.ts'
import { createRunColumns, appendToColumns } from '../../src/store/armColumns.ts'
import { measuredFacts, theoryCurves } from '../../src/store/theoryCurves.ts'
import { theoryFor } from '../../src/theory/curvesFor.ts'
import { runFacts, type MeasuredFacts } from '../../src/theory/runFacts.ts'
import { aliveProbability } from '../../src/theory/typicalForward.ts'

const SHAPE = { inputWidth: 20, outputWidth: 1, imageShape: null, trainCount: 10 }
const regression: Experiment = {
  ...DEFAULT_MLP,
  model: { ...DEFAULT_MLP.model, depth: 1, activation: 'identity', bias: false },
  data: { ...DEFAULT_MLP.data, kind: 'linearTeacher', inputs: 20, outputs: 1, trainCount: 10, testCount: 0, noise: 0.3, scaling: 'unit' },
  loss: { kind: 'squaredError', reduction: 'mean' },
  optimizer: { ...DEFAULT_MLP.optimizer, kind: 'sgd', lr: 0.002 },
  batch: 1,
  steps: 300,
  seeds: 1,
  engine: 'float64',
  versus: null,
}
const SEEN: MeasuredFacts = { initialTrainLoss: 1, outputGradientSquare: { min: 2, max: 4 }, confusion: 0.5 }
const curvesOf = (arm: Experiment, measured: MeasuredFacts = SEEN, shape = SHAPE) =>
  new Map(theoryFor(runFacts(arm, shape, null, measured)).map((curve) => [curve.id, curve]))
const failing = (arm: Experiment, id: string, measured: MeasuredFacts = SEEN) =>
  curvesOf(arm, measured)
    .get(id)
    ?.hypotheses.filter(({ holds }) => holds === false)
    .map(({ text }) => text)

describe('the bound of SGD on least squares', () => {
  test('starts at the first loss and falls to its floor', () => {
    const curve = curvesOf({ ...regression, steps: 1_000_000 }).get('sgd.confusionBound')!
    // N eta / (2 mu) for small steps is 10 * 0.5 / 4 = 1.25; the exact floor is that over 1 - N S lr / 2 = 0.96.
    expect(curve.y.at(-1)).toBeCloseTo(1.25 / 0.96, 9)
    // One rate's worth of floor lies on top at step 0.
    expect(curve.y[0]).toBeCloseTo(1 + 1.25 / 0.96, 9)
  })

  test('ticks batch 1, plain SGD and as many weights as samples, and crosses what fails', () => {
    expect(failing(regression, 'sgd.confusionBound')).toEqual([])
    expect(failing({ ...regression, batch: 5 }, 'sgd.confusionBound')).toEqual(['batches of one sample'])
    const adam: Experiment = { ...regression, optimizer: { ...regression.optimizer, kind: 'adam' } }
    expect(failing(adam, 'sgd.confusionBound')).toEqual(['plain SGD'])
  })

  test('does not exist for a larger step, a deeper network, or before anything was measured', () => {
    expect(curvesOf({ ...regression, optimizer: { ...regression.optimizer, lr: 0.06 } }).has('sgd.confusionBound')).toBe(false)
    expect(curvesOf({ ...regression, model: { ...regression.model, depth: 2 } }).has('sgd.confusionBound')).toBe(false)
    expect(curvesOf(regression, {}).has('sgd.confusionBound')).toBe(false)
  })

  test('holds for the mean over eight runs at every evaluated step', async () => {
    const runs = await Promise.all(
      [1, 2, 3, 4, 5, 6, 7, 8].map(async (seed) => {
        const diagnostics = {
          ...regression.diagnostics,
          probeCount: 10,
          pairCount: 5,
          pairBatch: 2,
          budget: 1,
          every: { evaluation: 10, gradientNorms: 0, cosines: 10, hessian: 0, kernel: 100 },
        }
        const experiment = { ...regression, seed, diagnostics }
        const { samples } = await runHeadless(experiment, { readAsset: () => Promise.reject(new Error('no files')), allowGpu: false })
        const columns = createRunColumns()
        for (const sample of samples) appendToColumns(columns, sample)
        const curve = theoryCurves(experiment, columns).find(({ id }) => id === 'sgd.confusionBound')
        return { losses: columns.A.evaluation.samples, curve, facts: measuredFacts(columns.A) }
      }),
    )
    for (const { facts } of runs) expect(facts.outputGradientSquare!.min).toBeGreaterThan(0)
    const [first] = runs
    for (const [k, { step }] of first.losses.entries()) {
      const loss = runs.reduce((sum, { losses }) => sum + losses[k].trainLoss / runs.length, 0)
      const bound = runs.reduce((sum, { curve }) => {
        const at = curve!.x.findIndex((x) => x >= step)
        return sum + curve!.y[at] / runs.length
      }, 0)
      expect(loss, `step ${step}`).toBeLessThanOrEqual(bound)
    }
  }, 60_000)
})

describe('other offered curves', () => {
  const relu: Experiment = { ...regression, model: { ...regression.model, depth: 6, width: 5, activation: 'relu' } }

  test('say how often one input finds a closed layer', () => {
    const curve = curvesOf(relu).get('relu.deadByDepth')!
    const at = curve.x.indexOf(6)
    expect(curve.y[at]).toBeCloseTo(1 - aliveProbability(5, 5), 12)
    // Deeper is deader.
    expect([...curve.y]).toEqual([...curve.y].sort((a, b) => a - b))
  })

  test('say which width has as many weights at another depth: the own width at the own depth', () => {
    const curve = curvesOf(relu).get('budget.widthByDepth')!
    expect(curve.y[curve.x.indexOf(6)]).toBeCloseTo(5, 9)
  })

  test('carry the curvature of an output to other widths with a slope of -1/2', () => {
    const ntk: Experiment = { ...regression, model: { ...regression.model, depth: 2, width: 64, parameterization: 'ntk' } }
    const curve = curvesOf(ntk, { outputHessianNorm: 3 }).get('kernel.outputHessianByWidth')!
    expect(curve.y[curve.x.indexOf(64)]).toBe(3)
    expect(curve.y[curve.x.indexOf(128)]).toBeCloseTo(3 / Math.SQRT2, 12)
  })

  test('judge the preconditioned spectrum once it is measured', () => {
    const rms: Experiment = { ...regression, optimizer: { ...regression.optimizer, kind: 'rmsprop', lr: 0.01 } }
    const verdict = (measured: MeasuredFacts) =>
      curvesOf(rms, measured)
        .get('hessian.stabilityLine')!
        .hypotheses.find(({ text }) => text.includes('preconditioned'))!.holds
    expect(verdict({})).toBe('unknown')
    expect(verdict({ preconditionedLambdaMax: 199 })).toBe(true)
    expect(verdict({ preconditionedLambdaMax: 201 })).toBe(false)
  })

  test('bracket no gradient by a kernel that batch norm makes another function', () => {
    const kernel = { steps: [0], lower: [1], upper: [2] }
    const deep: Experiment = { ...relu, model: { ...relu.model, norm: 'batch' } }
    expect(curvesOf(deep, { kernel }).has('kernel.plLower')).toBe(false)
    expect(curvesOf({ ...deep, model: { ...deep.model, norm: 'layer' } }, { kernel }).has('kernel.plLower')).toBe(true)
  })
})
