import { describe, expect, test } from 'vitest'
import { createUpdateRule } from '../../../src/engine/optimizers/createUpdateRule.ts'
import { emptySlots } from '../../../src/engine/optimizers/updateRule.ts'
import { DomainFault } from '../../../src/core/faults.ts'
import { gradientNoise } from '../../../src/engine/gradientNoise.ts'
import { normals, optimizerOf } from '../reference/problems.ts'
import { optimizerSchema, type OptimizerSettings } from '../../../src/core/experiment.ts'

/** Weights after gradients one after the other, and the slots they leave. */
function walk(settings: Partial<OptimizerSettings>, eps: number, start: number[], gradients: number[][]) {
  const rule = createUpdateRule(optimizerOf(settings), eps)
  const slots = emptySlots(rule, start.length)
  const weights = Float64Array.from(start)
  for (const [step, gradient] of gradients.entries()) rule.apply(weights, Float64Array.from(gradient), slots, step)
  return { weights: Array.from(weights), slots: slots.map((slot) => Array.from(slot)) }
}

describe('createUpdateRule', () => {
  test('sgd goes lr g downhill', () => {
    expect(walk({ kind: 'sgd', lr: 0.5 }, 0, [1, -1], [[2, 4]])).toEqual({ weights: [0, -3], slots: [] })
  })
  test('momentum keeps mu of its speed', () => {
    // v: 2, then 0.5 * 2 + 4 = 5; w: 1 - 0.25 * 2 = 0.5, then 0.5 - 0.25 * 5.
    expect(walk({ kind: 'momentum', lr: 0.25, momentum: 0.5 }, 0, [1], [[2], [4]])).toEqual({ weights: [-0.75], slots: [[5]] })
  })
  test('rmsprop divides by the root of v plus eps, eps outside the root', () => {
    // v: 0.25 * 16 = 4, then 0.75 * 4 + 0.25 * 36 = 12; steps 8/(2 + 6) = 1 and 12/(sqrt 12 + 6).
    const { weights, slots } = walk({ kind: 'rmsprop', lr: 2, decay: 0.75 }, 6, [10], [[4], [6]])
    expect(slots).toEqual([[12]])
    expect(weights[0]).toBeCloseTo(10 - 1 - 12 / (Math.sqrt(12) + 6), 14)
  })
  test('rmsprop first moves by lr / sqrt(1 - b) whatever the size of g', () => {
    const { weights } = walk({ kind: 'rmsprop', lr: 0.01, decay: 0.75 }, 0, [0, 0], [[1e-140, -1e140]])
    // One rounding in each of product, root and quotient.
    expect(weights[0]).toBeCloseTo(-0.02, 16)
    expect(weights[1]).toBeCloseTo(0.02, 16)
  })
  test('adam corrects both moments, eps outside the root', () => {
    // t = 1: m = 2, v = 4 and both corrections undo (1 - beta): m^ = 4, v^ = 16: step 5 * 4/(4 + 1) = 4.
    // t = 2: m = 1 + 0.5 * 8 = 5, m^ = 5/0.75; v = 3 + 0.25 * 64 = 19, v^ = 19/0.4375.
    const { weights, slots } = walk({ kind: 'adam', lr: 5, beta1: 0.5, beta2: 0.75 }, 1, [10], [[4], [8]])
    expect(slots).toEqual([[5], [19]])
    expect(weights[0]).toBeCloseTo(10 - 4 - (5 * (5 / 0.75)) / (Math.sqrt(19 / 0.4375) + 1), 13)
  })
  test('adam first moves by lr whatever the size of g', () => {
    const { weights } = walk({ kind: 'adam', lr: 0.5, beta1: 0.9, beta2: 0.999 }, 0, [0, 0], [[3e-140, -7e140]])
    // 1 - beta does not cancel to the last bit.
    expect(weights[0]).toBeCloseTo(-0.5, 13)
    expect(weights[1]).toBeCloseTo(0.5, 13)
  })
  test.each(['rmsprop', 'adam'] as const)('%s leaves a weight alone whose gradient was never there, with eps 0 too', (kind) => {
    expect(walk({ kind }, 0, [3], [[0], [0]]).weights).toEqual([3])
  })
  test('nesterov looks one step of speed ahead', () => {
    // v: 2, then 0.5 * 2 + 4 = 5; w: 1 - 0.25 (2 + 0.5 * 2) = 0.25, then 0.25 - 0.25 (4 + 0.5 * 5).
    expect(walk({ kind: 'nesterov', lr: 0.25, momentum: 0.5 }, 0, [1], [[2], [4]])).toEqual({ weights: [-1.375], slots: [[5]] })
  })
  test('nesterov is the textbook form with the gradient taken ahead, on a quadratic', () => {
    // Textbook: u' = mu u - lr f'(x + mu u), x' = x + u'; here w stands for x + mu u and v for -u / lr.
    const [lr, mu, curvature] = [0.07, 0.8, 3]
    const rule = createUpdateRule(optimizerOf({ kind: 'nesterov', lr, momentum: mu }), 0)
    const [w, slots] = [Float64Array.of(1), emptySlots(rule, 1)]
    let [x, u] = [1, 0]
    for (let step = 0; step < 30; step++) {
      rule.apply(
        w,
        w.map((value) => curvature * value),
        slots,
        step,
      )
      u = mu * u - lr * curvature * (x + mu * u)
      x += u
      expect(w[0]).toBeCloseTo(x + mu * u, 14)
    }
  })
  test.each(['momentum', 'nesterov'] as const)('%s with mu 0 is plain descent', (kind) => {
    const plain = walk(
      { kind: 'sgd', lr: 0.3 },
      0,
      [1, 2],
      [
        [3, -1],
        [0.5, 7],
      ],
    )
    expect(
      walk(
        { kind, lr: 0.3, momentum: 0 },
        0,
        [1, 2],
        [
          [3, -1],
          [0.5, 7],
        ],
      ).weights,
    ).toEqual(plain.weights)
  })
  test('perturbed adds s times its noise to the gradient, and refuses to go without', () => {
    const rule = createUpdateRule(optimizerOf({ kind: 'perturbed', lr: 0.5, noise: 0.25 }), 0)
    const weights = Float64Array.of(1, 2)
    rule.apply(weights, Float64Array.of(3, -1), [], 0, Float64Array.of(4, -8))
    expect(Array.from(weights)).toEqual([1 - 0.5 * 4, 2 - 0.5 * -3])
    expect(rule.needsNoise).toBe(true)
    expect(() => rule.apply(weights, weights, [], 1)).toThrow(DomainFault)
  })
})

const RULES: Readonly<Record<OptimizerSettings['kind'], Twin>> = {
  sgd: ({ lr }, g) => lr * g,
  momentum: ({ lr, momentum }, g, s) => lr * (s.v = momentum * s.v + g),
  nesterov: ({ lr, momentum }, g, s) => lr * (g + momentum * (s.v = momentum * s.v + g)),
  rmsprop: ({ lr, decay }, g, s, eps) => (lr * g) / (Math.sqrt((s.v = decay * s.v + (1 - decay) * g ** 2)) + eps),
  adam: ({ lr, beta1, beta2 }, g, s, eps, t) => {
    s.m = beta1 * s.m + (1 - beta1) * g
    s.v = beta2 * s.v + (1 - beta2) * g ** 2
    return (lr * s.m) / (1 - beta1 ** t) / (Math.sqrt(s.v / (1 - beta2 ** t)) + eps)
  },
  perturbed: ({ lr, noise }, g, _s, _eps, _t, xi) => lr * (g + noise * xi),
}
/** The step of one weight, written down once more: the slow obvious twin. */
type Twin = (settings: OptimizerSettings, g: number, s: { m: number; v: number }, eps: number, t: number, xi: number) => number

describe.each(optimizerSchema.entries.kind.options)('%s', (kind) => {
  test('is its one-weight twin over fifty steps', () => {
    const settings = optimizerOf({ kind, lr: 0.05, noise: 0.3 })
    const rule = createUpdateRule(settings, 1e-9)
    const [weights, slots] = [normals(4, 'w'), emptySlots(rule, 4)]
    const twins = Array.from(weights, (w) => ({ w, m: 0, v: 0 }))
    for (let step = 0; step < 50; step++) {
      const [gradient, noise] = [normals(4, `g${step}`), gradientNoise(7, 0, step, 4)]
      rule.apply(weights, gradient, slots, step, noise)
      for (const [k, twin] of twins.entries()) twin.w -= RULES[kind](settings, gradient[k], twin, 1e-9, step + 1, noise[k])
      // The same formula with its operations in another order.
      for (const [k, twin] of twins.entries()) expect(weights[k]).toBeCloseTo(twin.w, 13)
    }
  })
})

describe('gradientNoise', () => {
  test('is the same for a seed, member and step, and for no other', () => {
    const first = gradientNoise(1, 2, 3, 5)
    expect(gradientNoise(1, 2, 3, 5)).toEqual(first)
    for (const other of [gradientNoise(2, 2, 3, 5), gradientNoise(1, 3, 3, 5), gradientNoise(1, 2, 4, 5)]) expect(other).not.toEqual(first)
    // Members and steps with the same digits in a row are others too.
    expect(gradientNoise(1, 1, 11, 5)).not.toEqual(gradientNoise(1, 11, 1, 5))
    expect(gradientNoise(1, 2, 3, 2)).toEqual(first.slice(0, 2))
  })
  test('is N(0, 1) within steps and without correlation between them', () => {
    const steps = Array.from({ length: 200 }, (_, step) => gradientNoise(5, 0, step, 50))
    const all = steps.flatMap((noise) => Array.from(noise))
    const mean = (f: (x: number) => number) => all.reduce((sum, x) => sum + f(x), 0) / all.length
    // Four standard errors of 10000 draws.
    expect(Math.abs(mean((x) => x))).toBeLessThan(4 / 100)
    expect(Math.abs(mean((x) => x * x) - 1)).toBeLessThan((4 * Math.SQRT2) / 100)
    let lagged = 0
    for (let step = 1; step < 200; step++) for (let k = 0; k < 50; k++) lagged += steps[step][k] * steps[step - 1][k]
    expect(Math.abs(lagged)).toBeLessThan(4 * Math.sqrt(199 * 50))
  })
})
