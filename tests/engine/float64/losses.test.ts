import { describe, expect, test } from 'vitest'
import { lossSchema } from '../../../src/core/experiment.ts'
import { lossFunction, reductionShare } from '../../../src/engine/float64/losses.ts'
import { directionalDerivative, relativeError } from '../reference/closeness.ts'
import { normals } from '../reference/problems.ts'

const KINDS = lossSchema.entries.kind.options
const N = 3
const C = 4
const outputs = normals(N * C, 'outputs', 2)
/** Soft targets that do not sum to one: the general case of the formula. */
const targets = normals(N * C, 'soft').map(Math.abs)
const ce = lossFunction('softmaxCrossEntropy')

const deltaOf = (kind: (typeof KINDS)[number], f: Float64Array, y = targets, share = 1, n = N, c = C): Float64Array => {
  const into = new Float64Array(n * c)
  lossFunction(kind).delta(f, y, n, c, share, into)
  return into
}
const valuesOf = (kind: (typeof KINDS)[number], f: Float64Array, y = targets, n = N, c = C): Float64Array => {
  const into = new Float64Array(n)
  lossFunction(kind).values(f, y, n, c, into)
  return into
}

describe.each(KINDS)('%s', (kind) => {
  test('has the derivative of its values', async () => {
    const direction = normals(N * C, 'direction')
    const slopes = await directionalDerivative((f) => valuesOf(kind, f), outputs, direction, 1e-3)
    const delta = deltaOf(kind, outputs)
    const expected = Array.from({ length: N }, (_, i) => {
      let sum = 0
      for (let j = 0; j < C; j++) sum += delta[i * C + j] * direction[i * C + j]
      return sum
    })
    // Four-point rule at 1e-3: 1e-12 from truncation, 1e-13 from rounding.
    expect(relativeError(slopes, expected)).toBeLessThan(1e-10)
  })
  test('has the second derivative of its values along a tangent, with its share', async () => {
    const direction = normals(N * C, 'direction')
    const slopes = await directionalDerivative((f) => deltaOf(kind, f, targets, 0.25), outputs, direction, 1e-3)
    const into = new Float64Array(N * C)
    lossFunction(kind).deltaTangent(outputs, targets, direction, N, C, 0.25, into)
    expect(relativeError(into, slopes)).toBeLessThan(1e-10)
  })
})

describe('softmaxCrossEntropy', () => {
  test('is log c at equal outputs, with delta p - y', () => {
    const y = Float64Array.of(0, 1, 0, 0)
    expect(valuesOf('softmaxCrossEntropy', new Float64Array(4), y, 1)[0]).toBeCloseTo(Math.log(4), 15)
    expect(Array.from(deltaOf('softmaxCrossEntropy', new Float64Array(4), y, 1, 1))).toEqual([0.25, -0.75, 0.25, 0.25])
  })
  test('is the logistic loss for two classes', () => {
    const [a, b] = [0.3, -1.1]
    const y = Float64Array.of(1, 0)
    expect(valuesOf('softmaxCrossEntropy', Float64Array.of(a, b), y, 1, 2)[0]).toBeCloseTo(Math.log(1 + Math.exp(b - a)), 15)
  })
  test('keeps losses and deltas of well learned samples to relative accuracy', () => {
    const f = Float64Array.of(50, 0, 0)
    const y = Float64Array.of(1, 0, 0)
    // log(1 + 2 e^-50) = 2 e^-50, far below the rounding of log(sum) - f.
    expect(valuesOf('softmaxCrossEntropy', f, y, 1, 3)[0] / (2 * Math.exp(-50))).toBeCloseTo(1, 12)
    const delta = deltaOf('softmaxCrossEntropy', f, y, 1, 1, 3)
    expect(delta[0] / (-2 * Math.exp(-50))).toBeCloseTo(1, 12)
    expect(delta[1] / Math.exp(-50)).toBeCloseTo(1, 12)
  })
  test('does not overflow at outputs of 1e5', () => {
    const y = Float64Array.of(1, 0)
    expect(valuesOf('softmaxCrossEntropy', Float64Array.of(0, 1e5), y, 1, 2)[0]).toBe(1e5)
    expect(Array.from(deltaOf('softmaxCrossEntropy', Float64Array.of(0, 1e5), y, 1, 1, 2))).toEqual([-1, 1])
  })
  test.each([
    ['NaN before', [NaN, 1]],
    ['NaN after', [1, NaN]],
    ['infinite', [Infinity, 0]],
  ])('is not finite where an output is %s', (_, f) => {
    const into = new Float64Array(1)
    ce.values(Float64Array.from(f), Float64Array.of(0, 1), 1, 2, into)
    expect(into[0]).not.toBeLessThan(Infinity)
  })
})

describe('logistic', () => {
  const y = Float64Array.of(1, -1)
  test('is log 2 an output at 0, and half the slope', () => {
    expect(valuesOf('logistic', new Float64Array(2), y, 1, 2)[0]).toBeCloseTo(2 * Math.LN2, 15)
    expect(Array.from(deltaOf('logistic', new Float64Array(2), y, 1, 1, 2))).toEqual([-0.5, 0.5])
  })
  test('is the softmax cross-entropy of the outputs 0 and f', () => {
    for (const f of [-3, 0.2, 5]) {
      const soft = valuesOf('softmaxCrossEntropy', Float64Array.of(0, f), Float64Array.of(0, 1), 1, 2)[0]
      // Two roundings each.
      expect(valuesOf('logistic', Float64Array.of(f), Float64Array.of(1), 1, 1)[0]).toBeCloseTo(soft, 15)
      expect(valuesOf('logistic', Float64Array.of(-f), Float64Array.of(-1), 1, 1)[0]).toBeCloseTo(soft, 15)
    }
  })
  test('keeps losses and deltas of well learned samples to relative accuracy', () => {
    const f = Float64Array.of(50, -60)
    expect(valuesOf('logistic', f, y, 1, 2)[0] / (Math.exp(-50) + Math.exp(-60))).toBeCloseTo(1, 12)
    const delta = deltaOf('logistic', f, y, 1, 1, 2)
    expect(delta[0] / -Math.exp(-50)).toBeCloseTo(1, 12)
    expect(delta[1] / Math.exp(-60)).toBeCloseTo(1, 12)
  })
  test('grows linearly on the wrong side, without overflow', () => {
    expect(valuesOf('logistic', Float64Array.of(-1e5, 1e5), y, 1, 2)[0]).toBe(2e5)
    expect(Array.from(deltaOf('logistic', Float64Array.of(-1e5, 1e5), y, 1, 1, 2))).toEqual([-1, 1])
    const into = new Float64Array(2)
    lossFunction('logistic').deltaTangent(Float64Array.of(-1e5, 1e5), y, Float64Array.of(1, 1), 1, 2, 1, into)
    expect(Array.from(into)).toEqual([0, 0])
  })
  test('shows NaN', () => {
    expect(valuesOf('logistic', Float64Array.of(NaN, 0), y, 1, 2)[0]).toBeNaN()
  })
})

describe('reductionShare', () => {
  test('is 1/n for a mean and 1 for a sum', () => {
    expect([reductionShare('mean', 4), reductionShare('sum', 4)]).toEqual([0.25, 1])
  })
})
