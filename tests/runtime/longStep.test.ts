// A step of many networks takes seconds on a CPU: does the page hear that it lives, and does a close or a pause get through?
import { describe, expect, test } from 'vitest'
import { DEFAULT_MLP } from '../../src/core/defaults.ts'
import type { Experiment } from '../../src/core/experiment.ts'
import { eventTurn } from '../../src/runtime/eventTurn.ts'
import { lossesOf, openPage, type Page } from './runHarness.ts'

const ADDRESS = { runId: 1, epoch: 0 }
const OFF = { evaluation: 0, gradientNorms: 0, cosines: 0, hessian: 0, kernel: 0 }
/** One step takes about half a second on any machine of today, a member of it some ten milliseconds. */
const experiment: Experiment = {
  ...DEFAULT_MLP,
  model: { ...DEFAULT_MLP.model, depth: 6, width: 160 },
  data: { ...DEFAULT_MLP.data, kind: 'mixture', inputs: 32, trainCount: 128, testCount: 8 },
  engine: 'float64',
  batch: 64,
  steps: 2,
  seeds: 24,
  diagnostics: { ...DEFAULT_MLP.diagnostics, every: OFF },
  versus: null,
}

/** A single network whose step takes as long; the first two steps in all. */
const single: Experiment = { ...experiment, model: { ...experiment.model, width: 512 }, batch: 128, seeds: 1 }

const progressOf = (page: Page) =>
  page.messages.flatMap((message) => (message.type === 'progress' && message.what === 'training' ? [message] : []))

describe.each([
  ['many networks', experiment],
  ['one large network', single],
])('a step of %s that takes long', (_what, long) => {
  test('tells how far it is, and stands still within it while the run is paused', { timeout: 60_000 }, async () => {
    const undisturbed = openPage(long)
    await undisturbed.finished()
    const expected = lossesOf(undisturbed.samples(), 'A')
    await undisturbed.close()
    const page = openPage(long, { autorun: false, tick: 300 })
    await page.until('state')
    page.run.receive({ type: 'run', ...ADDRESS })
    await page.until('state', ({ state }) => state === 'running')
    await page.until('progress', ({ what }) => what === 'training')
    page.run.receive({ type: 'pause', ...ADDRESS })
    const { step } = await page.until('state', ({ state }) => state === 'paused')
    expect(step).toBe(0)
    const heard = page.messages.length
    for (let turn = 0; turn < 20; turn++) await eventTurn()
    expect(page.messages.length).toBe(heard)
    expect(lossesOf(page.samples(), 'A')).toEqual([])
    page.run.receive({ type: 'run', ...ADDRESS })
    await page.until('state', ({ state }) => state === 'running')
    await page.finished()
    expect(lossesOf(page.samples(), 'A')).toEqual(expected)
    const durations = page.messages.flatMap((message) => (message.type === 'samples' ? [message.stepDuration ?? 0] : []))
    expect(Math.max(...durations)).toBeGreaterThan(300)
    const told = progressOf(page)
    expect(told.length).toBeGreaterThan(2)
    expect(told[0]).toMatchObject({ label: 'Step 1', total: 100 })
    const first = told.filter(({ label }) => label === 'Step 1').map(({ done }) => done)
    expect([...first].sort((x, y) => x - y)).toEqual(first)
    expect(Math.max(...told.map(({ done }) => done))).toBeGreaterThan(20)
    await page.close()
  })
  test('ends before an order is served, which finds all networks at one step', { timeout: 60_000 }, async () => {
    const page = openPage(long, { autorun: false, tick: 300 })
    await page.until('state')
    page.run.receive({ type: 'run', ...ADDRESS })
    await page.until('progress', ({ what }) => what === 'training')
    page.run.receive({ type: 'pause', ...ADDRESS })
    await page.until('state', ({ state, step }) => state === 'paused' && step === 0)
    page.run.receive({ type: 'checkpoint', requestId: 7, ...ADDRESS })
    while (page.answers.length === 0) await eventTurn()
    expect(page.answers[0]).toMatchObject({ requestId: 7, ok: true, value: { step: 1 } })
    expect(lossesOf(page.samples(), 'A').length).toBe(long.seeds)
    await page.close()
  })
})

describe('a step that takes long', () => {
  test('ends in the middle when the run is closed, without a loss', { timeout: 60_000 }, async () => {
    const page = openPage(experiment, { autorun: false, tick: 300 })
    await page.until('state')
    page.run.receive({ type: 'run', ...ADDRESS })
    await page.until('heartbeat')
    await page.close()
    await eventTurn()
    expect(lossesOf(page.samples(), 'A')).toEqual([])
    expect(page.messages.some(({ type }) => type === 'fault')).toBe(false)
  })
})
