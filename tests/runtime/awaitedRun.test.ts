// Does the picture of step 0 let training in, and does nobody's impatience ever change a number that is written down?
import { describe, expect, test } from 'vitest'
import { DEFAULT_MLP } from '../../src/core/defaults.ts'
import type { Experiment } from '../../src/core/experiment.ts'
import type { Sample } from '../../src/core/sample.ts'
import { FEWEST_PAIRS } from '../../src/diagnostics/cosines.ts'
import { eventTurn } from '../../src/runtime/eventTurn.ts'
import { lossesOf, openPage, shortRace, type PageOptions } from './runHarness.ts'

const PAIRS = 60
const experiment: Experiment = {
  ...DEFAULT_MLP,
  model: { ...DEFAULT_MLP.model, depth: 3, width: 6 },
  data: { ...DEFAULT_MLP.data, kind: 'mixture', inputs: 5, trainCount: 60, testCount: 20 },
  engine: 'float64',
  batch: 16,
  steps: 8,
  seeds: 1,
  diagnostics: {
    ...DEFAULT_MLP.diagnostics,
    probeCount: 8,
    pairCount: PAIRS,
    pairBatch: 8,
    every: { evaluation: 0, gradientNorms: 0, cosines: 4, hessian: 0, kernel: 0 },
    budget: 1,
  },
  versus: null,
}
/** Each look at the clock costs 150 ms: the third slice of pairs is beyond anybody's patience. */
const SLOW: PageOptions = { tick: 150 }
/** Somebody watches; whatever is waited for by time never comes, so that no picture is cut. */
const WATCHED: PageOptions['host'] = {
  isWatched: true,
  wait: (duration) => (duration === 0 ? eventTurn() : new Promise(() => undefined)),
}

const pairsAt = (samples: readonly Sample[], step: number): number[] =>
  samples.flatMap((sample) =>
    sample.type === 'cosines' && sample.step === step ? [sample.pairs.cosines.length + sample.pairs.excluded] : [],
  )

async function complete(options: PageOptions): Promise<Sample[]> {
  const page = openPage(experiment, options)
  await page.finished()
  await page.close()
  return page.samples()
}

describe('a run that is waited for', () => {
  test('begins after the fewest pairs, and trains to the same bits', async () => {
    const watched = await complete({ ...SLOW, host: WATCHED })
    const alone = await complete(SLOW)
    expect(pairsAt(watched, 0)).toEqual([FEWEST_PAIRS])
    expect(pairsAt(alone, 0)).toEqual([PAIRS])
    expect(lossesOf(watched, 'A')).toEqual(lossesOf(alone, 'A'))
  })

  test('leaves what costs most out of its first picture, and measures it when it is due', async () => {
    const every = { ...experiment.diagnostics.every, hessian: 4 }
    const spectra = { ...experiment, diagnostics: { ...experiment.diagnostics, every } }
    const stepsOf = async (host: PageOptions['host']) => {
      const page = openPage(spectra, { host })
      await page.finished()
      await page.close()
      return page.samples().flatMap(({ type, step }) => (type === 'hessian' ? [step] : []))
    }
    expect(await stepsOf(WATCHED)).toEqual([1, 2, 4, 8])
    expect(await stepsOf({})).toEqual([0, 1, 2, 4, 8])
  })

  test('draws the same first pairs as one that nobody waits for', async () => {
    const first = (samples: readonly Sample[]) => samples.find((sample) => sample.type === 'cosines')!.pairs.cosines
    const whole = new Set(first(await complete(SLOW)))
    // Both are sorted, so the shorter is a subset, not a beginning.
    expect([...first(await complete({ ...SLOW, host: WATCHED }))].every((cosine) => whole.has(cosine))).toBe(true)
  })
})

test('a run that is watched but not waited for draws every pair', async () => {
  const page = openPage(experiment, { ...SLOW, autorun: false, host: WATCHED })
  await page.until('state', ({ state }) => state === 'paused')
  await page.close()
  expect(pairsAt(page.samples(), 0)).toEqual([PAIRS])
})

test('a run that is asked to start in the middle of its first picture finishes the picture early', async () => {
  const page = openPage(experiment, { ...SLOW, autorun: false, host: WATCHED })
  await page.until('progress', ({ label, done }) => label === 'Gradient cosines' && done >= 30)
  page.run.receive({ type: 'run', runId: 1, epoch: 0 })
  await page.finished()
  await page.close()
  const [drawn] = pairsAt(page.samples(), 0)
  expect(drawn).toBeGreaterThanOrEqual(30)
  expect(drawn).toBeLessThan(PAIRS)
})

describe('the gap to the tangent', () => {
  const tangentRace = (depth: number): Experiment => {
    const race = shortRace()
    return shortRace({
      model: { ...race.model, depth },
      seeds: 1,
      diagnostics: { ...race.diagnostics, every: { ...OFF, kernel: 20 } },
      versus: { linearised: true },
    })
  }
  const OFF = { evaluation: 0, gradientNorms: 0, cosines: 0, hessian: 0, kernel: 0 }
  const gaps = async (depth: number) => {
    const page = openPage(tangentRace(depth))
    await page.finished()
    await page.close()
    return page
      .samples()
      .flatMap((sample) => (sample.type === 'kernel' && sample.arm === 'B' ? [{ step: sample.step, ...sample.tangentGap! }] : []))
  }

  test('is 0 at the start, and stays 0 for one weight, which is its own tangent', async () => {
    const found = await gaps(1)
    expect(found.length).toBeGreaterThan(3)
    // Rounding of w0 + (w - w0) against w.
    for (const { rms, moved, step } of found) expect(rms, `step ${step}`).toBeLessThanOrEqual(1e-12 * Math.max(1, moved))
  })

  test('opens as soon as two weights have moved', async () => {
    const found = await gaps(2)
    expect(found[0]).toMatchObject({ step: 0, rms: 0, moved: 0 })
    expect(found.at(-1)!.rms).toBeGreaterThan(1e-6)
    expect(found.at(-1)!.moved).toBeGreaterThan(1e-3)
  })
})
