import { describe, expect, test } from 'vitest'
import { createChainUpdateRule } from '../../../src/engine/chain/createChainUpdateRule.ts'
import { optimizerSchema } from '../../../src/core/experiment.ts'
import { gradientNoise } from '../../../src/engine/gradientNoise.ts'
import { plainSquares, scaledArray, type ScaledArray } from '../../../src/engine/chain/scaledArray.ts'
import { createUpdateRule } from '../../../src/engine/optimizers/createUpdateRule.ts'
import { emptySlots } from '../../../src/engine/optimizers/updateRule.ts'
import { normals, optimizerOf } from '../reference/problems.ts'

const KINDS = optimizerSchema.entries.kind.options
const scaled = (mantissa: Float64Array, exponent = 0): ScaledArray => ({
  mantissa,
  exponent: new Int32Array(mantissa.length).fill(exponent),
})

describe('createChainUpdateRule', () => {
  test.each(
    KINDS.flatMap((kind) => [
      // Jumps from 1e-70 to 1e70, and a slow fall in which v itself crosses the bound where the scaled rule changes its exponent.
      [kind, 'jump', (step: number, k: number) => 10 ** (((step * 7 + k * 13) % 141) - 70)] as const,
      [kind, 'fall', (step: number, k: number) => 10 ** (-58.5 - 0.02 * k - 0.02 * step)] as const,
      // About 2^-256, where Adam's mean changes its exponent.
      [kind, 'sink', (_: number, k: number) => 10 ** (-76.5 - 0.01 * k)] as const,
    ]),
  )('%s has the bits of the plain rule for gradients that %s within float64', (kind, _, sizeAt) => {
    const settings = optimizerOf({ kind, lr: 0.01 })
    const rule = createChainUpdateRule(settings, 1e-150)
    const plainRule = createUpdateRule(settings, 1e-150)
    const [weights, plainWeights] = [normals(20, 'w'), normals(20, 'w')]
    const slots = Array.from({ length: rule.slotCount }, () => scaledArray(20))
    const plainSlots = emptySlots(plainRule, 20)
    for (let step = 0; step < 100; step++) {
      const gradient = normals(20, `g${step}`).map((g, k) => g * sizeAt(step, k))
      const noise = gradientNoise(1, 0, step, 20)
      rule.apply(weights, scaled(gradient), slots, step, noise)
      plainRule.apply(plainWeights, gradient, plainSlots, step, noise)
      expect(Array.from(weights)).toEqual(Array.from(plainWeights))
    }
    if (kind === 'rmsprop' || kind === 'adam') {
      expect(Array.from(plainSquares(slots[rule.slotCount - 1]))).toEqual(Array.from(plainSlots[rule.slotCount - 1]))
    }
  })
  test.each([
    ['rmsprop', 1 / Math.sqrt(1 - 0.9)],
    ['adam', 1],
  ] as const)('%s with eps 0 takes steps of lr at gradients of 2^-2560 as at those of 1', (kind, first) => {
    const rule = createChainUpdateRule(optimizerOf({ kind, lr: 0.01 }), 0)
    const gradients = Array.from({ length: 5 }, (_, step) => normals(4, `g${step}`))
    const walk = (exponent: number): number[] => {
      const weights = new Float64Array(4)
      const slots = Array.from({ length: rule.slotCount }, () => scaledArray(4))
      rule.apply(weights, scaled(gradients[0], exponent), slots, 0)
      for (const weight of weights) expect(Math.abs(weight)).toBeCloseTo(0.01 * first, 14)
      for (let step = 1; step < 5; step++) rule.apply(weights, scaled(gradients[step], exponent), slots, step)
      return Array.from(weights)
    }
    // Powers of two change no bit, and neither does a shift of the exponent.
    expect(walk(-2560)).toEqual(walk(0))
    expect(walk(1280)).toEqual(walk(0))
  })
  test.each(['rmsprop', 'adam'] as const)('%s stands still where eps is far larger than the gradient', (kind) => {
    const rule = createChainUpdateRule(optimizerOf({ kind, lr: 0.01 }), 1e-150)
    const weights = Float64Array.of(1, -1)
    rule.apply(
      weights,
      scaled(Float64Array.of(1, 1), -2560),
      Array.from({ length: rule.slotCount }, () => scaledArray(2)),
      0,
    )
    expect(Array.from(weights)).toEqual([1, -1])
  })
  test('rmsprop forgets a tiny past at once when the gradient grows, and a large one slowly', () => {
    const rule = createChainUpdateRule(optimizerOf({ kind: 'rmsprop', lr: 1, decay: 0.75 }), 0)
    const weights = new Float64Array(1)
    const slots = [scaledArray(1)]
    rule.apply(weights, scaled(Float64Array.of(1), -2560), slots, 0)
    rule.apply(weights, scaled(Float64Array.of(4)), slots, 1)
    // v = 0.25 * 16: steps 2 and 2.
    expect(Array.from(weights)).toEqual([-4])
    rule.apply(weights, scaled(Float64Array.of(1), -2560), slots, 2)
    expect(plainSquares(slots[0])[0]).toBe(3)
    expect(Array.from(weights)).toEqual([-4])
  })
})
