// Does the signal of convolutional and skip networks at the start have the sizes that the closed form says?
//
// The instrument measures whole networks of the float64 engine here, so that theory, initialiser, engine and diagnostic are proved together.
import { describe, expect, test } from 'vitest'
import { DEFAULT_EXPERIMENT, DEFAULT_MLP } from '../../src/core/defaults.ts'
import type { Experiment, ModelSettings } from '../../src/core/experiment.ts'
import { dataShape } from '../../src/core/footprint.ts'
import { runHeadless } from '../../src/runtime/headless.ts'
import { paddingFactors, paddingLimit } from '../../src/theory/convolutionPadding.ts'
import { theoryFor } from '../../src/theory/curvesFor.ts'
import { forwardSquares } from '../../src/theory/forwardSquares.ts'
import { runFacts, type LayerFacts } from '../../src/theory/runFacts.ts'
import { skipSquareGrowth } from '../../src/theory/skipGrowth.ts'
import { normalLaw } from '../../src/theory/weightLaw.ts'

const CONV: LayerFacts = {
  kind: 'conv',
  units: 4,
  fanIn: 36,
  image: [7, 7],
  kernel: 3,
  zeroPadded: true,
  skip: null,
  norm: null,
  afterPool: false,
}
const DENSE: LayerFacts = { ...CONV, kind: 'dense', units: 16, fanIn: 16, image: [1, 1], kernel: 1, zeroPadded: false }
const stack = (layer: LayerFacts, count: number) => Array.from({ length: count }, () => layer)
const unitGain = (layers: readonly LayerFacts[], gate: number) => layers.map(({ fanIn }) => normalLaw(1 / (gate * fanIn)))

describe('forwardSquares', () => {
  test('is flat for dense layers at unit gain, and has slope log10(p d s2)', () => {
    const layers = stack(DENSE, 12)
    expect(Math.max(...forwardSquares(layers, unitGain(layers, 0.5), 0.5).map(Math.abs))).toBeLessThan(1e-12)
    const laws = layers.map(() => normalLaw(0.01))
    forwardSquares(layers, laws, 1).forEach((value, k) => expect(value).toBeCloseTo(k * Math.log10(16 * 0.01), 12))
  })

  test('loses the factors of zero padding, one a layer, and tends to their limit', () => {
    const layers = stack(CONV, 40)
    const squares = forwardSquares(layers, unitGain(layers, 1), 1)
    const factors = paddingFactors(7, 40)
    for (let k = 1; k < 40; k++) expect(squares[k] - squares[k - 1]).toBeCloseTo(Math.log10(factors[k]), 10)
    expect(squares[39] - squares[38]).toBeCloseTo(Math.log10(paddingLimit(7)), 6)
  })

  test('loses nothing at a circular border', () => {
    const layers = stack({ ...CONV, zeroPadded: false }, 20)
    expect(Math.max(...forwardSquares(layers, unitGain(layers, 1), 1).map(Math.abs))).toBeLessThan(1e-12)
  })

  test('doubles per block of a skip with a linear branch', () => {
    const layers = stack(DENSE, 9).map((layer, k) =>
      k === 0 ? layer : { ...layer, skip: { from: k, scale: 1, branchScale: 1, placement: 'postAct' as const } },
    )
    const squares = forwardSquares(layers, unitGain(layers, 1), 1)
    for (let k = 1; k < 9; k++) expect(10 ** squares[k]).toBeCloseTo(skipSquareGrowth(k - 1, 1), 9)
  })

  test('counts squares of both scales, and the gate before or behind the sum, of one skip over a relu layer', () => {
    for (const [placement, scale, branchScale] of [
      ['postAct', 1, 1],
      ['postAct', 0.5, 3],
      ['preAct', 1, 1],
      ['preAct', 2, 0.25],
    ] as const) {
      const layers = stack(DENSE, 3).map((layer, k) => (k === 1 ? { ...layer, skip: { from: 1, scale, branchScale, placement } } : layer))
      const laws = layers.map(() => normalLaw(0.2))
      const squares = forwardSquares(layers, laws, 0.5)
      // E|z_1|^2 = 1; input of layer 2: 1/2; z_2 = 16 * 0.2 of that.
      const [input, gain] = [0.5, 3.2]
      const z2 = input * gain
      const behind =
        placement === 'postAct' ? branchScale ** 2 * z2 * 0.5 + scale ** 2 * input : 0.5 * (branchScale ** 2 * z2 + scale ** 2 * input)
      expect(10 ** squares[1]).toBeCloseTo(z2, 12)
      expect(10 ** squares[2]).toBeCloseTo(behind * gain, 12)
    }
  })

  test('ends before a norm, behind a pool, and where the image changes its size', () => {
    const with5 = (change: Partial<LayerFacts>) => stack(CONV, 8).map((layer, k) => (k === 5 ? { ...layer, ...change } : layer))
    for (const change of [{ norm: 'batch' as const }, { afterPool: true }, { zeroPadded: null }])
      expect(forwardSquares(with5(change), unitGain(stack(CONV, 8), 1), 1)).toHaveLength(5)
  })
})

const SEEDS = 16
async function measured(
  model: Partial<ModelSettings>,
  seed: number,
): Promise<{ readonly squares: readonly Float64Array[]; readonly predicted: Float64Array; readonly id: string }> {
  const experiment: Experiment = {
    ...DEFAULT_MLP,
    model: { ...DEFAULT_MLP.model, activation: 'identity', bias: false, depth: 6, width: 24, ...model },
    init: { scheme: 'lecunNormal', tau: 1, gain: 1 },
    data: { ...DEFAULT_MLP.data, kind: 'gaussian', inputs: 9, outputs: 1, trainCount: 8, testCount: 0 },
    engine: 'float64',
    seeds: SEEDS,
    seed,
    versus: null,
    steps: 1,
    diagnostics: {
      ...DEFAULT_MLP.diagnostics,
      probeCount: 8,
      every: { evaluation: 0, gradientNorms: 1, cosines: 0, hessian: 0, kernel: 0 },
    },
  }
  const { samples } = await runHeadless(experiment, { readAsset: () => Promise.reject(new Error('no files')), allowGpu: false, steps: 0 })
  const sample = samples.find(({ type }) => type === 'gradientNorms')
  if (sample?.type !== 'gradientNorms') throw new Error('no gradient norms')
  const L = sample.layerCount
  const squares = Array.from({ length: SEEDS }, (_, k) => sample.forwardLog10!.slice(k * L, (k + 1) * L).map((log) => 10 ** (2 * log)))
  const facts = runFacts(experiment, { ...dataShape(experiment.data), trainCount: 8 }, null, { step: 0 })
  const curve = theoryFor(facts).find(({ id }) => id.endsWith('forwardSquare'))!
  return { squares, predicted: curve.y, id: curve.id }
}

/** Mean over draws of |z_k|^2 / |z_1|^2 taken as a ratio of means, against the curve, within four standard errors of its logarithm. */
async function expectSignal(model: Partial<ModelSettings>, id: string): Promise<void> {
  const draws: Float64Array[] = []
  let predicted = new Float64Array(0)
  for (const seed of [1, 2, 3, 4]) {
    const found = await measured(model, seed)
    expect(found.id).toBe(id)
    draws.push(...found.squares)
    predicted = Float64Array.from(found.predicted)
  }
  expect(predicted.length).toBeGreaterThanOrEqual(4)
  const meanAt = (k: number) => draws.reduce((sum, squares) => sum + squares[k], 0) / draws.length
  for (let k = 1; k < predicted.length; k++) {
    const [ratio, expected] = [meanAt(k) / meanAt(0), 10 ** predicted[k]]
    // Error of a ratio of means from its influence values.
    const influence = draws.map((squares) => (squares[k] - ratio * squares[0]) / meanAt(0))
    const error = Math.sqrt(influence.reduce((sum, value) => sum + value * value, 0)) / draws.length
    expect(Math.abs(ratio - expected), `layer ${k + 1}: ${ratio} against ${expected}`).toBeLessThan(4 * error)
    // The test could fail: the error bar is far below the effect of leaving a factor out.
    expect(error / ratio).toBeLessThan(0.35)
  }
}

describe('a chain at its start', () => {
  test('has half of its signals below the predicted median, behind every fifth layer', async () => {
    const seeds = 16
    const draws: Float64Array[] = []
    let typical: Float64Array = new Float64Array(0)
    for (let seed = 1; seed <= 25; seed++) {
      const experiment: Experiment = { ...DEFAULT_EXPERIMENT, seeds, seed, versus: null }
      const { samples } = await runHeadless(experiment, {
        readAsset: () => Promise.reject(new Error('no files')),
        allowGpu: false,
        steps: 0,
      })
      const sample = samples.find(({ type }) => type === 'gradientNorms')
      if (sample?.type !== 'gradientNorms') throw new Error('no gradient norms')
      const L = sample.layerCount
      for (let k = 0; k < seeds; k++) draws.push(sample.forwardLog10!.slice(k * L, (k + 1) * L).map((value, _, own) => value - own[0]))
      typical = theoryFor(runFacts(experiment, { inputWidth: 1, outputWidth: 1, imageShape: null, trainCount: 1 }, null, { step: 0 })).find(
        ({ id }) => id === 'chain.forwardTypical',
      )!.y
    }
    for (const layer of [1, 5, 10, 15, 20, 23]) {
      const below = draws.filter((own) => own[layer] < typical[layer] / 2).length / draws.length
      // Four standard errors of a half in 400 draws.
      expect(Math.abs(below - 0.5), `layer ${layer + 1}`).toBeLessThan(4 * Math.sqrt(0.25 / draws.length))
    }
  }, 60_000)
})

describe('a whole network at its start', () => {
  test('has the squares of the closed form with zero padding', async () => {
    await expectSignal({ kind: 'cnn', family: 'plain', width: 12, padding: 'zero' }, 'cnn.forwardSquare')
  }, 60_000)
  test('has those of a circular border', async () => {
    await expectSignal({ kind: 'cnn', family: 'plain', width: 12, padding: 'circular' }, 'cnn.forwardSquare')
  }, 60_000)
  test('doubles its squares per block where skips stand alone', async () => {
    await expectSignal({ kind: 'mlp', skipSpan: 1, skipPlacement: 'postAct', branchScale: 1 }, 'skip.forwardSquare')
  }, 60_000)
})
