// shallowCurves, shallowCurvature and wideShallowKernel
import { describe, expect, test } from 'vitest'
import { namedStream } from '../../src/numerics/streams.ts'
import { symmetricEigenvalues } from '../../src/numerics/symmetricEigenvalues.ts'
import { activationJet, shallowHessianNorm, shallowKernel } from '../../src/theory/shallowKernel.ts'
import { shallowCurvature, shallowCurvatureCeiling, shallowCurves, wideShallowKernel } from '../../src/theory/shallowCurves.ts'

const stream = namedStream(3, 'shallow')
const draw = (m: number) => Float64Array.from({ length: m }, () => stream.normal())
const network = (m: number, inputs: readonly number[]) => ({
  inputs: Float64Array.from(inputs),
  weights: draw(m),
  signs: draw(m).map(Math.sign),
})

describe('wideShallowKernel', () => {
  test('is x^2 for the identity and half of it for relu', () => {
    expect(wideShallowKernel(1.5, 'identity')).toBeCloseTo(2.25, 12)
    expect(wideShallowKernel(-1.5, 'relu')).toBe(1.125)
  })
  test.each(['tanh', 'swish', 'tanh3'] as const)('is the mean over a hundred thousand weights for %s', (activation) => {
    const sampled = shallowKernel(0.8, 0.8, draw(100_000), activation)
    // Slopes are bounded by 3: the mean of 1e5 of them is off by 1 % at most.
    expect(Math.abs(sampled / wideShallowKernel(0.8, activation) - 1)).toBeLessThan(0.01)
  })
})

describe('shallowCurves', () => {
  test('are K(x, x), K(x, x*) with the input of largest size, and the limit of infinite width', () => {
    const own = network(50, [-2, 0.5, 1])
    const [diagonal, row, limit] = shallowCurves(own, 'tanh', 'identity', true)
    const slope = (w: number, x: number) => 1 - Math.tanh(w * x) ** 2
    const mean = (f: (w: number) => number) => own.weights.reduce((sum, w) => sum + f(w) / 50, 0)
    expect([diagonal.x[0], diagonal.x.at(-1)]).toEqual([-2, 1])
    expect(diagonal.y.at(-1)).toBeCloseTo(
      mean((w) => slope(w, 1) ** 2),
      12,
    )
    expect(row.y.at(-1)).toBeCloseTo(-2 * mean((w) => slope(w, 1) * slope(w, -2)), 12)
    expect(limit.y[0]).toBeCloseTo(wideShallowKernel(-2, 'tanh'), 12)
  })
  test('count the slope of an output activation, and then know no limit', () => {
    const own = network(20, [0, 1])
    const [plain] = shallowCurves(own, 'tanh', 'identity', true)
    const curves = shallowCurves(own, 'tanh', 'tanh', true)
    const f = own.weights.reduce((sum, w, i) => sum + (own.signs[i] * Math.tanh(w)) / Math.sqrt(20), 0)
    expect(curves.map(({ id }) => id)).toEqual(['kernel.shallowDiagonal', 'kernel.shallowRow'])
    expect(curves[0].y.at(-1)).toBeCloseTo(plain.y.at(-1)! * (1 - Math.tanh(f) ** 2) ** 2, 12)
  })
  test('say of the limit that it is for weights as drawn', () => {
    const verdicts = shallowCurves(network(5, [1]), 'relu', 'identity', false)
      .at(-1)!
      .hypotheses.map(({ holds }) => holds)
    expect(verdicts).toContain(false)
  })
  test('do not exist for activations without a jet', () => {
    expect(shallowCurves(network(5, [1]), 'sigmoid', 'identity', true)).toEqual([])
    expect(shallowCurvature(network(5, [1]), 'sigmoid', 'identity')).toBeNull()
  })
})

describe('shallowCurvature', () => {
  test('is that of the input where it is largest; 0 for relu', () => {
    const own = { inputs: Float64Array.of(0.1, 2), weights: Float64Array.of(0.3, -0.4), signs: Float64Array.of(1, -1) }
    const curvature = (z: number) => Math.abs(-2 * Math.tanh(z) * (1 - Math.tanh(z) ** 2))
    expect(shallowCurvature(own, 'tanh', 'identity')).toBeCloseTo((4 * Math.max(curvature(0.6), curvature(0.8))) / Math.SQRT2, 12)
    expect(shallowCurvature(own, 'relu', 'identity')).toBe(0)
  })
  test('is the norm of the dense Hessian behind an output activation, from finite differences', () => {
    const own = network(6, [0.4, -1.3])
    for (const [activation, output] of [
      ['tanh', 'tanh3'],
      ['swish', 'tanh'],
      ['tanh', 'swish'],
      ['identity', 'swish'],
    ] as const) {
      const f = (w: Float64Array, x: number) =>
        activationJet(output, w.reduce((sum, v, i) => sum + own.signs[i] * activationJet(activation, v * x).value, 0) / Math.sqrt(6)).value
      const at = (x: number, i: number, a: number, j: number, b: number) => {
        const w = own.weights.slice()
        w[i] += a
        w[j] += b
        return f(w, x)
      }
      const h = 1e-3
      const norms = [...own.inputs].map((x) => {
        const hessian = Float64Array.from({ length: 36 }, (_, k) => {
          const [i, j] = [Math.floor(k / 6), k % 6]
          return (at(x, i, h, j, h) - at(x, i, h, j, -h) - at(x, i, -h, j, h) + at(x, i, -h, j, -h)) / (4 * h * h)
        })
        return Math.max(...symmetricEigenvalues(hessian, 6).map(Math.abs))
      })
      // Second differences with h = 1e-3: 1e-6 of the third derivatives.
      expect(shallowCurvature(own, activation, output)).toBeCloseTo(Math.max(...norms), 4)
    }
  })
  test('keeps its order behind an output activation, and falls like the root of the width without one', () => {
    const [narrow, wide] = [network(100, [1]), network(10_000, [1])]
    const signs = narrow.signs
    // The same output at both widths, so that only the width differs.
    const copies = {
      inputs: narrow.inputs,
      weights: wide.weights.map((_, i) => narrow.weights[i % 100]),
      signs: wide.signs.map((_, i) => signs[i % 100]),
    }
    const halved = { ...copies, signs: copies.signs.map((sign, i) => (i < 5500 ? sign : -sign)) }
    expect(shallowCurvature(halved, 'tanh', 'identity')! / shallowCurvature(narrow, 'tanh', 'identity')!).toBeCloseTo(0.1, 12)
    expect(shallowCurvature(halved, 'tanh', 'tanh3')! / shallowCurvature(narrow, 'tanh', 'tanh3')!).toBeCloseTo(1, 0)
  })
})

describe('shallowCurvatureCeiling', () => {
  test.each(['tanh', 'tanh3', 'swish'] as const)(
    'is never exceeded, and reached within a thousandth by some weight, for %s',
    (activation) => {
      const weights = Float64Array.from({ length: 8001 }, (_, k) => (k - 4000) / 1000)
      const largest = shallowHessianNorm(1.5, weights, activation) * Math.sqrt(8001 / 50)
      const ceiling = shallowCurvatureCeiling(1.5, 50, activation)!
      expect(largest).toBeLessThanOrEqual(ceiling * (1 + 1e-12))
      expect(largest / ceiling).toBeGreaterThan(0.999)
    },
  )
  test('does not exist for a kink or an activation without a jet', () => {
    expect(shallowCurvatureCeiling(1, 4, 'relu')).toBeNull()
    expect(shallowCurvatureCeiling(1, 4, 'gelu')).toBeNull()
  })
})
