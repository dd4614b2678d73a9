import { describe, expect, test } from 'vitest'
import { DEFAULT_MLP } from '../../src/core/defaults.ts'
import type { InitSettings, ModelSettings } from '../../src/core/experiment.ts'
import { entryVariance, equivalentTau } from '../../src/core/weightVariance.ts'
import { initialWeights } from '../../src/engine/initialWeights.ts'
import { conv, dense, norm, pool, withHead } from './reference/layers.ts'
import { chainSpec, denseSpec, SEED } from './reference/problems.ts'
import { weightLaw } from '../../src/theory/weightLaw.ts'

const mlp = DEFAULT_MLP.model
const chain: ModelSettings = { ...mlp, kind: 'chain' }
const draw = (fanIn: number, fanOut: number, init: InitSettings, model = mlp, seedIndex = 0): Float64Array =>
  initialWeights(denseSpec([fanIn, fanOut], { bias: false }), init, model, SEED, seedIndex)
const meanOf = (values: Float64Array, power: number): number => values.reduce((sum, w) => sum + w ** power, 0) / values.length

const FAN_IN = 200
const FAN_OUT = 100
/** Variance of one weight, kurtosis of its law, and its bound. */
const LAWS: readonly (readonly [InitSettings, number, number, number])[] = [
  [{ scheme: 'uniform', tau: 1.5, gain: 1 }, 1.5 ** 2 / (3 * FAN_IN), 9 / 5, 1.5 / Math.sqrt(FAN_IN)],
  [{ scheme: 'lecunUniform', tau: 9, gain: 1 }, 1 / (3 * FAN_IN), 9 / 5, 1 / Math.sqrt(FAN_IN)],
  [{ scheme: 'glorotUniform', tau: 9, gain: 1 }, 2 / (FAN_IN + FAN_OUT), 9 / 5, Math.sqrt(6 / (FAN_IN + FAN_OUT))],
  [{ scheme: 'heUniform', tau: 9, gain: 1 }, 2 / FAN_IN, 9 / 5, Math.sqrt(6 / FAN_IN)],
  [{ scheme: 'lecunNormal', tau: 9, gain: 1 }, 1 / FAN_IN, 3, Infinity],
  [{ scheme: 'glorotNormal', tau: 9, gain: 1 }, 2 / (FAN_IN + FAN_OUT), 3, Infinity],
  [{ scheme: 'heNormal', tau: 9, gain: 1 }, 2 / FAN_IN, 3, Infinity],
  [{ scheme: 'unitNormal', tau: 9, gain: 1 }, 1, 3, Infinity],
]

describe('initialWeights', () => {
  test.each(LAWS)('draws $scheme with its mean, variance, kurtosis and bound', (init, variance, kurtosis, bound) => {
    const weights = draw(FAN_IN, FAN_OUT, init)
    const n = weights.length
    // Four standard errors of each mean; the fourth moment's own spread from the eighth (uniform 1/9 b^8, normal 105).
    expect(Math.abs(meanOf(weights, 1))).toBeLessThan(4 * Math.sqrt(variance / n))
    expect(Math.abs(meanOf(weights, 2) / variance - 1)).toBeLessThan(4 * Math.sqrt((kurtosis - 1) / n))
    const eighth = kurtosis === 3 ? 105 : 9
    expect(Math.abs(meanOf(weights, 4) / variance ** 2 - kurtosis)).toBeLessThan(4 * Math.sqrt((eighth - kurtosis ** 2) / n))
    // Rounding to float32 may leave the bound by half a unit in the last place.
    expect(weights.every((weight) => Math.abs(weight) <= bound * (1 + 2 ** -24))).toBe(true)
    // Of 20000 uniform draws, the largest comes within 0.2 % of the bound but with chance e^-40.
    if (bound < Infinity) expect(Math.max(...weights.map(Math.abs))).toBeGreaterThan(0.998 * bound)
    expect(equivalentTau(init, mlp, FAN_IN, FAN_OUT)).toBeCloseTo(Math.sqrt(3 * FAN_IN * variance), 12)
  })
  test.each([
    [5, 5],
    [4, 9],
    [9, 4],
  ])('draws orthonormal rows or columns for %i -> %i', (fanIn, fanOut) => {
    const w = draw(fanIn, fanOut, { scheme: 'orthogonal', tau: 1, gain: 1 }, chain)
    const [count, length, at] =
      fanOut <= fanIn
        ? [fanOut, fanIn, (v: number, k: number) => w[v * fanIn + k]]
        : [fanIn, fanOut, (v: number, k: number) => w[k * fanIn + v]]
    for (let a = 0; a < count; a++) {
      for (let b = 0; b < count; b++) {
        let dot = 0
        for (let k = 0; k < length; k++) dot += at(a, k) * at(b, k)
        // Gram-Schmidt with a second pass is orthogonal to rounding.
        expect(dot).toBeCloseTo(a === b ? 1 : 0, 13)
      }
    }
    expect(equivalentTau({ scheme: 'orthogonal', tau: 1, gain: 1 }, mlp, fanIn, fanOut)).toBeCloseTo(Math.sqrt((3 * fanIn) / length), 12)
  })
  test('prefers no direction in orthogonal draws: both signs come up equally on the diagonal', () => {
    let positive = 0
    for (let k = 0; k < 400; k++) if (draw(2, 2, { scheme: 'orthogonal', tau: 1, gain: 1 }, mlp, k)[3] > 0) positive++
    // Four standard errors of a fair coin: 4 sqrt(400)/2.
    expect(Math.abs(positive - 200)).toBeLessThan(40)
  })
  test('divides the variance by kappa in all layers but the first for kappaNormal', () => {
    const init: InitSettings = { scheme: 'kappaNormal', tau: 1, gain: 4 }
    const weights = initialWeights(denseSpec([100, 100, 100]), init, mlp, SEED, 0)
    const meanSquare = (start: number) => weights.subarray(start, start + 10_000).reduce((sum, w) => sum + w * w, 0) / 10_000
    // Six standard errors of a mean of 10^4 squares of normal numbers: sqrt(2)/100 each.
    expect(Math.abs(100 * meanSquare(0) - 1)).toBeLessThan(0.085)
    expect(Math.abs(400 * meanSquare(10_000 + (weights.length - 20_000) / 2) - 1)).toBeLessThan(0.085)
    expect(equivalentTau(init, mlp, 100, 100, true)).toBeCloseTo(Math.sqrt(3), 12)
    expect(equivalentTau(init, mlp, 100, 100)).toBeCloseTo(Math.sqrt(3) / 2, 12)
    for (const isFirst of [true, false])
      expect(weightLaw(init, 100, 50, isFirst).variance).toBeCloseTo(entryVariance(init, { fanIn: 100, fanOut: 50, isFirst }), 15)
  })
  test('has the variance that the theory says, gain included', () => {
    const init: InitSettings = { scheme: 'orthogonal', tau: 1, gain: 0.5 }
    expect(weightLaw(init, 6, 9).variance).toBeCloseTo(entryVariance(init, { fanIn: 6, fanOut: 9 }), 15)
  })
  test('sets every weight to tau for constant', () => {
    expect(Array.from(draw(1, 3, { scheme: 'constant', tau: 0.5, gain: 1 }))).toEqual([0.5, 0.5, 0.5])
  })
  test('draws N(0, 1) in the NTK parameterization, whatever the scheme', () => {
    const ntk: ModelSettings = { ...mlp, parameterization: 'ntk' }
    const weights = draw(FAN_IN, FAN_OUT, { scheme: 'uniform', tau: 0.1, gain: 1 }, ntk)
    expect(Math.abs(meanOf(weights, 2) - 1)).toBeLessThan(4 * Math.sqrt(2 / weights.length))
    expect(equivalentTau({ scheme: 'uniform', tau: 0.1, gain: 1 }, ntk, FAN_IN, FAN_OUT)).toBe(Math.sqrt(3))
  })
  test('starts biases at 0', () => {
    const weights = initialWeights(denseSpec([2, 3, 1]), { scheme: 'heUniform', tau: 1, gain: 1 }, mlp, SEED, 0)
    expect(Array.from(weights.subarray(6, 9))).toEqual([0, 0, 0])
    expect(weights[12]).toBe(0)
    expect(weights.filter((w) => w !== 0)).toHaveLength(9)
  })
  test('rounds networks to float32 and leaves chains alone', () => {
    const init: InitSettings = { scheme: 'uniform', tau: 1.5, gain: 1 }
    const network = initialWeights(chainSpec(50), init, mlp, SEED, 0)
    const neural = initialWeights(chainSpec(50), init, chain, SEED, 0)
    expect(Array.from(network)).toEqual(Array.from(neural, Math.fround))
    expect(Array.from(neural)).not.toEqual(Array.from(network))
    for (const weight of neural) expect(Math.abs(weight)).toBeLessThanOrEqual(1.5)
  })
  test('repeats itself for a seed and index, and for no other', () => {
    const init: InitSettings = { scheme: 'heNormal', tau: 1, gain: 1 }
    expect(draw(3, 3, init)).toEqual(draw(3, 3, init))
    expect(draw(3, 3, init, mlp, 1)).not.toEqual(draw(3, 3, init))
  })
  test.each([
    ['uniform', 0.8488993644714355, 0.6770895719528198, -0.08583991229534149, -0.4526364505290985],
    ['heUniform', 1.386246919631958, 1.1056827306747437, -0.14017599821090698, -0.739152193069458],
    ['lecunNormal', 0.12221703678369522, -1.1192364692687988, -0.6985459327697754, 0.7632846832275391],
    ['orthogonal', 0.173148050904274, -0.06266091018915176, -0.43741703033447266, 0.9049004912376404],
    ['unitNormal', 0.2116861194372177, -1.9385744333267212, -1.3970918655395508, 1.5265693664550781],
  ] as const)('draws %s as it always did: shared links show what they showed', (scheme, ...golden) => {
    const weights = initialWeights(denseSpec([3, 4, 2]), { scheme, tau: 1.5, gain: 1 }, mlp, SEED, 3)
    expect([0, 11, 16, 23].map((k) => weights[k])).toEqual(golden)
  })
  test('draws filters by k^2 channels into and out of a unit', () => {
    const layer = conv(6, 40, 5)
    const spec = { layers: [layer], loss: { kind: 'squaredError', reduction: 'mean' } } as const
    const fans = { fanIn: 54, fanOut: 360 }
    for (const [init, variance] of [
      [{ scheme: 'heNormal', tau: 1, gain: 1 }, 2 / fans.fanIn],
      [{ scheme: 'glorotUniform', tau: 1, gain: 1 }, 2 / (fans.fanIn + fans.fanOut)],
      [{ scheme: 'uniform', tau: 1.5, gain: 1 }, 1.5 ** 2 / (3 * fans.fanIn)],
    ] as const) {
      const filters = initialWeights(spec, init, mlp, SEED, 0).subarray(0, 2160)
      // Four standard errors of a mean of squares, the normal law's being the widest.
      expect(Math.abs(meanOf(filters, 2) / variance - 1)).toBeLessThan(4 * Math.sqrt(2 / 2160))
      expect(equivalentTau(init, mlp, fans.fanIn, fans.fanOut)).toBeCloseTo(Math.sqrt(3 * fans.fanIn * variance), 12)
    }
  })
  test.each([
    [5, 5],
    [3, 7],
    [7, 3],
  ])('draws delta-orthogonal filters %i -> %i: the centre taps times the gain are orthonormal, the rest 0', (inChannels, outChannels) => {
    const spec = { layers: [conv(inChannels, outChannels, 4, { bias: false })], loss: { kind: 'squaredError', reduction: 'mean' } } as const
    const init: InitSettings = { scheme: 'orthogonal', tau: 1, gain: 1.5 }
    const filters = initialWeights(spec, init, chain, SEED, 0)
    const centre = (o: number, i: number) => filters[(o * inChannels + i) * 9 + 4]
    expect(filters.filter((w) => w !== 0)).toHaveLength(inChannels * outChannels)
    const [count, length] = [Math.min(inChannels, outChannels), Math.max(inChannels, outChannels)]
    for (let a = 0; a < count; a++) {
      for (let b = 0; b < count; b++) {
        let dot = 0
        for (let k = 0; k < length; k++) dot += outChannels <= inChannels ? centre(a, k) * centre(b, k) : centre(k, a) * centre(k, b)
        // Gram-Schmidt with a second pass is orthogonal to rounding.
        expect(dot).toBeCloseTo(a === b ? 1.5 ** 2 : 0, 13)
      }
    }
    const meanSquare = meanOf(filters, 2)
    expect(equivalentTau(init, mlp, 9 * inChannels, 9 * outChannels)).toBeCloseTo(Math.sqrt(27 * inChannels * meanSquare), 12)
  })
  test('scales orthogonal layers by the gain', () => {
    const [plain, scaled] = [1, 2].map((gain) => draw(4, 4, { scheme: 'orthogonal', tau: 1, gain }))
    expect(Array.from(scaled)).toEqual(Array.from(plain, (w) => 2 * w))
  })
  test('starts gamma at 1 and beta at 0, and draws nothing for them or for pools', () => {
    const layers = (kind: 'batch' | 'layer' | null) => {
      const normed = kind === null ? {} : { norm: norm(kind) }
      return withHead([conv(2, 3, 4, normed), pool('average', 3, 4), dense(12, 5, normed)])
    }
    const init: InitSettings = { scheme: 'heNormal', tau: 1, gain: 1 }
    const plain = initialWeights(layers(null), init, mlp, SEED, 0)
    for (const kind of ['batch', 'layer'] as const) {
      const normed = initialWeights(layers(kind), init, mlp, SEED, 0)
      // 54 weights, 3 biases, 3 gammas and 3 betas; 60 weights, 5 biases, 5 and 5; 10 weights and 2 biases.
      expect(Array.from(normed.subarray(57, 63))).toEqual([1, 1, 1, 0, 0, 0])
      expect(Array.from(normed.subarray(128, 138))).toEqual([1, 1, 1, 1, 1, 0, 0, 0, 0, 0])
      expect([...normed.subarray(0, 57), ...normed.subarray(63, 128), ...normed.subarray(138)]).toEqual(Array.from(plain))
    }
  })
})
