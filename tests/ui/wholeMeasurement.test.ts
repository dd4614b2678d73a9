// Does a card offer the whole measurement exactly where it shows less?
import { describe, expect, test } from 'vitest'
import type { CosineSample, HessianSample, KernelSample } from '../../src/core/sample.ts'
import { appendToColumns } from '../../src/store/armColumns.ts'
import type { LabState } from '../../src/store/labState.ts'
import { createLabStore } from '../../src/store/labStore.ts'
import { wholeMeasurement } from '../../src/ui/stage/wholeMeasurement.ts'

/** At rest at a step, one arm. */
function resting(step = 0): LabState {
  const state = createLabStore().getState()
  return { ...state, experiment: { ...state.experiment, versus: null }, run: { ...state.run, phase: 'paused', step } }
}
const put = (state: LabState, sample: object) => appendToColumns(state.columns, { arm: 'A', step: 0, ...sample } as never)
const hessian = (part: Partial<HessianSample>) => ({ type: 'hessian', method: 'exact', parameterCount: 24, entries: null, ...part })
const pairs = (count: number): Partial<CosineSample> => ({
  pairs: { cosines: new Float64Array(count), excluded: 2 } as CosineSample['pairs'],
})

describe('wholeMeasurement', () => {
  test('offers every eigenvalue where there are only estimates, and more probes where there are too many weights', () => {
    const state = resting()
    expect(wholeMeasurement('hessian', state)?.label).toBe('Solve exactly')
    put(state, hessian({ method: 'lanczos', parameterCount: 1800 }))
    // The spectrum of a chain has a shorter route.
    expect(wholeMeasurement('hessian', state)?.label).toBe('Solve exactly')
    const { experiment } = state
    expect(
      wholeMeasurement('hessian', { ...state, experiment: { ...experiment, model: { ...experiment.model, kind: 'mlp' } } })?.label,
    ).toBe('More probes')
  })
  test('offers nothing where the newest spectrum is exact, unless the run rests at a later step', () => {
    const state = resting()
    put(state, hessian({}))
    expect(wholeMeasurement('hessian', state)).toBeNull()
    expect(wholeMeasurement('hessian', { ...state, run: { ...state.run, step: 7 } })?.label).toBe('Solve exactly')
    expect(wholeMeasurement('hessian', { ...state, run: { ...state.run, step: 7, phase: 'running' } })).toBeNull()
  })
  test('offers all pairs after an answer that was cut short', () => {
    const state = resting()
    const { pairCount } = state.experiment.diagnostics
    put(state, { type: 'cosines', ...pairs(pairCount - 2) })
    expect(wholeMeasurement('cosines', state)).toBeNull()
    // Between two measurements of a run nothing is missing that was not missing in the first.
    const at = (phase: 'running' | 'paused') => ({ ...state, run: { ...state.run, phase, step: 7 } })
    expect(wholeMeasurement('cosines', at('running'))).toBeNull()
    expect(wholeMeasurement('cosines', at('paused'))?.label).toBe('All pairs')
    put(state, { type: 'cosines', ...pairs(4) })
    expect(wholeMeasurement('cosines', at('running'))?.label).toBe('All pairs')
    expect(wholeMeasurement('cosines', state)?.label).toBe('All pairs')
  })
  test('offers the Hessian of the outputs once, and nothing for what is always whole', () => {
    const state = resting()
    put(state, { type: 'kernel' })
    expect(wholeMeasurement('kernel', state)?.label).toBe('Output Hessian')
    put(state, {
      type: 'kernel',
      outputHessianNorm: { value: 1, residual: 0, converged: true, askedCount: 1 } satisfies KernelSample['outputHessianNorm'],
    })
    expect(wholeMeasurement('kernel', state)).toBeNull()
    expect(wholeMeasurement('loss', state)).toBeNull()
    expect(wholeMeasurement('gradientNorms', state)).toBeNull()
  })
})
