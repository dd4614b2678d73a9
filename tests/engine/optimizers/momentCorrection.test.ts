import { expect, test } from 'vitest'
import { DEFAULT_OPTIMIZER } from '../../../src/core/defaults.ts'
import { momentCorrection } from '../../../src/engine/optimizers/momentCorrection.ts'

test('momentCorrection gives the mean of equal squares back after any number of updates of Adam', () => {
  const adam = { ...DEFAULT_OPTIMIZER, kind: 'adam', beta2: 0.75 } as const
  let v = 0
  for (let updates = 1; updates < 9; updates++) {
    v = 0.75 * v + 0.25 * 5
    expect(v / momentCorrection(adam, updates)).toBeCloseTo(5, 12)
  }
})

test('momentCorrection is 1 before the first update, and for RMSprop, which has none', () => {
  expect(momentCorrection({ ...DEFAULT_OPTIMIZER, kind: 'adam', beta2: 0.75 }, 0)).toBe(1)
  expect(momentCorrection({ ...DEFAULT_OPTIMIZER, kind: 'rmsprop', beta2: 0.75 }, 3)).toBe(1)
})
