// Does the page only ever hear the run of the moment? Each title finishes the sentence "the client ...".
import { expect, test } from 'vitest'
import { FaultError } from '../../src/core/faults.ts'
import { createClient, type WorkerPort } from '../../src/protocol/client.ts'
import type { Stream, ToPage, ToWorker } from '../../src/protocol/messages.ts'

function bench() {
  const sent: ToWorker[] = []
  const heard: Stream[] = []
  const broken: string[] = []
  const port: WorkerPort = {
    postMessage: (message) => sent.push(message),
    terminate: () => undefined,
    onmessage: null,
    onerror: null,
    onmessageerror: null,
  }
  const client = createClient(port, { stream: (message) => heard.push(message), broken: (detail) => broken.push(detail) })
  const say = (data: ToPage) => port.onmessage?.({ data } as MessageEvent<ToPage>)
  return { client, port, sent, heard, broken, say }
}

const NOW = { runId: 3, epoch: 1 }

test('the client puts the address of the run of the moment on what it sends', () => {
  const { client, sent } = bench()
  client.adopt(NOW)
  client.send({ type: 'pause' })
  client.acknowledge(5)
  expect(sent).toEqual([
    { type: 'pause', ...NOW },
    { type: 'ack', sequence: 5, ...NOW },
  ])
})

test('the client drops messages and replies of an older run or epoch', async () => {
  const { client, heard, say } = bench()
  client.adopt(NOW)
  const answer = client.request({ type: 'checkpoint' })
  for (const stale of [
    { runId: 2, epoch: 1 },
    { runId: 3, epoch: 0 },
  ]) {
    say({ type: 'heartbeat', step: 1, ...stale })
    say({ type: 'reply', requestId: 1, ok: true, value: 'stale', ...stale })
  }
  say({ type: 'heartbeat', step: 2, ...NOW })
  say({ type: 'reply', requestId: 1, ok: true, value: 'fresh', ...NOW })
  expect(heard).toEqual([{ type: 'heartbeat', step: 2, ...NOW }])
  expect(await answer).toBe('fresh')
})

test('the client hears the greeting before any run', () => {
  const { heard, say } = bench()
  say({ type: 'hello', runId: 0, epoch: 0 })
  expect(heard).toHaveLength(1)
})

test('the client gives each request its own answer, whatever the order', async () => {
  const { client, say, sent } = bench()
  client.adopt(NOW)
  const first = client.request({ type: 'checkpoint' })
  const second = client.request({ type: 'snapshot', arm: 'A', seedIndex: 0 })
  expect(sent.map((message) => 'requestId' in message && message.requestId)).toEqual([1, 2])
  say({ type: 'reply', requestId: 2, ok: true, value: 'two', ...NOW })
  say({ type: 'reply', requestId: 1, ok: false, fault: { type: 'unsupported', detail: 'no' }, ...NOW })
  expect(await second).toBe('two')
  await expect(first).rejects.toBeInstanceOf(FaultError)
})

test.each(['another run', 'the end of the Worker'])('the client fails open requests at %s', async (what) => {
  const { client, heard, say } = bench()
  client.adopt(NOW)
  const open = client.request({ type: 'checkpoint' })
  if (what === 'another run') client.adopt({ runId: 4, epoch: 0 })
  else client.terminate()
  await expect(open).rejects.toBeInstanceOf(FaultError)
  say({ type: 'heartbeat', step: 2, ...NOW })
  expect(heard).toEqual([])
})

test('the client reports a broken script once, and nothing after its end', () => {
  const { client, port, broken } = bench()
  const event = { message: 'boom', preventDefault: () => undefined } as ErrorEvent
  port.onerror?.(event)
  client.terminate()
  port.onerror?.(event)
  expect(broken).toEqual(['boom'])
})

test('the client takes a real Worker as its port', () => {
  const asPort = (worker: Worker): WorkerPort => worker
  expect(asPort).toBeTypeOf('function')
})
