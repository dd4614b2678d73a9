// effectiveSteps, effectiveStepRange
import { expect, test } from 'vitest'
import { DEFAULT_OPTIMIZER } from '../../src/core/defaults.ts'
import { effectiveStepRange, effectiveSteps } from '../../src/diagnostics/effectiveStep.ts'

const optimizer = { ...DEFAULT_OPTIMIZER, lr: 0.5, eps: 0.25 }

test('effectiveSteps is lr / (sqrt v + eps), eps outside the root; lr without second moments', () => {
  expect([...effectiveSteps(optimizer, Float64Array.of(4, 0), 2)!]).toEqual([0.5 / 2.25, 2])
  expect([...effectiveSteps(optimizer, null, 3)!]).toEqual([0.5, 0.5, 0.5])
})

test('effectiveSteps does not exist before the first update, when every second moment is 0', () => {
  expect(effectiveSteps(optimizer, new Float64Array(2), 2)).toBeNull()
})

test('effectiveStepRange is smallest, median and largest, in any order and for even and odd counts', () => {
  expect(effectiveStepRange(Float64Array.of(4, 1, 3, 2))).toEqual({ min: 1, median: 2.5, max: 4 })
  expect(effectiveStepRange(Float64Array.of(9, 1, 3))).toEqual({ min: 1, median: 3, max: 9 })
  expect(effectiveStepRange(new Float64Array(0))).toBeNull()
  expect(effectiveStepRange(null)).toBeNull()
})
