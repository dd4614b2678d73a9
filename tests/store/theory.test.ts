// Do closed forms follow the experiment without costing the task that changed it?
import { expect, test, vi } from 'vitest'
import { followTheory } from '../../src/store/effects/theory.ts'
import { withField } from '../../src/store/fieldPath.ts'
import { createLabStore } from '../../src/store/labStore.ts'
import { parseExperiment } from '../../src/core/parseExperiment.ts'

test('followTheory computes in a task of its own, once for all changes of the one before', async () => {
  const store = createLabStore()
  followTheory(store)
  await vi.waitFor(() => expect(store.getState().theory.length).toBeGreaterThan(0))
  const before = store.getState().theory
  let announced = 0
  store.subscribe((state, last) => {
    if (state.theory !== last.theory) announced++
  })
  const { experiment } = store.getState()
  for (const depth of [12, 13, 14]) store.setState(parseExperiment(withField(experiment, 'model.depth', depth), experiment))
  expect(store.getState().theory).toBe(before)
  await vi.waitFor(() => expect(store.getState().theory).not.toBe(before))
  expect(announced).toBe(1)
})
