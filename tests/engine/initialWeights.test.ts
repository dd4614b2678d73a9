import { describe, expect, test } from 'vitest'
import { DEFAULT_MLP } from '../../src/core/defaults.ts'
import type { InitSettings, ModelSettings } from '../../src/core/experiment.ts'
import { equivalentTau, initialWeights } from '../../src/engine/initialWeights.ts'
import { chainSpec, denseSpec, SEED } from './reference/problems.ts'

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
})
