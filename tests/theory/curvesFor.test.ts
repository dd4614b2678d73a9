// Which curves does a run get, and do they say truly whether they apply?
import { describe, expect, test } from 'vitest'
import { DEFAULT_EXPERIMENT, DEFAULT_MLP } from '../../src/core/defaults.ts'
import type { Experiment } from '../../src/core/experiment.ts'
import type { TheoryCurve } from '../../src/core/theoryCurve.ts'
import { namedStream } from '../../src/numerics/streams.ts'
import { theoryFor } from '../../src/theory/curvesFor.ts'
import { dataMoments } from '../../src/core/dataMoments.ts'
import type { DataMoments } from '../../src/core/dataMoments.ts'
import { runFacts } from '../../src/theory/runFacts.ts'
import type { MeasuredFacts, RunFacts } from '../../src/theory/runFacts.ts'
import { chainGradient } from './reference/chain.ts'
import { normalLaw } from '../../src/theory/weightLaw.ts'
import { apply, dot, matrixOf, normals, uniforms } from './reference/draws.ts'
import { expectMeans, expectShare } from './reference/monteCarlo.ts'

const POINT_SHAPE = { inputWidth: 1, outputWidth: 1, imageShape: null, trainCount: 1 }
const chain: Experiment = { ...DEFAULT_EXPERIMENT, versus: null }
const teacher: Experiment = {
  ...DEFAULT_MLP,
  model: { ...DEFAULT_MLP.model, activation: 'identity', bias: false, depth: 3, width: 16 },
  init: { scheme: 'unitNormal', tau: 1, gain: 1 },
  data: { ...DEFAULT_MLP.data, kind: 'teacher', inputs: 8, outputs: 1, trainCount: 500 },
  loss: { kind: 'squaredError', reduction: 'mean' },
}
const TEACHER_SHAPE = { inputWidth: 8, outputWidth: 1, imageShape: null, trainCount: 500 }

function curvesOf(
  arm: Experiment,
  shape = POINT_SHAPE,
  data: DataMoments | null = null,
  measured: MeasuredFacts = {},
): Map<string, TheoryCurve> {
  const curves = theoryFor(runFacts(arm, shape, data, measured))
  expect(new Set(curves.map((curve) => curve.id)).size).toBe(curves.length)
  for (const curve of curves) {
    expect(curve.x.length).toBe(curve.y.length)
    expect(curve.x).toEqual(curve.x.slice().sort())
    expect(curve.y.every(Number.isFinite)).toBe(true)
    expect(curve.source).not.toBe('')
  }
  return new Map(curves.map((curve) => [curve.id, curve]))
}
const verdict = (curve: TheoryCurve | undefined, text: RegExp): boolean | 'unknown' | undefined =>
  curve?.hypotheses.find((h) => text.test(h.text))?.holds

describe('theoryFor', () => {
  test('lays the median of the default chain over its layers, and half of all draws lie below it (seed 601)', () => {
    const median = curvesOf(chain).get('chain.gradientMedian')
    expect(median?.axis).toBe('layer')
    expect(median?.x).toHaveLength(24)
    const stream = namedStream(601, 'weights')
    expectShare(
      0.5,
      4000,
      () => Math.log10(Math.abs(chainGradient(uniforms(stream, 24, 1.5), 5, { x: [1], y: [1] }))) < (median?.y[5] ?? NaN),
    )
  })
  test('puts the root mean square of a deep chain far above its median', () => {
    const curves = curvesOf({ ...chain, model: { ...chain.model, depth: 100 } })
    expect((curves.get('chain.gradientRms')?.y[0] ?? 0) - (curves.get('chain.gradientMedian')?.y[0] ?? 0)).toBeGreaterThan(5)
  })
  test('multiplies by the number of samples where the loss is a sum', () => {
    const data = dataMoments([0.5, 1], [1.5, 2.5], 2, 1, 1)
    const line = { ...chain, data: { ...chain.data, kind: 'line' as const, trainCount: 2 } }
    const mean = curvesOf(line, { ...POINT_SHAPE, trainCount: 2 }, data).get('chain.gradientRms')
    const sum = curvesOf({ ...line, loss: { kind: 'squaredError', reduction: 'sum' } }, { ...POINT_SHAPE, trainCount: 2 }, data).get(
      'chain.gradientRms',
    )
    expect((sum?.y[0] ?? NaN) - (mean?.y[0] ?? NaN)).toBeCloseTo(Math.log10(2), 12)
  })
  test('says of a chain whose data are not loaded only what no data decide', () => {
    const curves = curvesOf({ ...chain, data: { ...chain.data, kind: 'line' } })
    expect([...curves.keys()]).toEqual([
      'chain.signalSpread',
      'chain.signalTail',
      'chain.stableScale',
      'hessian.stabilityLine',
      'cosine.null',
      'cosine.deviation',
    ])
    const silent = curvesOf({ ...chain, data: { ...chain.data, kind: 'line' } }, POINT_SHAPE, dataMoments([0], [0], 1, 1, 1))
    expect(silent.has('chain.gradientSlope')).toBe(false)
  })
  test('has no uniform law for normal weights, but their rate', () => {
    const curves = curvesOf({ ...chain, init: { scheme: 'unitNormal', tau: 1, gain: 1 } })
    expect(curves.has('chain.gradientMedian')).toBe(false)
    expect(curves.get('chain.gradientSlope')?.label).toContain('-0.2759')
  })
  test('crosses the falling rate for tau above e', () => {
    const rate = curvesOf({ ...chain, init: { scheme: 'uniform', tau: 3, gain: 1 } }).get('chain.gradientSlope')
    expect(verdict(rate, /falls/u)).toBe(false)
    expect(verdict(curvesOf(chain).get('chain.gradientSlope'), /falls/u)).toBe(true)
  })
  test('knows the start only when told the step', () => {
    expect(verdict(curvesOf(chain).get('chain.gradientMedian'), /step 0/u)).toBe('unknown')
    expect(verdict(curvesOf(chain, POINT_SHAPE, null, { step: 0 }).get('chain.gradientMedian'), /step 0/u)).toBe(true)
    expect(verdict(curvesOf(chain, POINT_SHAPE, null, { step: 9 }).get('chain.gradientMedian'), /step 0/u)).toBe(false)
  })
  test('bounds the loss of an equal-weight chain under gradient descent', () => {
    const equal: Experiment = { ...chain, init: { scheme: 'constant', tau: 0.7, gain: 1 }, model: { ...chain.model, depth: 10 } }
    const curves = curvesOf(equal)
    const bound = curves.get('chain.lossLowerBound')
    expect(bound?.axis).toBe('step')
    let w = 0.7
    let step = 0
    bound?.x.forEach((x, i) => {
      for (; step < x; step++) w += 0.1 * (w ** 9 - w ** 19)
      expect(0.5 * (1 - w ** 10) ** 2).toBeGreaterThanOrEqual((bound?.y[i] ?? NaN) - 0.04)
    })
    expect(curves.has('chain.escapeByDepth')).toBe(true)
    expect(curves.has('chain.gradientMedian')).toBe(false)
    const rms: Experiment = { ...equal, optimizer: { ...equal.optimizer, kind: 'rmsprop', lr: 0.01 } }
    expect(Math.max(...(curvesOf(rms).get('chain.rmspropEscapeByDepth')?.y ?? [NaN]))).toBeLessThanOrEqual(30)
  })
  test('draws the stability line of each optimizer and compares it with the measured curvature', () => {
    const line = (kind: Experiment['optimizer']['kind'], measured: MeasuredFacts = {}): TheoryCurve | undefined =>
      curvesOf({ ...chain, optimizer: { ...chain.optimizer, kind, lr: 0.5 } }, POINT_SHAPE, null, measured).get('hessian.stabilityLine')
    expect(line('sgd')?.y[0]).toBe(4)
    expect(line('momentum')?.y[0]).toBeCloseTo(7.6, 12)
    expect(line('adam')?.y[0]).toBeCloseTo(76, 9)
    expect(line('rmsprop')?.label).toContain('preconditioned')
    expect(verdict(line('sgd', { lambdaMax: 3 }), /lambda_max/u)).toBe(true)
    expect(verdict(line('sgd', { lambdaMax: 5 }), /lambda_max/u)).toBe(false)
    expect(verdict(line('sgd'), /lambda_max/u)).toBe('unknown')
    expect(verdict(line('sgd'), /full-batch/u)).toBe(true)
  })
  test('gives a linear Gaussian network its exact gradient by layer, and diversity with its conditions', () => {
    const stream = namedStream(602, 'data')
    const data = dataMoments(normals(stream, 64 * 8), normals(stream, 64), 64, 8, 1)
    const curves = curvesOf(teacher, TEACHER_SHAPE, data)
    expect(curves.get('mlp.gradientRms')?.x).toHaveLength(3)
    expect(verdict(curves.get('diversity.batchSizeBound'), /N\(0, 1\)/u)).toBe(true)
    const widths = curves.get('diversity.byWidth')
    expect(Array.from(widths?.x ?? [])).toContain(16)
    const he = curvesOf({ ...teacher, init: { scheme: 'heNormal', tau: 1, gain: 1 } }, TEACHER_SHAPE, data)
    expect(verdict(he.get('diversity.batchSizeBound'), /N\(0, 1\)/u)).toBe(false)
    const relu = curvesOf({ ...teacher, model: { ...teacher.model, activation: 'relu' } }, TEACHER_SHAPE, data)
    expect(relu.has('mlp.gradientRms')).toBe(false)
    expect(relu.has('diversity.batchSizeBound')).toBe(false)
  })
  test('counts the forward scale of the NTK parameterization in: weights N(0, 1/fanIn), gradients 1/sqrt(fanIn)', () => {
    const data = dataMoments([1, 0, 0, 0, 0, 0, 0, 0], [1], 1, 8, 1)
    const ntk = curvesOf({ ...teacher, model: { ...teacher.model, parameterization: 'ntk' } }, TEACHER_SHAPE, data).get('mlp.gradientRms')
    const plain = curvesOf({ ...teacher, init: { scheme: 'lecunNormal', tau: 1, gain: 1 } }, TEACHER_SHAPE, data).get('mlp.gradientRms')
    ;[8, 16, 16].forEach((fanIn, layer) =>
      expect((ntk?.y[layer] ?? NaN) - (plain?.y[layer] ?? NaN)).toBeCloseTo(-Math.log10(fanIn) / 2, 12),
    )
  })
  test('crosses the rate of a network deeper than wide, and of one that explodes', () => {
    const relu = (width: number, depth: number, tau: number): TheoryCurve | undefined =>
      curvesOf(
        { ...DEFAULT_MLP, model: { ...DEFAULT_MLP.model, width, depth }, init: { scheme: 'uniform', tau, gain: 1 } },
        { inputWidth: 196, outputWidth: 10, imageShape: null, trainCount: 1000 },
      ).get('mlp.gradientRate')
    expect(relu(64, 12, Math.sqrt(6))?.hypotheses.map((h) => h.holds)).toEqual(['unknown', true, true, true])
    expect(verdict(relu(8, 40, Math.sqrt(6)), /width/u)).toBe(false)
    expect(verdict(relu(8, 40, Math.sqrt(6)), /dead/u)).toBe(false)
    expect(verdict(relu(64, 12, 3), /grow/u)).toBe(false)
    // He uniform: no change with depth.
    expect(Math.max(...(relu(64, 12, Math.sqrt(6))?.y.map(Math.abs) ?? [1]))).toBeLessThan(1e-12)
  })
  test('is one level for an orthogonal linear network once its residuals are known', () => {
    const orthogonal: Experiment = { ...teacher, init: { scheme: 'orthogonal', tau: 1, gain: 1 } }
    expect(curvesOf(orthogonal, TEACHER_SHAPE).has('mlp.orthogonalGradient')).toBe(false)
    const curve = curvesOf(orthogonal, TEACHER_SHAPE, null, { residualInputNorm: 100, step: 0 }).get('mlp.orthogonalGradient')
    expect(Array.from(curve?.y ?? [])).toEqual([2, 2, 2])
    expect(curve?.hypotheses.every((h) => h.holds === true)).toBe(true)
  })
  test('draws kernel bounds from measurements, and certifies the loss only under its conditions', () => {
    const kernel = { steps: [0, 10, 20], lower: [0.5, 0.4, 0.3], upper: [4, 4, 5] }
    const small: Experiment = {
      ...teacher,
      batch: 500,
      data: { ...teacher.data, trainCount: 50 },
      optimizer: { ...teacher.optimizer, kind: 'sgd', lr: 0.1 },
    }
    const shape = { ...TEACHER_SHAPE, trainCount: 50 }
    const measured = { kernel, initialLoss: 2, lambdaMax: 5 }
    const bound = curvesOf(small, shape, null, measured).get('kernel.lossUpperBound')
    expect(bound?.y[0]).toBeCloseTo(2, 14)
    expect(bound?.y[1]).toBeCloseTo(2 * 0.96 ** 10, 12)
    expect(bound?.hypotheses.map((h) => h.holds)).toEqual([true, true, true, true, true])
    expect(verdict(curvesOf({ ...small, batch: 8 }, shape, null, measured).get('kernel.lossUpperBound'), /full-batch/u)).toBe(false)
    expect(verdict(curvesOf(small, shape, null, { ...measured, lambdaMax: 20 }).get('kernel.lossUpperBound'), /1\/lambda_max/u)).toBe(false)
    expect(verdict(curvesOf(teacher, TEACHER_SHAPE, null, measured).get('kernel.lossUpperBound'), /whole training set/u)).toBe(false)
    expect(curvesOf(teacher, TEACHER_SHAPE).has('kernel.plLower')).toBe(false)
    expect(
      curvesOf({ ...teacher, loss: { kind: 'softmaxCrossEntropy', reduction: 'mean' } }, TEACHER_SHAPE, null, measured).has(
        'kernel.plLower',
      ),
    ).toBe(false)
  })
  test('draws the rates of a chain Hessian, twice as steep on the diagonal', () => {
    const curves = curvesOf({ ...chain, init: { scheme: 'uniform', tau: Math.sqrt(3), gain: 1 } })
    const rate = (id: string): number => {
      const { x, y } = curves.get(id) ?? { x: [NaN], y: [NaN] }
      return (y[y.length - 1] - y[0]) / (x[x.length - 1] - x[0])
    }
    expect(rate('chain.hessianOffDiagonalSlope')).toBeCloseTo(-0.1957, 4)
    expect(rate('chain.hessianDiagonalSlope')).toBeCloseTo(-0.3915, 4)
  })
  test('predicts mean and typical preactivations of drawn relu networks 3-6-4-2 (seed 603)', () => {
    const widths = [3, 6, 4, 2]
    const facts: RunFacts = {
      ...runFacts(
        { ...teacher, init: { scheme: 'heNormal', tau: 1, gain: 1 }, model: { ...teacher.model, activation: 'relu' } },
        { inputWidth: 3, outputWidth: 2, imageShape: null, trainCount: 9 },
        null,
      ),
      widths,
      laws: [normalLaw(2 / 3), normalLaw(2 / 6), normalLaw(2 / 4)],
    }
    const curves = new Map(theoryFor(facts).map((curve) => [curve.id, curve]))
    const stream = namedStream(603, 'weights')
    const squares = (): number[] => {
      let a: Float64Array = Float64Array.of(1, 0, 0)
      return [0, 1, 2].map((k) => {
        const h = apply(
          matrixOf(widths[k + 1], widths[k], () => Math.sqrt(2 / widths[k]) * stream.normal()),
          a,
        )
        a = h.map((v) => Math.max(0, v))
        return dot(h, h)
      })
    }
    expectMeans(
      Array.from(curves.get('mlp.forwardSquare')?.y ?? [], (y) => 10 ** y),
      30_000,
      squares,
    )
    expectMeans(Array.from(curves.get('mlp.forwardTypical')?.y ?? []), 30_000, () => {
      for (;;) {
        const drawn = squares()
        if (drawn[2] > 0) return drawn.map(Math.log10)
      }
    })
  })
  test('carries the measured drift to other widths, crossed for a bent output', () => {
    const ntk: Experiment = { ...teacher, model: { ...teacher.model, parameterization: 'ntk' } }
    const curve = curvesOf(ntk, TEACHER_SHAPE, null, { drift: 0.2 }).get('kernel.driftByWidth')
    expect(curve?.y[curve.x.indexOf(16)]).toBeCloseTo(0.2, 14)
    expect(curve?.y[curve.x.indexOf(32)]).toBeCloseTo(0.2 / Math.SQRT2, 14)
    expect(curve?.hypotheses.every((h) => h.holds === true)).toBe(true)
    const bent: Experiment = { ...ntk, model: { ...ntk.model, outputActivation: 'tanh3' } }
    expect(verdict(curvesOf(bent, TEACHER_SHAPE, null, { drift: 0.2 }).get('kernel.driftByWidth'), /linear output/u)).toBe(false)
  })
  test('reaches the limits: depth 1, depth 2000, one parameter', () => {
    // `curvesOf` itself checks that every point is finite.
    expect(curvesOf({ ...chain, model: { ...chain.model, depth: 1 } }).has('cosine.null')).toBe(false)
    expect(curvesOf({ ...chain, model: { ...chain.model, depth: 2000 } }).has('chain.gradientMedian')).toBe(true)
    expect(curvesOf({ ...teacher, model: { ...teacher.model, depth: 1 } }, TEACHER_SHAPE).has('diversity.byWidth')).toBe(false)
    const deep = { ...teacher, model: { ...teacher.model, depth: 2000 } }
    expect(curvesOf(deep, TEACHER_SHAPE, dataMoments(new Float64Array(8).fill(1), [1], 1, 8, 1)).has('mlp.gradientRms')).toBe(true)
  })
})
