import { describe, expect, test } from 'vitest'
import { DEFAULT_CNN, DEFAULT_MLP } from '../../src/core/defaults.ts'
import type { Experiment } from '../../src/core/experiment.ts'
import { expectedStep, multiplicationsPerRow, slowStepSentence, SLOW_STEP_MS, stepMultiplications } from '../../src/core/stepWork.ts'
import { conv, dense, pool } from '../engine/reference/layers.ts'

const LOSS = { kind: 'squaredError', reduction: 'mean' } as const
const ON_CPU = { A: { engine: 'float64', adapter: null }, B: { engine: 'float64', adapter: null } } as const
const small: Experiment = {
  ...DEFAULT_MLP,
  model: { ...DEFAULT_MLP.model, depth: 3, width: 10, bias: false },
  data: { ...DEFAULT_MLP.data, kind: 'gaussian', inputs: 20, outputs: 5, trainCount: 100 },
  loss: LOSS,
  batch: 8,
  seeds: 1,
  versus: null,
}
/** A hand-made link that fits the memory and trains a step a minute. */
const heavy: Experiment = {
  ...DEFAULT_CNN,
  model: { ...DEFAULT_CNN.model, family: 'plain', depth: 24, width: 16 },
  batch: 32,
  seeds: 32,
  versus: { optimizer: { lr: 0.5 } },
}

describe('stepMultiplications', () => {
  test('uses a dense weight once a row and a filter once a position, three times a step', () => {
    const layers = [conv(2, 3, 5), pool('average', 3, 5), dense(12, 4)]
    expect(multiplicationsPerRow({ layers, loss: LOSS })).toBe(2 * 3 * 9 * 25 + 12 * 4)
    expect(stepMultiplications({ layers, loss: LOSS }, 7, 2)).toBe(3 * 14 * (1350 + 48))
    expect(stepMultiplications({ layers, loss: LOSS, linearised: true }, 7, 2)).toBe(4 * 14 * (1350 + 48))
  })
})

describe('expectedStep', () => {
  test('is a nanosecond a multiplication in float64, in proportion to batch, seeds and arms', () => {
    const one = expectedStep(small, ON_CPU)!
    // 20 x 10, 10 x 10, 10 x 5 weights, 8 rows.
    expect(one).toBeCloseTo((3 * 8 * (200 + 100 + 50)) / 1e6, 12)
    expect(expectedStep({ ...small, seeds: 4 }, ON_CPU)).toBeCloseTo(4 * one, 12)
    expect(expectedStep({ ...small, batch: 24 }, ON_CPU)).toBeCloseTo(3 * one, 12)
    expect(expectedStep({ ...small, batch: 1000 }, ON_CPU)).toBeCloseTo(12.5 * one, 12)
    expect(expectedStep({ ...small, versus: { optimizer: { lr: 1 } } }, ON_CPU)).toBeCloseTo(2 * one, 12)
  })
  test('says nothing of a graphics card, nor while nobody knows who computes', () => {
    expect(expectedStep(heavy, {})).toBeNull()
    expect(expectedStep(heavy, { A: ON_CPU.A })).toBeNull()
    expect(expectedStep(small, { A: { engine: 'fused', adapter: 'NVIDIA H100' } })).toBeNull()
    expect(expectedStep(small, { A: { engine: 'fused', adapter: 'SwiftShader' } })).toBeGreaterThan(0)
  })
  test('counts a chain by its weights, whatever the batch', () => {
    const chain: Experiment = { ...small, model: { ...small.model, kind: 'chain', depth: 100 }, seeds: 10 }
    const chip = { A: { engine: 'chain', adapter: null } } as const
    expect(expectedStep(chain, chip)).toBeCloseTo(0.02, 12)
    expect(expectedStep({ ...chain, batch: 64 }, chip)).toBeCloseTo(0.02, 12)
  })
})

describe('slowStepSentence', () => {
  test('is nothing for a step of two seconds, or where the time is not known', () => {
    expect(slowStepSentence(heavy, SLOW_STEP_MS, 'measured')).toBeNull()
    expect(slowStepSentence(heavy, null, 'expected')).toBeNull()
    expect(slowStepSentence(small, expectedStep(small, ON_CPU), 'expected')).toBeNull()
  })
  test('warns of the hand-made link, and names fewer seeds that bring a step below two seconds', () => {
    const expected = expectedStep(heavy, ON_CPU)!
    expect(expected).toBeGreaterThan(30_000)
    const sentence = slowStepSentence(heavy, expected, 'expected')!
    expect(sentence).toMatch(/^A step will take about \d+ (s|minutes) here: with \d+ seeds? it would be about \d+(\.\d)? s\.$/u)
    const seeds = Number(/with (\d+) seed/u.exec(sentence)![1])
    expect(expectedStep({ ...heavy, seeds }, ON_CPU)!).toBeLessThanOrEqual(SLOW_STEP_MS)
    expect(expectedStep({ ...heavy, seeds: seeds + 1 }, ON_CPU)!).toBeGreaterThan(SLOW_STEP_MS)
  })
  test('names a width where one seed is too much, and holds to what was measured', () => {
    const wide: Experiment = { ...heavy, model: { ...heavy.model, width: 48 }, seeds: 2, versus: null }
    const sentence = slowStepSentence(wide, 60_000, 'measured')!
    expect(sentence).toMatch(/^A step takes about 60 s here: with width \d+ and 1 seed it would be about \d+(\.\d)? s\.$/u)
    const width = Number(/width (\d+)/u.exec(sentence)![1])
    const share = (at: number) => {
      const other = { ...wide, model: { ...wide.model, width: at }, seeds: 1 }
      return (60_000 * expectedStep(other, ON_CPU)!) / expectedStep(wide, ON_CPU)!
    }
    expect(share(width)).toBeLessThanOrEqual(SLOW_STEP_MS)
    expect(share(width + 1)).toBeGreaterThan(SLOW_STEP_MS)
  })
  test('lets arm B keep a smaller width of its own, and counts both arms', () => {
    const two: Experiment = { ...heavy, model: { ...heavy.model, width: 48 }, seeds: 1, versus: { model: { width: 64 } } }
    expect(slowStepSentence(two, 100_000, 'measured')).toMatch(/with width \d+ it would be/u)
  })
  test('speaks in minutes and hours where it must', () => {
    expect(slowStepSentence(heavy, 600_000, 'measured')).toContain('about 10 minutes here')
    expect(slowStepSentence(heavy, 7.2e6, 'measured')).toContain('about 2 hours here')
  })
})
