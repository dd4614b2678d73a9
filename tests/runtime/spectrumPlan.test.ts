import { expect, test } from 'vitest'
import { spectrumPlan } from '../../src/runtime/problem/measuredHessian.ts'

test('spectrumPlan is exact up to 1500 parameters, beyond them eight probes of sixty steps', () => {
  expect(spectrumPlan(1500, 1e6)).toEqual({ type: 'exact' })
  expect(spectrumPlan(1501, 1e6)).toEqual({ type: 'lanczos', probes: 8, steps: 60 })
})
test('spectrumPlan gives fewer products where each is dear, and never less than two probes of thirty steps', () => {
  expect(spectrumPlan(9000, 2e8)).toEqual({ type: 'lanczos', probes: 3, steps: 30 })
  expect(spectrumPlan(9000, 1e12)).toEqual({ type: 'lanczos', probes: 2, steps: 30 })
  // A thousand columns at this price would be ten times the work that is allowed.
  expect(spectrumPlan(1000, 2e8)).toEqual({ type: 'lanczos', probes: 3, steps: 30 })
})
