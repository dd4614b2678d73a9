// Does a store that is tied to a Worker start, stream, acknowledge and survive its loss?
import { beforeEach, describe, expect, test, vi } from 'vitest'
import type { WorkerPort } from '../../src/protocol/client.ts'
import type { Stream, ToPage, ToWorker } from '../../src/protocol/messages.ts'
import type { HeldFile } from '../../src/protocol/ownFileMessages.ts'
import type { SupervisorNotice } from '../../src/protocol/supervisorState.ts'
import { createWorkerRun, type WorkerRun } from '../../src/store/effects/workerRun.ts'
import { createLabStore, type LabStore } from '../../src/store/labStore.ts'

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
    every: () => () => undefined,
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
})
