// Does the real Worker speak the protocol, in a real browser? Driven by the page's own client and supervisor.
import { expect, test } from 'vitest'
import { DEFAULT_EXPERIMENT, DEFAULT_MLP } from '../../src/core/defaults.ts'
import type { Experiment } from '../../src/core/experiment.ts'
import type { Sample } from '../../src/core/sample.ts'
import { createClient, type Client } from '../../src/protocol/client.ts'
import type { RunCheckpoint, Stream } from '../../src/protocol/messages.ts'

interface Page {
  readonly client: Client
  readonly heard: Stream[]
  until(accept: (message: Stream) => boolean): Promise<Stream>
  start(runId: number, experiment: Experiment, autorun?: boolean): void
  samples(): Sample[]
}

function openWorker(): Page {
  const heard: Stream[] = []
  let wake: () => void = () => undefined
  const worker = new Worker(new URL('../../src/runtime/worker.ts', import.meta.url), { type: 'module' })
  const client: Client = createClient(worker, {
    stream(message) {
      heard.push(message)
      if (message.type === 'samples') client.acknowledge(message.sequence)
      wake()
    },
    broken: (detail) => expect.fail(detail),
  })
  return {
    client,
    heard,
    async until(accept) {
      for (;;) {
        const found = heard.find(accept)
        if (found !== undefined) return found
        await new Promise<void>((resolve) => (wake = resolve))
      }
    },
    start(runId, experiment, autorun = true) {
      heard.length = 0
      client.adopt({ runId, epoch: 0 })
      const assetBase = new URL('/', location.href).href
      client.send({ type: 'start', experiment, checkpoint: null, autorun, assetBase, pace: null, allowGpu: false })
    },
    samples: () => heard.flatMap((message) => (message.type === 'samples' ? message.samples : [])),
  }
}

const RACE: Experiment = { ...DEFAULT_EXPERIMENT, steps: 200, seeds: 8 }
const isFinished = (message: Stream) => message.type === 'state' && message.state === 'finished'

test('the Worker greets, runs a chain experiment and answers a request', async () => {
  const page = openWorker()
  await page.until(({ type }) => type === 'hello')
  page.start(1, RACE)
  await page.until(isFinished)
  const checkpoint = (await page.client.request({ type: 'checkpoint' })) as RunCheckpoint
  page.client.terminate()
  expect(checkpoint.step).toBe(200)
  const types = new Set(page.samples().map(({ type }) => type))
  expect([...types].toSorted()).toEqual(['cost', 'evaluation', 'gradientNorms', 'hessian', 'kernel', 'loss', 'unavailable'])
  const steps = page.samples().map((sample) => (sample.type === 'loss' && sample.arm === 'A' ? sample.values.length / 8 : 0))
  expect(steps.reduce((sum, count) => sum + count, 0)).toBe(200)
})

test('the Worker drops a run when another starts, and only the last of many starts is built', async () => {
  const page = openWorker()
  await page.until(({ type }) => type === 'hello')
  page.start(1, { ...RACE, steps: 1_000_000 })
  await page.until((message) => message.type === 'state' && message.state === 'running')
  for (let runId = 2; runId <= 9; runId++) page.start(runId, { ...RACE, seed: runId }, false)
  const ready = await page.until(({ type }) => type === 'ready')
  expect(ready.runId).toBe(9)
  await page.until((message) => message.type === 'state' && message.state === 'paused')
  page.client.terminate()
  expect(page.heard.every(({ runId }) => runId === 9)).toBe(true)
})

test('the Worker measures an exact spectrum in its second Worker and is still alive meanwhile', async () => {
  const page = openWorker()
  await page.until(({ type }) => type === 'hello')
  // 8 x 20 + 20 + 20 x 10 + 10 = 390 parameters: formed live, and large enough for the second Worker.
  const model = { ...DEFAULT_MLP.model, depth: 2, width: 20 }
  const data = { ...DEFAULT_MLP.data, kind: 'mixture' as const, inputs: 8, trainCount: 64, testCount: 16 }
  page.start(1, { ...DEFAULT_MLP, model, data, engine: 'float64', steps: 1 }, false)
  await page.until((message) => message.type === 'state' && message.state === 'paused')
  await page.until((message) => message.type === 'samples' && message.samples.some(({ type }) => type === 'hessian'))
  page.client.terminate()
  const spectrum = page.samples().find((sample) => sample.type === 'hessian')
  expect(spectrum).toMatchObject({ method: 'exact', parameterCount: 390 })
})

test('the Worker names a data file that is not there, and the next run works', async () => {
  const page = openWorker()
  await page.until(({ type }) => type === 'hello')
  const images: Experiment = { ...DEFAULT_MLP, engine: 'float64', steps: 1 }
  page.client.adopt({ runId: 1, epoch: 0 })
  const nowhere = new URL('/nowhere/', location.href).href
  page.client.send({ type: 'start', experiment: images, checkpoint: null, autorun: false, assetBase: nowhere, pace: null, allowGpu: false })
  const fault = await page.until(({ type }) => type === 'fault')
  expect(fault.type === 'fault' && fault.fault.type).toMatch(/^data(Missing|Corrupt)$/)
  page.start(2, RACE)
  await page.until(isFinished)
  page.client.terminate()
})
