// Does a store that is tied to a Worker start, stream, acknowledge and survive its loss?
import { beforeEach, describe, expect, test, vi } from 'vitest'
import type { WorkerPort } from '../../src/protocol/client.ts'
import type { Stream, ToPage, ToWorker } from '../../src/protocol/messages.ts'
import type { HeldFile } from '../../src/protocol/ownFileMessages.ts'
import { HUNG_TICKS } from '../../src/protocol/supervisor.ts'
import type { SupervisorNotice } from '../../src/protocol/supervisorState.ts'
import { createWorkerRun, type WorkerRun } from '../../src/store/effects/workerRun.ts'
import { createLabStore, type LabStore } from '../../src/store/labStore.ts'
import { createRunActions } from '../../src/store/runActions.ts'

/** A Worker that does nothing by itself; the test speaks for it. */
class SilentWorker implements WorkerPort {
  readonly sent: ToWorker[] = []
  terminated = false
  onmessage: ((event: MessageEvent<ToPage>) => void) | null = null
  onerror: ((event: ErrorEvent) => void) | null = null
  onmessageerror: ((event: MessageEvent) => void) | null = null
  postMessage(message: ToWorker): void {
    this.sent.push(message)
  }
  terminate(): void {
    this.terminated = true
  }
  says(message: ToPage): void {
    this.onmessage?.({ data: message } as MessageEvent<ToPage>)
  }
}

let store: LabStore
let workers: SilentWorker[]
let worker: WorkerRun
const tell = vi.fn<(notice: SupervisorNotice) => void>()
const frames: (() => void)[] = []
let tick: () => void = () => undefined
let lent: readonly HeldFile[] | null = null

beforeEach(() => {
  store = createLabStore()
  workers = []
  frames.length = 0
  tell.mockClear()
  lent = null
  worker = createWorkerRun(store, {
    spawn: () => {
      workers.push(new SilentWorker())
      return workers.at(-1)!
    },
    assetBase: 'http://127.0.0.1/',
    now: () => 0,
    afterFrame: (action) => frames.push(action),
    every: (action) => {
      tick = action
      return () => undefined
    },
    tell,
    ownFiles: () => lent,
  })
})

function begin(): { readonly runId: number; readonly epoch: number } {
  worker.port.start(store.getState().experiment, { autorun: false, pace: 100 })
  workers[0].says({ type: 'hello', runId: 0, epoch: 0 })
  const start = workers[0].sent.find((message) => message.type === 'start')!
  const address = { runId: start.runId, epoch: start.epoch }
  workers[0].says({ type: 'state', ...address, state: 'paused', step: 0 })
  return address
}

function losses(address: { readonly runId: number; readonly epoch: number }, sequence: number): Stream {
  const values = new Float64Array(32).fill(0.5)
  return {
    type: 'samples',
    ...address,
    sequence,
    step: 1,
    stepsPerSecond: 10,
    samples: [{ type: 'loss', arm: 'A', step: 0, seedCount: 32, values }],
  }
}

describe('createWorkerRun', () => {
  test('sends the experiment with the base of its data when the Worker has greeted', () => {
    begin()
    expect(workers[0].sent[0]).toMatchObject({ type: 'start', assetBase: 'http://127.0.0.1/', pace: 100, autorun: false, allowGpu: true })
    expect(store.getState().run.phase).toBe('ready')
  })
  test('hands the files of an experiment to its Worker, and to none of an experiment without', () => {
    begin()
    expect(workers[0].sent[0]).not.toHaveProperty('ownFiles')
    const files = [{ name: 'mine.csv', content: new Blob(['1']) }]
    lent = files
    worker.port.start(store.getState().experiment, { autorun: false, pace: null })
    expect(workers[0].sent.at(-1)).toMatchObject({ type: 'start', ownFiles: files })
  })
  test('puts samples into the columns and acknowledges them after a frame, not before', () => {
    const address = begin()
    workers[0].says(losses(address, 4))
    expect(store.getState().columns.A.loss?.count).toBe(1)
    expect(workers[0].sent.some((message) => message.type === 'ack')).toBe(false)
    for (const frame of frames) frame()
    expect(workers[0].sent.at(-1)).toEqual({ type: 'ack', sequence: 4, ...address })
  })
  test('hears nothing of a run that is gone', () => {
    const address = begin()
    worker.port.start(store.getState().experiment, { autorun: true, pace: null })
    workers[0].says(losses(address, 4))
    expect(store.getState().columns.A.loss).toBeNull()
  })
  test('spawns another Worker when the GPU is lost, says so, and stands again where it was', () => {
    const address = begin()
    worker.port.run()
    workers[0].says({ type: 'state', ...address, state: 'running', step: 0 })
    workers[0].says({ type: 'fault', ...address, fault: { type: 'deviceLost', detail: 'The GPU was lost.' } })
    expect(workers[0].terminated).toBe(true)
    expect(workers).toHaveLength(2)
    expect(store.getState().run.phase).toBe('recovering')
    expect(tell).toHaveBeenCalledWith({ type: 'recovering', kind: 'lost', step: 0 })
    workers[1].says({ type: 'hello', runId: 0, epoch: 0 })
    const again = workers[1].sent.find((message) => message.type === 'start')!
    expect(again).toMatchObject({ autorun: true, epoch: address.epoch + 1 })
    workers[1].says({ type: 'state', runId: again.runId, epoch: again.epoch, state: 'running', step: 0 })
    expect(store.getState().run).toMatchObject({ phase: 'running', fault: null })
  })
  test('keeps a divergence for the fault card', () => {
    const address = begin()
    const fault = { type: 'diverged', detail: 'The loss is not finite.', arm: 'A', step: 12, layer: 3, layerName: 'layer 4' } as const
    workers[0].says({ type: 'fault', ...address, fault })
    expect(store.getState().run).toMatchObject({ phase: 'diverged', fault })
  })
  test('refuses what does not fit before anything is sent', () => {
    const { experiment } = store.getState()
    const model = { ...experiment.model, kind: 'mlp', depth: 2000, width: 1024 } as const
    worker.port.start({ ...experiment, model, data: { ...experiment.data, kind: 'digits' }, seeds: 64 }, { autorun: true, pace: null })
    expect(store.getState().run.phase).toBe('stopped')
    expect(store.getState().run.fault?.type).toBe('refused')
  })
  test('answers Run and Pause at the click, while the Worker is still measuring the start', () => {
    const run = createRunActions(store, worker.port)
    run.start(false)
    workers[0].says({ type: 'hello', runId: 0, epoch: 0 })
    expect(store.getState().run).toMatchObject({ phase: 'starting', wanted: 'pause' })
    run.toggleRun()
    expect(store.getState().run).toMatchObject({ phase: 'starting', wanted: 'run' })
    expect(workers[0].sent.at(-1)).toMatchObject({ type: 'run' })
    run.toggleRun()
    expect(store.getState().run).toMatchObject({ phase: 'starting', wanted: 'pause' })
    expect(workers[0].sent.at(-1)).toMatchObject({ type: 'pause' })
  })
  test('starts a run that was wanted before the Worker had greeted, and goes on after an edit in between', () => {
    const run = createRunActions(store, worker.port)
    run.start(false)
    run.toggleRun()
    run.setField('seed', 99)
    workers[0].says({ type: 'hello', runId: 0, epoch: 0 })
    expect(workers[0].sent.at(-1)).toMatchObject({ type: 'start', autorun: true, experiment: { seed: 99 } })
  })
})

describe('what was asked for once', () => {
  test('is shown from the click to the end that the Worker tells, with its progress', () => {
    const address = begin()
    const run = createRunActions(store, worker.port)
    run.measureNow('hessian')
    expect(store.getState().demands).toEqual({ hessian: { state: 'asked', progress: null } })
    // A second click asks nothing more.
    run.measureNow('hessian')
    expect(workers[0].sent.filter(({ type }) => type === 'measureNow')).toHaveLength(1)
    workers[0].says({ type: 'demand', ...address, demand: 'hessian', state: 'begun' })
    workers[0].says({ type: 'progress', ...address, what: 'measuring', done: 3, total: 9, label: 'Exact Hessian', demand: 'hessian' })
    expect(store.getState().demands.hessian).toEqual({ state: 'underway', progress: { done: 3, total: 9, label: 'Exact Hessian' } })
    // The line over the stage is for what nobody asked for.
    expect(store.getState().run.progress).toBeNull()
    workers[0].says({ type: 'demand', ...address, demand: 'hessian', state: 'ended' })
    expect(store.getState().demands).toEqual({})
  })
  test('keeps the old picture and says that it stops, until the Worker has stopped', () => {
    const address = begin()
    const run = createRunActions(store, worker.port)
    workers[0].says(losses(address, 1))
    const { columns } = store.getState()
    run.measureNow('cosines')
    run.cancel('cosines')
    expect(workers[0].sent.at(-1)).toEqual({ type: 'cancel', demand: 'cosines', ...address })
    workers[0].says({ type: 'progress', ...address, what: 'measuring', done: 5, total: 9, label: 'Gradient cosines', demand: 'cosines' })
    expect(store.getState().demands.cosines?.state).toBe('cancelling')
    workers[0].says({ type: 'demand', ...address, demand: 'cosines', state: 'cancelled' })
    expect(store.getState().demands).toEqual({})
    expect(store.getState().columns).toBe(columns)
    expect(columns.A.loss?.count).toBe(1)
  })
  test('counts as hung when the Worker falls silent in the middle of it', () => {
    const address = begin()
    workers[0].says({ type: 'demand', ...address, demand: 'snapshot', state: 'begun' })
    for (let i = 0; i < HUNG_TICKS; i++) tick()
    expect(workers[0].terminated).toBe(true)
  })
  test('gives a snapshot as the Worker made it, null when it was taken back, and throws what went wrong', async () => {
    const address = begin()
    const run = createRunActions(store, worker.port)
    const replies = () => workers[0].sent.flatMap((message) => (message.type === 'snapshot' ? [message.requestId] : []))
    const file = new Blob(['{}'])
    const first = run.takeSnapshot('A')
    workers[0].says({ type: 'reply', ...address, requestId: replies()[0], ok: true, value: file })
    expect(await first).toBe(file)
    const second = run.takeSnapshot('A')
    run.cancel('snapshot')
    expect(workers[0].sent.at(-1)).toMatchObject({ type: 'cancel', demand: 'snapshot' })
    const fault = { type: 'unsupported', detail: 'It was taken back.' } as const
    workers[0].says({ type: 'reply', ...address, requestId: replies()[1], ok: false, fault })
    expect(await second).toBeNull()
    const third = run.takeSnapshot('A')
    workers[0].says({ type: 'reply', ...address, requestId: replies()[2], ok: false, fault: { ...fault, detail: 'No.' } })
    await expect(third).rejects.toThrow('No.')
    expect(store.getState().demands).toEqual({})
  })
  test('is forgotten when another run begins', () => {
    begin()
    const run = createRunActions(store, worker.port)
    run.measureNow('kernel')
    run.reset()
    expect(store.getState().demands).toEqual({})
  })
})
