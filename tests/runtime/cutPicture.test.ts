// When a picture takes long and somebody presses Run: does training begin, and is what was cut measured after all?
import { afterEach, describe, expect, test } from 'vitest'
import { DEFAULT_MLP } from '../../src/core/defaults.ts'
import type { Experiment } from '../../src/core/experiment.ts'
import { chooseTrainer } from '../../src/runtime/chooseTrainer.ts'
import { eventTurn } from '../../src/runtime/eventTurn.ts'
import { START_PATIENCE_MS } from '../../src/runtime/picturePatience.ts'
import type { RunHost } from '../../src/runtime/runHost.ts'
import { lossesOf, openPage, type Page } from './runHarness.ts'

const ADDRESS = { runId: 1, epoch: 0 }

const experiment: Experiment = {
  ...DEFAULT_MLP,
  model: { ...DEFAULT_MLP.model, depth: 3, width: 6 },
  data: { ...DEFAULT_MLP.data, kind: 'mixture', inputs: 5, trainCount: 60, testCount: 20 },
  engine: 'float64',
  batch: 16,
  steps: 20,
  seeds: 1,
  diagnostics: {
    ...DEFAULT_MLP.diagnostics,
    probeCount: 8,
    pairCount: 20,
    pairBatch: 8,
    every: { evaluation: 0, gradientNorms: 20, cosines: 20, hessian: 0, kernel: 20 },
    budget: 1,
  },
  versus: { optimizer: { lr: 0.01 } },
}

/** An engine whose Gram matrices take for ever at the start, unless somebody stops them; and a clock that the test moves. */
function slowHost(): { readonly host: Partial<RunHost>; readonly pass: (duration: number) => void; readonly asked: () => number } {
  let time = 0
  let asked = 0
  const timers: { at: number; wake: () => void }[] = []
  const host: Partial<RunHost> = {
    isWatched: true,
    now: () => time,
    wait: (duration) =>
      duration === 0 ? eventTurn() : new Promise((resolve) => timers.push({ at: time + duration, wake: () => resolve() })),
    async createTrainer(request) {
      const trainer = await chooseTrainer(request)
      const never = (signal: AbortSignal | undefined): Promise<never> =>
        new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason as Error)))
      return new Proxy(trainer, {
        get(target, key) {
          const value: unknown = Reflect.get(target, key, target)
          if (key !== 'probe') return typeof value === 'function' ? (value.bind(target) as unknown) : value
          return (seed: number) => {
            const probe = target.probe(seed)
            return {
              ...probe,
              scaledPerSampleGram: (...[set, signal]: Parameters<typeof probe.perSampleGram>) => {
                asked++
                return target.step === 0 ? never(signal) : probe.scaledPerSampleGram!(set, signal)
              },
            }
          }
        },
      })
    },
  }
  const pass = (duration: number): void => {
    time += duration
    for (const timer of timers.filter(({ at }) => at <= time)) timer.wake()
  }
  return { host, pass, asked: () => asked }
}

const turns = async (count: number): Promise<void> => {
  for (let i = 0; i < count; i++) await eventTurn()
}

const pages: Page[] = []
afterEach(async () => {
  for (const page of pages.splice(0)) await page.close()
})
const open = (...given: Parameters<typeof openPage>): Page => {
  const page = openPage(...given)
  pages.push(page)
  return page
}

describe('a picture that takes long', { timeout: 30_000 }, () => {
  test('is cut a moment after Run was pressed, not before, and training goes to its end with the same bits', async () => {
    const { host, pass, asked } = slowHost()
    const page = open(experiment, { autorun: false, host })
    while (asked() === 0) await eventTurn()
    pass(10 * START_PATIENCE_MS)
    await turns(20)
    expect(page.messages.some(({ type }) => type === 'state')).toBe(false)
    page.run.receive({ type: 'run', ...ADDRESS })
    await turns(20)
    pass(START_PATIENCE_MS - 1)
    await turns(20)
    expect(page.messages.some(({ type }) => type === 'state')).toBe(false)
    pass(1)
    await page.finished()
    const quick = open(experiment)
    await quick.finished()
    expect(lossesOf(page.samples(), 'A')).toEqual(lossesOf(quick.samples(), 'A'))
  })

  test('leaves nothing out for good: what was cut is measured once training goes on, in both arms', async () => {
    const { host, pass, asked } = slowHost()
    const page = open(experiment, { autorun: true, host })
    while (asked() === 0) await eventTurn()
    await turns(20)
    pass(START_PATIENCE_MS)
    await page.finished()
    const firsts = (type: 'cosines' | 'kernel', arm: 'A' | 'B') =>
      page.samples().find((sample) => sample.type === type && sample.arm === arm)?.step
    // The slow one is tried again first; what never had its turn follows.
    for (const arm of ['A', 'B'] as const) {
      expect(firsts('cosines', arm)).toBe(1)
      expect(firsts('kernel', arm)).toBeLessThanOrEqual(4)
    }
    expect(page.samples().some(({ type, step }) => type === 'gradientNorms' && step === 0)).toBe(true)
  })

  test('is finished at rest when somebody pauses again before training began', async () => {
    const { host, pass, asked } = slowHost()
    const page = open(experiment, { autorun: false, host })
    while (asked() === 0) await eventTurn()
    page.run.receive({ type: 'run', ...ADDRESS })
    await turns(10)
    page.run.receive({ type: 'pause', ...ADDRESS })
    pass(START_PATIENCE_MS)
    await turns(20)
    expect(asked()).toBe(1)
    page.run.receive({ type: 'run', ...ADDRESS })
    await turns(10)
    pass(START_PATIENCE_MS)
    await page.finished()
  })

  test('ends at once when the run is closed', async () => {
    const { host, asked } = slowHost()
    const page = open(experiment, { autorun: false, host })
    while (asked() === 0) await eventTurn()
    await page.close()
    expect(page.messages.some(({ type }) => type === 'fault')).toBe(false)
  })
})
