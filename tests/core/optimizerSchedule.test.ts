import { describe, expect, test } from 'vitest'
import { DEFAULT_OPTIMIZER } from '../../src/core/defaults.ts'
import { nextDrop, scheduledOptimizer } from '../../src/core/optimizerSchedule.ts'

const decaying = { ...DEFAULT_OPTIMIZER, lr: 0.8, dropEvery: 10, dropFactor: 0.5 }

describe('scheduledOptimizer', () => {
  test('drops the rate after every so many steps, and nothing else', () => {
    expect([0, 9, 10, 19, 20, 35].map((step) => scheduledOptimizer(decaying, step).lr)).toEqual([0.8, 0.8, 0.4, 0.4, 0.2, 0.1])
    expect(scheduledOptimizer(decaying, 20)).toEqual({ ...decaying, lr: 0.2 })
  })
  test('gives back the same object where nothing changes', () => {
    const constant = { ...decaying, dropEvery: 0 }
    expect(scheduledOptimizer(constant, 1e6)).toBe(constant)
    expect(scheduledOptimizer(decaying, 9)).toBe(decaying)
    const level = { ...decaying, dropFactor: 1 }
    expect(scheduledOptimizer(level, 500)).toBe(level)
  })
})

describe('nextDrop', () => {
  test('is the first step whose rate differs from the one before it', () => {
    for (let step = 0; step < 45; step++) {
      const drop = nextDrop(decaying, step)
      expect(drop).toBeGreaterThan(step)
      expect(scheduledOptimizer(decaying, drop).lr).toBeLessThan(scheduledOptimizer(decaying, drop - 1).lr)
      expect(scheduledOptimizer(decaying, drop - 1).lr).toBe(scheduledOptimizer(decaying, step).lr)
    }
  })
  test('never comes without decay', () => {
    expect(nextDrop({ ...decaying, dropEvery: 0 }, 3)).toBe(Infinity)
    expect(nextDrop({ ...decaying, dropFactor: 1 }, 3)).toBe(Infinity)
  })
})
