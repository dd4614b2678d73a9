// What somebody asked for once: does it show how far it is, end when it is taken back, and leave nothing behind?
import { afterEach, describe, expect, test } from 'vitest'
import { DEFAULT_MLP } from '../../src/core/defaults.ts'
import type { Experiment } from '../../src/core/experiment.ts'
import { chooseTrainer } from '../../src/runtime/chooseTrainer.ts'
import { eventTurn } from '../../src/runtime/eventTurn.ts'
import { lossesOf, openPage, type Page, type PageOptions } from './runHarness.ts'

const OFF = { evaluation: 0, gradientNorms: 0, cosines: 0, hessian: 0, kernel: 0 }
const ADDRESS = { runId: 1, epoch: 0 }

function smallNetwork(change: Partial<Experiment> = {}): Experiment {
  return {
    ...DEFAULT_MLP,
    model: { ...DEFAULT_MLP.model, depth: 3, width: 8 },
    data: { ...DEFAULT_MLP.data, kind: 'mixture', inputs: 6, outputs: 3, trainCount: 60, testCount: 20 },
    engine: 'float64',
    batch: 16,
    steps: 6,
    seeds: 1,
    diagnostics: { ...DEFAULT_MLP.diagnostics, probeCount: 8, pairCount: 60, pairBatch: 8, every: OFF, budget: 1 },
    versus: null,
    ...change,
  }
}

const pages: Page[] = []
const open = (experiment: Experiment, options: PageOptions = {}): Page => {
  const page = openPage(experiment, options)
  pages.push(page)
  return page
}
afterEach(async () => {
  for (const page of pages.splice(0)) await page.close()
})

const ask = (page: Page, instrument: 'hessian' | 'cosines' | 'kernel') => page.run.receive({ type: 'measureNow', instrument, ...ADDRESS })
const takeBack = (page: Page, demand: 'hessian' | 'cosines' | 'kernel' | 'snapshot') =>
  page.run.receive({ type: 'cancel', demand, ...ADDRESS })
const resting = async (page: Page): Promise<void> => void (await page.until('state', ({ state }) => state === 'paused'))

describe('a measurement that was asked for', { timeout: 30_000 }, () => {
  test('tells its begin, how far it is, and its end after its sample', async () => {
    const page = open(smallNetwork(), { autorun: false })
    await resting(page)
    ask(page, 'hessian')
    await page.until('demand', ({ state }) => state === 'ended')
    const told = page.messages.filter(
      (message) => message.type === 'demand' || (message.type === 'progress' && message.demand === 'hessian'),
    )
    expect(told[0]).toMatchObject({ type: 'demand', demand: 'hessian', state: 'begun' })
    expect(told.filter(({ type }) => type === 'progress').length).toBeGreaterThan(2)
    await page.until('samples', ({ samples }) => samples.some(({ type }) => type === 'hessian'))
  })

  test.each(['hessian', 'cosines', 'kernel'] as const)('ends in the middle when it is taken back: %s', async (instrument) => {
    const page = open(smallNetwork({ versus: { optimizer: { lr: 0.01 } } }), { autorun: false })
    await resting(page)
    ask(page, instrument)
    if (instrument === 'kernel') await page.until('demand')
    else await page.until('progress', ({ demand }) => demand === instrument)
    takeBack(page, instrument)
    await page.until('demand', ({ demand, state }) => demand === instrument && state === 'cancelled')
    page.run.receive({ type: 'run', ...ADDRESS })
    await page.finished()
    // Neither arm: a comparison would compare two moments.
    expect(page.samples().filter(({ type }) => type === instrument || type === 'cost')).toEqual([])
    expect(page.messages.some(({ type }) => type === 'fault')).toBe(false)
  })

  test('leaves training as it would have been, to the bit', async () => {
    const alone = open(smallNetwork())
    await alone.finished()
    const page = open(smallNetwork(), { pace: 50 })
    await page.until('samples')
    ask(page, 'hessian')
    await page.until('progress', ({ demand }) => demand === 'hessian')
    takeBack(page, 'hessian')
    await page.finished()
    expect(page.messages.some((message) => message.type === 'demand' && message.state === 'cancelled')).toBe(true)
    expect(lossesOf(page.samples(), 'A')).toEqual(lossesOf(alone.samples(), 'A'))
  })

  test('ends the eigenvalues on the other thread', async () => {
    let stopped: unknown
    const page = open(smallNetwork(), {
      autorun: false,
      host: {
        eigenvalues: (_matrix, _n, signal) =>
          new Promise((_, reject) =>
            signal.addEventListener('abort', () => {
              stopped = signal.reason
              reject(signal.reason as Error)
            }),
          ),
      },
    })
    await resting(page)
    ask(page, 'hessian')
    const told = await page.until('progress', ({ label }) => label.startsWith('Eigenvalues'))
    expect(told).toMatchObject({ demand: 'hessian', total: 0 })
    takeBack(page, 'hessian')
    await page.until('demand', ({ state }) => state === 'cancelled')
    expect(stopped).toBeInstanceOf(DOMException)
    page.run.receive({ type: 'step', count: 1, ...ADDRESS })
    await page.until('state', ({ step }) => step === 1)
  })

  test('never begins when it is taken back before its turn', async () => {
    const page = open(smallNetwork(), { autorun: false })
    await resting(page)
    ask(page, 'cosines')
    ask(page, 'hessian')
    takeBack(page, 'hessian')
    await page.until('demand', ({ demand, state }) => demand === 'cosines' && state === 'ended')
    await eventTurn()
    expect(page.messages.filter((message) => message.type === 'demand' && message.demand === 'hessian')).toEqual([
      { type: 'demand', demand: 'hessian', state: 'cancelled' },
    ])
  })

  test('ends with the run', async () => {
    const page = open(smallNetwork(), { autorun: false })
    await resting(page)
    ask(page, 'hessian')
    await page.until('progress', ({ demand }) => demand === 'hessian')
    await page.close()
    expect(page.messages.some(({ type }) => type === 'fault')).toBe(false)
  })
})

describe('a snapshot', { timeout: 30_000 }, () => {
  const request = { type: 'snapshot', arm: 'A', seedIndex: 0, requestId: 7, ...ADDRESS } as const

  test('says how far it is, part by part, and never goes back', async () => {
    const page = open(smallNetwork(), { autorun: false })
    await resting(page)
    page.run.receive(request)
    await page.until('demand', ({ demand, state }) => demand === 'snapshot' && state === 'ended')
    const told = page.messages.flatMap((message) => (message.type === 'progress' && message.demand === 'snapshot' ? [message] : []))
    expect(new Set(told.map(({ label }) => label)).size).toBeGreaterThan(8)
    const shares = told.map(({ done, total }) => done / total)
    expect(shares).toEqual(shares.toSorted((a, b) => a - b))
    expect(shares.at(-1)).toBeLessThanOrEqual(1)
    await eventTurn()
    expect(page.answers).toMatchObject([{ requestId: 7, ok: true, value: { format: 'snapshot' } }])
  })

  test('is taken back in the middle, answered once, and the run trains on', async () => {
    const page = open(smallNetwork(), { autorun: false })
    await resting(page)
    page.run.receive(request)
    await page.until('progress', ({ demand, done }) => demand === 'snapshot' && done > 3)
    takeBack(page, 'snapshot')
    await page.until('demand', ({ demand, state }) => demand === 'snapshot' && state === 'cancelled')
    page.run.receive({ type: 'run', ...ADDRESS })
    await page.finished()
    expect(page.answers).toEqual([{ requestId: 7, ok: false, fault: { type: 'unsupported', detail: 'It was taken back.' } }])
  })

  test('lets a pause through while it is being made', async () => {
    const page = open(smallNetwork({ steps: 1000 }), { pace: 5 })
    await page.until('samples')
    page.run.receive(request)
    await page.until('progress', ({ demand }) => demand === 'snapshot')
    page.run.receive({ type: 'pause', ...ADDRESS })
    const { step } = await page.until('state', ({ state }) => state === 'paused')
    // Nothing was trained behind the snapshot.
    expect(step).toBe(lossesOf(page.samples(), 'A').length)
  })

  test('asks for the products of its pairs once, although two fields are about them', async () => {
    let asked = 0
    const page = open(smallNetwork(), {
      autorun: false,
      host: {
        async createTrainer(given) {
          const trainer = await chooseTrainer(given)
          const probe = trainer.probe(0)
          trainer.probe = () => ({
            ...probe,
            batchPairs: (...asks) => {
              asked++
              return probe.batchPairs(...asks)
            },
          })
          return trainer
        },
      },
    })
    await resting(page)
    page.run.receive(request)
    await page.until('demand', ({ state }) => state === 'ended')
    await eventTurn()
    expect(page.answers).toMatchObject([{ ok: true, value: { measured: { kde: {}, batchGradients: {} } } }])
    expect(asked).toBe(1)
  })
  test('becomes a file where the page wants one', async () => {
    const page = open(smallNetwork(), { autorun: false, host: { asFile: (snapshot) => JSON.stringify(snapshot).slice(0, 20) } })
    await resting(page)
    page.run.receive(request)
    await page.until('demand', ({ state }) => state === 'ended')
    await eventTurn()
    expect(page.answers).toMatchObject([{ ok: true, value: '{"format":"snapshot"' }])
  })
})
