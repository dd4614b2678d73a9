import { describe, expect, test } from 'vitest'
import { createUpdateRule } from '../../../src/engine/optimizers/createUpdateRule.ts'
import { emptySlots } from '../../../src/engine/optimizers/updateRule.ts'
import { optimizerOf } from '../reference/problems.ts'
import type { OptimizerSettings } from '../../../src/core/experiment.ts'

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
})
