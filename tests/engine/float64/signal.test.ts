// Do signals and gradients grow with depth as the closed forms say?
import { describe, expect, test } from 'vitest'
import { DEFAULT_MLP } from '../../../src/core/defaults.ts'
import type { InitSettings } from '../../../src/core/experiment.ts'
import { networkWidths, type ConvLayerSpec, type LayerSpec, type NetworkSpec } from '../../../src/core/networkSpec.ts'
import { createFloat64Trainer } from '../../../src/engine/float64/float64Trainer.ts'
import { initialWeights } from '../../../src/engine/initialWeights.ts'
import { conv, dense, skip } from '../reference/layers.ts'
import { datasetOf, normals, optionsOf, samples, SEED } from '../reference/problems.ts'

const MEAN = { kind: 'squaredError', reduction: 'mean' } as const
const LECUN: InitSettings = { scheme: 'lecunNormal', tau: 1, gain: 1 }
const ORTHOGONAL: InitSettings = { scheme: 'orthogonal', tau: 1, gain: 1 }
const { model } = DEFAULT_MLP
/** A chain's start keeps all bits. */
const UNROUNDED = { ...model, kind: 'chain' } as const
const square = (values: ArrayLike<number>): number => Array.from(values).reduce((sum, value) => sum + value * value, 0)
const linear = (layers: readonly LayerSpec[]): NetworkSpec => ({ layers, loss: MEAN })

/** |h_l|^2 of every layer for one random image, where there is no norm and no skip. */
async function squares(spec: NetworkSpec, weights: Float64Array, name: string): Promise<number[]> {
  const { inputWidth, outputWidth } = networkWidths(spec)
  const data = datasetOf(inputWidth, outputWidth, normals(inputWidth, name), new Float64Array(outputWidth))
  return (
    await createFloat64Trainer(optionsOf(spec, data, [weights]))
      .probe(0)
      .preactivations(samples(1))
  ).map(square)
}

describe('the mean square of a linear 7 x 7 net at LeCun normal weights', () => {
  const [depth, channels, seeds] = [14, 16, 60]
  /** Mean over seeds of |h_l|^2, by layer. */
  async function meanSquares(paddingMode: ConvLayerSpec['paddingMode']): Promise<number[]> {
    const change = { paddingMode, bias: false, activation: 'identity' } as const
    const spec = linear(Array.from({ length: depth }, () => conv(channels, channels, 7, change)))
    const means = Array.from({ length: depth }, () => 0)
    for (let seed = 0; seed < seeds; seed++) {
      const found = await squares(spec, initialWeights(spec, LECUN, model, SEED, seed), `image ${seed}`)
      for (const [l, value] of found.entries()) means[l] += value / seeds
    }
    return means
  }
  const factor = (means: readonly number[], from: number, to: number): number => (means[to] / means[from]) ** (1 / (to - from))

  test('loses 0.901 a layer to zero padding after a transient, and 0.819 in the first layer', async () => {
    const means = await meanSquares('zero')
    // ((1 + 2 cos(pi/8))/3)^2 = 0.901 and (1 - 2/21)^2 = 0.819. Means of 60 nets of 144 fan-in scatter by 1 % a layer; the bar is 10 %.
    expect(Math.abs(factor(means, 4, 13) / 0.901 - 1)).toBeLessThan(0.05)
    expect(Math.abs(means[0] / (channels * 49) / 0.819 - 1)).toBeLessThan(0.05)
  })
  test('stays with circular padding', async () => {
    const means = await meanSquares('circular')
    expect(Math.abs(factor(means, 4, 13) - 1)).toBeLessThan(0.05)
    expect(Math.abs(means[0] / (channels * 49) - 1)).toBeLessThan(0.05)
  })
})

describe('skips around linear branches', () => {
  /** |h_l|^2 for every choice of signs of the branches, averaged: the expectation over symmetric weights, without its noise. */
  async function meanOverSigns(spec: NetworkSpec, starts: readonly Float64Array[], inputWidth: number): Promise<number> {
    const image = normals(inputWidth, 'image')
    const data = datasetOf(inputWidth, inputWidth, image, new Float64Array(inputWidth))
    const size = starts[0].length
    let mean = 0
    for (let signs = 0; signs < 2 ** starts.length; signs++) {
      const weights = new Float64Array(size * starts.length)
      for (const [l, start] of starts.entries())
        weights.set(
          start.map((w) => (signs & (1 << l) ? -w : w)),
          l * size,
        )
      const { outputs } = await createFloat64Trainer(optionsOf(spec, data, [weights]))
        .probe(0)
        .loss(samples(1))
      mean += square(outputs) / 2 ** starts.length
    }
    return mean / square(image)
  }
  test.each([
    ['units', 4, (l: number) => dense(6, 6, { bias: false, activation: 'identity', skip: skip(l) })],
    ['images', 4, (l: number) => conv(2, 2, 3, { bias: false, activation: 'identity', paddingMode: 'circular', skip: skip(l, 'preAct') })],
  ] as const)('double the mean square per block, exactly: %s', async (_, blocks, block) => {
    const spec = linear(Array.from({ length: blocks }, (_value, l) => block(l)))
    // |W h| = |h| for orthogonal W, and the cross term of h + W h has opposite signs for W and -W.
    const starts = Array.from({ length: blocks }, (_value, l) => initialWeights(linear([block(0)]), ORTHOGONAL, UNROUNDED, SEED, l))
    expect(await meanOverSigns(spec, starts, networkWidths(spec).inputWidth)).toBeCloseTo(2 ** blocks, 11)
  })
  test('grow by 1 + b^2 a block at branch scale b', async () => {
    const block = (l: number) => dense(6, 6, { bias: false, activation: 'identity', skip: skip(l, 'postAct', 1, 0.5) })
    const starts = [0, 1, 2].map((l) => initialWeights(linear([block(0)]), ORTHOGONAL, UNROUNDED, SEED, l))
    expect(await meanOverSigns(linear([block(0), block(1), block(2)]), starts, 6)).toBeCloseTo(1.25 ** 3, 12)
  })
  test('double it in the mean over Gaussian weights of unit gain', async () => {
    const [blocks, seeds] = [5, 400]
    const spec = linear(Array.from({ length: blocks }, (_, l) => dense(30, 30, { bias: false, activation: 'identity', skip: skip(l) })))
    const data = datasetOf(30, 30, normals(30, 'image'), new Float64Array(30))
    const growths: number[] = []
    for (let seed = 0; seed < seeds; seed++) {
      const start = initialWeights(spec, LECUN, model, SEED, seed)
      const { outputs } = await createFloat64Trainer(optionsOf(spec, data, [start]))
        .probe(0)
        .loss(samples(1))
      growths.push(square(outputs) / square(data.train.inputs))
    }
    const mean = growths.reduce((a, b) => a + b, 0) / seeds
    const spread = Math.sqrt(growths.reduce((sum, g) => sum + (g - mean) ** 2, 0) / (seeds - 1) / seeds)
    // Four standard errors of the mean, themselves small enough to tell 32 from 27 or 38.
    expect(Math.abs(mean - 2 ** blocks)).toBeLessThan(4 * spread)
    expect(spread).toBeLessThan(1.2)
  })
})

describe('orthogonal linear nets', () => {
  test('have the gradient norm |f - y| |x| in every layer of every depth', async () => {
    const width = 8
    const x = normals(width, 'x')
    const residuals = normals(width, 'y')
    for (const depth of [1, 2, 10, 50]) {
      const spec = linear(Array.from({ length: depth }, () => dense(width, width, { bias: false, activation: 'identity' })))
      const start = initialWeights(spec, ORTHOGONAL, model, SEED, depth)
      const outputs = (
        await createFloat64Trainer(optionsOf(spec, datasetOf(width, width, x, residuals), [start]))
          .probe(0)
          .loss(samples(1))
      ).outputs
      // Targets such that the residual is the same at every depth.
      const data = datasetOf(
        width,
        width,
        x,
        outputs.map((f, i) => f - residuals[i]),
      )
      const { mantissa, exponent } = await createFloat64Trainer(optionsOf(spec, data, [start]))
        .probe(0)
        .gradientNorms(samples(1))
      for (const [l, value] of mantissa.entries()) {
        // Weights rounded to float32 are orthogonal to 1e-7 a layer.
        expect(Math.abs((value * 2 ** exponent[l]) / Math.sqrt(square(residuals) * square(x)) - 1)).toBeLessThan(1e-5)
      }
    }
  })
  test('of images keep their norm and that of their deltas through 30 delta-orthogonal convolutions with circular padding', async () => {
    const change = { bias: false, activation: 'identity', paddingMode: 'circular' } as const
    const spec = linear(Array.from({ length: 30 }, () => conv(4, 4, 5, change)))
    const start = initialWeights(spec, ORTHOGONAL, UNROUNDED, SEED, 0)
    const found = await squares(spec, start, 'image')
    const size = square(normals(100, 'image'))
    // Preactivations come rounded to float32, outputs do not.
    for (const value of found) expect(Math.abs(value / size - 1)).toBeLessThan(1e-7)
    const data = datasetOf(100, 100, normals(100, 'image'), normals(100, 'target'))
    const probe = createFloat64Trainer(optionsOf(spec, data, [start])).probe(0)
    expect(square((await probe.loss(samples(1))).outputs) / size).toBeCloseTo(1, 12)
    // Deltas: the gradient of a filter's centre tap is delta times input of the layer, whose Gram matrices all agree up to rotations.
    const gradient = await probe.gradient(samples(1))
    const centre = (l: number) => Math.sqrt(square(Array.from({ length: 16 }, (_, k) => gradient[l * 144 + 9 * k + 4])))
    for (let l = 1; l < 30; l++) expect(centre(l) / centre(0)).toBeCloseTo(1, 11)
  })
  test('grow by their gain a layer', async () => {
    const spec = linear(Array.from({ length: 10 }, () => dense(6, 6, { bias: false, activation: 'identity' })))
    const found = await squares(spec, initialWeights(spec, { ...ORTHOGONAL, gain: 1.1 }, UNROUNDED, SEED, 0), 'image')
    // Rounded to float32.
    expect(found[9] / square(normals(6, 'image'))).toBeCloseTo(1.1 ** 20, 5)
  })
})
