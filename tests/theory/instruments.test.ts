// Do the instruments of whole runs measure what the closed forms say, on average over seeds?
//
// Theory, initialiser, data, engine and diagnostic are proved together here: each form within four standard errors of its mean.
import { describe, expect, test } from 'vitest'
import { DEFAULT_EXPERIMENT, DEFAULT_MLP } from '../../src/core/defaults.ts'
import type { Experiment } from '../../src/core/experiment.ts'
import type { Sample } from '../../src/core/sample.ts'
import { toNumber } from '../../src/numerics/logMagnitude.ts'
import { runHeadless } from '../../src/runtime/headless.ts'
import { chainInertia } from '../../src/theory/chainInertia.ts'
import * as moments from '../../src/theory/chainMoments.ts'
import { logGradientProduct, logGradientSquare, offeredTeacher } from '../../src/theory/diversityExpectation.ts'
import { uniformLaw } from '../../src/theory/weightLaw.ts'

const none = { evaluation: 0, gradientNorms: 0, cosines: 0, hessian: 0, kernel: 0 }
type Measured<Type extends Sample['type']> = Extract<Sample, { readonly type: Type }>

/** What one instrument says of a run's start. */
async function start<Type extends 'gradientNorms' | 'cosines' | 'hessian'>(experiment: Experiment, type: Type): Promise<Measured<Type>> {
  const diagnostics = { ...experiment.diagnostics, every: { ...none, [type]: 1 } }
  const { samples } = await runHeadless(
    { ...experiment, diagnostics, steps: 1, versus: null, engine: 'float64' },
    { readAsset: () => Promise.reject(new Error('no files')), allowGpu: false, steps: 0 },
  )
  const found = samples.find((sample): sample is Measured<Type> => sample.type === type)
  if (found === undefined) throw new Error(`no ${type}`)
  return found
}

/** The mean of the draws lies within four of its standard errors of the form. */
function expectMean(name: string, draws: readonly number[], expected: number): void {
  const mean = draws.reduce((sum, value) => sum + value / draws.length, 0)
  const error = Math.sqrt(draws.reduce((sum, value) => sum + (value - mean) ** 2, 0) / draws.length / (draws.length - 1))
  expect(Math.abs(mean - expected) / error, `${name}: measured ${mean} +- ${error}, predicted ${expected}`).toBeLessThan(4)
  // It could fail: the bar is far below the form itself.
  expect(error / expected).toBeLessThan(0.2)
}

const chain = (depth: number): Experiment => ({
  ...DEFAULT_EXPERIMENT,
  model: { ...DEFAULT_EXPERIMENT.model, depth },
  init: { scheme: 'uniform', tau: 1.3, gain: 1 },
})
const ONE = moments.singlePoint(1, 1)

describe('a chain', () => {
  test('has the second moment of its gradient over 4096 seeds, in every layer', async () => {
    const { log10, seedCount, layerCount } = await start({ ...chain(3), seeds: 4096 }, 'gradientNorms')
    const expected = toNumber(moments.gradientSecondMoment(uniformLaw(1.3), 3, ONE))
    for (let layer = 0; layer < layerCount; layer++)
      expectMean(
        `layer ${layer}`,
        Array.from({ length: seedCount }, (_, seed) => 100 ** log10[seed * layerCount + layer]),
        expected,
      )
  }, 60_000)

  test('has the second moments of its Hessian entries, and the inertia of its weights, over 400 runs', async () => {
    const samples: Measured<'hessian'>[] = []
    for (let seed = 1; seed <= 400; seed++) samples.push(await start({ ...chain(3), seed, seeds: 1 }, 'hessian'))
    const square = (row: number, column: number) => samples.map(({ blockFrobenius }) => blockFrobenius![3 * row + column] ** 2)
    const law = uniformLaw(1.3)
    expectMean('off', square(0, 1), toNumber(moments.offDiagonalSecondMoment(law, 3, ONE)))
    expectMean('off', square(2, 0), toNumber(moments.offDiagonalSecondMoment(law, 3, ONE)))
    expectMean('on', square(1, 1), toNumber(moments.diagonalSecondMoment(law, 3, ONE)))
    expectMean(
      'on, mean',
      samples.map(({ blockFrobenius }) => blockFrobenius![0]),
      toNumber(moments.diagonalMean(law, 3, ONE)),
    )
  }, 60_000)

  test('has on its plateau one eigenvalue against all others in every draw', async () => {
    const plateau = chainInertia(1e-30, 20, ONE)
    for (let seed = 1; seed <= 60; seed++) {
      const { numNegative } = await start({ ...chain(20), init: { ...chain(20).init, tau: 1 }, seed, seeds: 1 }, 'hessian')
      expect([plateau.negative, plateau.positive]).toContain(numNegative)
    }
  }, 60_000)
})

describe('a linear network with N(0, 1) weights', () => {
  test.each([
    ['teacher', 0],
    ['linearTeacher', 0.7],
    ['gaussian', 0.5],
  ] as const)(
    'has the expected squares and products of per-sample gradients over 400 runs, data %s with noise %d',
    async (kind, noise) => {
      const [inputs, width, n] = [6, 5, 12]
      const squares: number[] = []
      const products: number[] = []
      for (let seed = 1; seed <= 400; seed++) {
        const { batchSums, diversity } = await start(
          {
            ...DEFAULT_MLP,
            model: { ...DEFAULT_MLP.model, depth: 2, width, activation: 'identity', bias: false },
            init: { scheme: 'unitNormal', tau: 1, gain: 1 },
            data: { ...DEFAULT_MLP.data, kind, inputs, outputs: 1, trainCount: n, testCount: 0, noise },
            loss: { kind: 'squaredError', reduction: 'mean' },
            diagnostics: { ...DEFAULT_MLP.diagnostics, probeCount: n, pairCount: 2, pairBatch: 2 },
            batch: n,
            seeds: 1,
            seed,
          },
          'cosines',
        )
        const { meanSquare } = batchSums!
        squares.push(meanSquare)
        // |sum|^2 = n M^2 / Delta = n M^2 + n (n-1) mean <g_i, g_j>.
        products.push((meanSquare * (1 / diversity! - 1)) / (n - 1))
      }
      const teacher = offeredTeacher(kind, inputs, noise)
      expectMean('E|g|^2', squares, Math.exp(logGradientSquare(inputs, [width], teacher)))
      expectMean('E<g_i, g_j>', products, Math.exp(logGradientProduct(inputs, [width], teacher)))
    },
    120_000,
  )
})

describe('a linear Gaussian network', () => {
  test('multiplies the square of its last diagonal block by d (d + 2) s2^2 a layer, of one sample', async () => {
    const [d, s2] = [3, 1 / 3]
    for (const depth of [2, 3]) {
      const ratios: number[] = []
      for (let seed = 1; seed <= 500; seed++) {
        const { blockFrobenius } = await start(
          {
            ...DEFAULT_MLP,
            model: { ...DEFAULT_MLP.model, depth, width: d, activation: 'identity', bias: false },
            init: { scheme: 'lecunNormal', tau: 1, gain: 1 },
            data: { ...DEFAULT_MLP.data, kind: 'sphere', inputs: d, outputs: 1, trainCount: 1, testCount: 0 },
            loss: { kind: 'squaredError', reduction: 'mean' },
            diagnostics: { ...DEFAULT_MLP.diagnostics, probeCount: 1 },
            batch: 1,
            seeds: 1,
            seed,
          },
          'hessian',
        )
        // |H_LL| = |a|^2 for one output: all layers below are d x d, and the input has length 1.
        ratios.push(blockFrobenius![depth * depth - 1] ** 2)
      }
      expectMean(`depth ${depth}`, ratios, (s2 * s2 * d * (d + 2)) ** (depth - 1))
    }
  }, 120_000)
})
