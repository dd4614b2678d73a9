// A step of many networks takes seconds on a CPU: does the page hear that it lives, and does a close or a pause get through?
import { describe, expect, test } from 'vitest'
import { DEFAULT_MLP } from '../../src/core/defaults.ts'
import type { Experiment } from '../../src/core/experiment.ts'
import { eventTurn } from '../../src/runtime/eventTurn.ts'
import { lossesOf, openPage } from './runHarness.ts'

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

describe('a step that takes long', () => {
  test('tells that the run lives, and lets a pause in, before it is done', { timeout: 60_000 }, async () => {
    const page = openPage(experiment, { autorun: false, tick: 300 })
    await page.until('state')
    const before = page.messages.length
    page.run.receive({ type: 'run', ...ADDRESS })
    await page.until('heartbeat')
    page.run.receive({ type: 'pause', ...ADDRESS })
    const { step } = await page.until('state', ({ state }) => state === 'paused')
    expect(step).toBe(1)
    expect(page.messages.slice(before).filter(({ type }) => type === 'heartbeat').length).toBeGreaterThan(2)
    await page.close()
  })
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
