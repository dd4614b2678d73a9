// What the page remembers of steps that take long.
import { expect, test } from 'vitest'
import type { Stream } from '../../src/protocol/messages.ts'
import { createLabStore, STARTING_RUN } from '../../src/store/labStore.ts'
import { receive } from '../../src/store/receive.ts'

const ADDRESS = { runId: 1, epoch: 0 }
const samples = (stepDuration?: number): Stream => ({
  type: 'samples',
  ...ADDRESS,
  sequence: 1,
  step: 1,
  stepsPerSecond: 0.2,
  samples: [],
  ...(stepDuration === undefined ? {} : { stepDuration }),
})

test('the page shows how far a long step is, until it is done', () => {
  const store = createLabStore()
  const hear = (message: Stream) => store.setState(receive(store.getState(), message))
  hear({ type: 'progress', ...ADDRESS, what: 'training', done: 40, total: 100, label: 'Step 1' })
  expect(store.getState().run.progress).toEqual({ what: 'training', done: 40, total: 100, label: 'Step 1' })
  hear(samples(5000))
  expect(store.getState().run).toMatchObject({ progress: null, stepDuration: 5000 })
})

test('the page keeps what a step took where a message says nothing, and forgets it at another start', () => {
  const store = createLabStore()
  const hear = (message: Stream) => store.setState(receive(store.getState(), message))
  hear(samples(5000))
  hear(samples())
  expect(store.getState().run.stepDuration).toBe(5000)
  expect(STARTING_RUN.stepDuration).toBeUndefined()
})
