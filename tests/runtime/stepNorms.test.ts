// Do gradient norms that come out of the step tell the truth about their step, and leave training alone?
import { describe, expect, test } from 'vitest'
import { DEFAULT_MLP } from '../../src/core/defaults.ts'
import type { DiagnosticsSettings, Experiment } from '../../src/core/experiment.ts'
import type { GradientNormSample, Sample } from '../../src/core/sample.ts'
import { loadDataset } from '../../src/data/loadDataset.ts'
import { log10Norms } from '../../src/diagnostics/logNorms.ts'
import { createArm } from '../../src/runtime/arm.ts'
import { chooseTrainer } from '../../src/runtime/chooseTrainer.ts'
import type { RunHost } from '../../src/runtime/runHost.ts'
import { isDue } from '../../src/runtime/schedule.ts'
import { lossesOf, openPage, shortRace, type PageOptions } from './runHarness.ts'

const ADDRESS = { runId: 1, epoch: 0 }
const STEPS = 12
const EVERY = 4
const DUE = [0, 1, 2, 4, 8, 12]
const OFF = { evaluation: 0, gradientNorms: 0, cosines: 0, hessian: 0, kernel: 0 }

/** Ten samples; batches of four in A and seven in B; two seeds. */
function experimentOf(normsOf: DiagnosticsSettings['normsOf'], change: Partial<Experiment> = {}): Experiment {
  return {
    ...DEFAULT_MLP,
    model: { ...DEFAULT_MLP.model, depth: 3, width: 5, activation: 'tanh' },
    data: { ...DEFAULT_MLP.data, kind: 'teacher', inputs: 4, outputs: 2, trainCount: 10, testCount: 0 },
    loss: { kind: 'squaredError', reduction: 'mean' },
    optimizer: { ...DEFAULT_MLP.optimizer, kind: 'momentum', lr: 0.05 },
    engine: 'float64',
    batch: 4,
    seeds: 2,
    steps: STEPS,
    diagnostics: { ...DEFAULT_MLP.diagnostics, probeCount: 10, normsOf, every: { ...OFF, gradientNorms: EVERY }, budget: 1 },
    versus: { batch: 7 },
    ...change,
  }
}

async function samplesOf(experiment: Experiment, options: PageOptions = {}): Promise<Sample[]> {
  const page = openPage(experiment, options)
  await page.finished()
  await page.close()
  expect(page.messages.filter(({ type }) => type === 'fault')).toEqual([])
  return page.samples()
}

function normsOf(samples: readonly Sample[], arm: 'A' | 'B'): GradientNormSample[] {
  return samples.filter((sample): sample is GradientNormSample => sample.type === 'gradientNorms' && sample.arm === arm)
}

/** What the probe says at each due step of a run of its own, of the batch that comes next or of the probe set. */
async function expected(experiment: Experiment, name: 'A' | 'B', of: 'batch' | 'probe'): Promise<Map<number, Float64Array>> {
  const dataset = await loadDataset(experiment.data, { seed: experiment.seed, readAsset: () => Promise.reject(new Error('no files')) })
  const arm = await createArm(name, experiment, dataset, { createTrainer: chooseTrainer }, false)
  const found = new Map<number, Float64Array>()
  for (let step = 0; step <= experiment.steps; step++) {
    const batch = arm.order.batchAt(step)
    if (isDue(step, experiment.diagnostics.every.gradientNorms)) {
      const indices = of === 'batch' ? batch : Int32Array.from({ length: experiment.diagnostics.probeCount }, (_, i) => i)
      const rows: number[] = []
      for (const probe of arm.probes) {
        const { mantissa, exponent } = await probe.gradientNorms({ indices, from: 'train' })
        rows.push(...log10Norms(mantissa, exponent))
      }
      found.set(step, Float64Array.from(rows))
    }
    await arm.trainer.train([batch])
  }
  return found
}

function expectNorms(samples: readonly GradientNormSample[], wanted: ReadonlyMap<number, Float64Array>): void {
  expect(samples.map(({ step }) => step)).toEqual([...wanted.keys()])
  for (const { step, log10 } of samples) {
    const reference = wanted.get(step)!
    // The same gradient, summed in another order.
    for (const [at, value] of log10.entries()) expect(value, `step ${step}`).toBeCloseTo(reference[at], 12)
  }
}

/** A host that counts how often a probe is asked for norms, by the step of its trainer. */
function counting(): { readonly host: Partial<RunHost>; readonly asked: number[] } {
  const asked: number[] = []
  const createTrainer: RunHost['createTrainer'] = async (request) => {
    const trainer = await chooseTrainer(request)
    const { probe } = trainer
    trainer.probe = (seed) => {
      const own = probe.call(trainer, seed)
      return {
        ...own,
        gradientNorms: (set, signal) => {
          asked.push(trainer.step)
          return own.gradientNorms(set, signal)
        },
      }
    }
    return trainer
  }
  return { host: { createTrainer }, asked }
}

describe('a run whose gradient norms are those of the step', () => {
  test('tells at every due step those of the batch that comes next, in both arms', async () => {
    const experiment = experimentOf('step')
    const samples = await samplesOf(experiment)
    for (const [arm, rows] of [
      ['A', 4],
      ['B', 7],
    ] as const) {
      const found = normsOf(samples, arm)
      expectNorms(found, await expected(experiment, arm, 'batch'))
      expect(found.map(({ batchRows }) => batchRows)).toEqual(DUE.map(() => rows))
    }
  })

  test('trains to the same bits as one of the probe set and one without', async () => {
    const runs = await Promise.all([
      samplesOf(experimentOf('step')),
      samplesOf(experimentOf('probe')),
      samplesOf(experimentOf('step', { diagnostics: { ...experimentOf('step').diagnostics, every: OFF } })),
    ])
    for (const arm of ['A', 'B'] as const) {
      const [step, probe, none] = runs.map((samples) => lossesOf(samples, arm))
      expect(step).toHaveLength(2 * STEPS)
      expect(probe).toEqual(step)
      expect(none).toEqual(step)
    }
    expect(normsOf(runs[2], 'A')).toEqual([])
  })

  test('asks the probe before the first step and after the last alone, and says what it took', async () => {
    const { host, asked } = counting()
    const samples = await samplesOf(experimentOf('step'), { host })
    // Two arms of two seeds each.
    expect(asked).toEqual([0, 0, 0, 0, STEPS, STEPS, STEPS, STEPS])
    const costs = samples.filter((sample) => sample.type === 'cost' && sample.instrument === 'gradientNorms' && sample.arm === 'A')
    // Not of the pass after the last step: on the schedule they cost what a step adds for them.
    expect(costs.map(({ step }) => step)).toEqual(DUE.slice(0, -1))
  })

  test('does not keep a picture waiting for a step that comes slowly', async () => {
    const experiment = experimentOf('step')
    const before = async (pace: number | null): Promise<boolean[]> => {
      const samples = (await samplesOf(experiment, { pace })).filter(({ arm }) => arm === 'A')
      return [1, 2, 4, 8].map((due) => {
        const at = (type: Sample['type']) => samples.findIndex((sample) => sample.type === type && sample.step === due)
        return at('gradientNorms') < at('loss')
      })
    }
    expect(await before(5)).toEqual([true, true, true, true])
    expect((await before(null)).slice(0, 2)).toEqual([false, false])
  })

  test('goes on from a checkpoint to the same norms', async () => {
    const experiment = experimentOf('step')
    const whole = await samplesOf(experiment)
    const page = openPage(experiment, { autorun: false })
    await page.until('state', ({ state }) => state === 'paused')
    page.run.receive({ type: 'step', count: 8, ...ADDRESS })
    const { checkpoint } = await page.until('checkpointed')
    await page.close()
    expect(checkpoint.step).toBe(8)
    const rest = await samplesOf(experiment, { checkpoint })
    expect(normsOf(rest, 'A')).toEqual(normsOf(whole, 'A').filter(({ step }) => step >= 8))
  })

  test('shows a step at which it was paused, and the other norms at once when they are chosen', async () => {
    const experiment = experimentOf('step')
    const page = openPage(experiment, { autorun: false })
    await page.until('state', ({ state }) => state === 'paused')
    page.run.receive({ type: 'step', count: 3, ...ADDRESS })
    await page.until('samples', ({ samples }) => normsOf(samples, 'A').some(({ step, batchRows }) => step === 3 && batchRows === 4))
    const { every, budget } = experiment.diagnostics
    page.run.receive({ type: 'schedule', every, budget, normsOf: 'probe', ...ADDRESS })
    await page.until('samples', ({ samples }) => normsOf(samples, 'A').some(({ step, batchRows }) => step === 3 && batchRows === undefined))
    await page.close()
    expect(normsOf(page.samples(), 'A').map(({ step, batchRows }) => [step, batchRows])).toEqual([
      [0, 4],
      [1, 4],
      [2, 4],
      [3, 4],
      [3, undefined],
    ])
  })
})

describe('a run whose gradient norms are those of the probe set', () => {
  const whole = (probeCount: number, batch: number): Experiment => {
    const experiment = experimentOf('probe', { batch, versus: null })
    return { ...experiment, diagnostics: { ...experiment.diagnostics, probeCount } }
  }

  test('takes them out of the step where each batch is the probe set, sample for sample', async () => {
    const { host, asked } = counting()
    const experiment = whole(10, 64)
    const found = normsOf(await samplesOf(experiment, { host }), 'A')
    expectNorms(found, await expected(experiment, 'A', 'probe'))
    expect(found.every(({ batchRows }) => batchRows === undefined)).toBe(true)
    expect(new Set(asked)).toEqual(new Set([0, STEPS]))
  })

  test.each([
    ['the probe set is smaller than the batch', 9, 64],
    ['the batch is smaller than the probe set', 10, 9],
  ] as const)('asks the probe at every due step where %s', async (_, probeCount, batch) => {
    const { host, asked } = counting()
    const experiment = whole(probeCount, batch)
    expectNorms(normsOf(await samplesOf(experiment, { host }), 'A'), await expected(experiment, 'A', 'probe'))
    expect([...new Set(asked)]).toEqual(DUE)
  })

  test('of a chain on one point never asks the probe while it trains', async () => {
    const { host, asked } = counting()
    await samplesOf(shortRace({ steps: 20 }), { host })
    expect(new Set(asked)).toEqual(new Set([0, 20]))
  })
})
