// What does a run promise to its page? The same numbers every time, whatever is measured or interrupted.
import { describe, expect, test } from 'vitest'
import { DEFAULT_MLP } from '../../src/core/defaults.ts'
import type { Experiment } from '../../src/core/experiment.ts'
import { FaultError } from '../../src/core/faults.ts'
import type { Sample } from '../../src/core/sample.ts'
import type { RunCheckpoint } from '../../src/protocol/messages.ts'
import { lossesOf, openPage, shortRace, type PageOptions } from './runHarness.ts'

/** A small float64 network on the mixture, which needs no files. */
const MLP: Experiment = {
  ...DEFAULT_MLP,
  model: { ...DEFAULT_MLP.model, depth: 3, width: 6 },
  data: { ...DEFAULT_MLP.data, kind: 'mixture', inputs: 5, trainCount: 60, testCount: 20 },
  engine: 'float64',
  batch: 16,
  steps: 24,
  seeds: 2,
  optimizer: { ...DEFAULT_MLP.optimizer, kind: 'adam', lr: 0.01 },
  diagnostics: {
    ...DEFAULT_MLP.diagnostics,
    probeCount: 8,
    pairCount: 5,
    pairBatch: 8,
    lanczosSteps: 6,
    every: { evaluation: 6, gradientNorms: 4, cosines: 6, hessian: 8, kernel: 6 },
    budget: 1,
  },
  versus: { optimizer: { kind: 'momentum', lr: 0.05 } },
}

const OFF = { evaluation: 0, gradientNorms: 0, cosines: 0, hessian: 0, kernel: 0 }
const withoutInstruments = (experiment: Experiment): Experiment => ({
  ...experiment,
  diagnostics: { ...experiment.diagnostics, every: OFF },
})

async function complete(experiment: Experiment, options: PageOptions = {}) {
  const page = openPage(experiment, options)
  await page.finished()
  await page.close()
  const faults = page.messages.flatMap((message) => (message.type === 'fault' ? [message.fault] : []))
  return { page, samples: page.samples(), faults }
}

/** Everything but costs, which are times; within a step the order depends on what was measured last. */
const measured = (samples: readonly Sample[]) =>
  samples
    .filter(({ type }) => type !== 'cost' && type !== 'loss')
    .toSorted((a, b) => a.step - b.step || `${a.type} ${a.arm}`.localeCompare(`${b.type} ${b.arm}`))

/** Everything that a step number decides: rates that drop, noise, batches with replacement, a change on the way. */
const DECAYING: Experiment = {
  ...MLP,
  sampling: 'withReplacement',
  diagnostics: { ...MLP.diagnostics, every: { ...MLP.diagnostics.every, hessian: 0 } },
  optimizer: { ...MLP.optimizer, kind: 'perturbed', lr: 0.2, noise: 0.05, dropEvery: 5, dropFactor: 0.5 },
  versus: { optimizer: { kind: 'nesterov', lr: 0.1, momentum: 0.8, dropEvery: 9 } },
  changes: [{ step: 12, arm: 'A', optimizer: { ...MLP.optimizer, kind: 'momentum', lr: 0.3, dropEvery: 7, dropFactor: 0.1 } }],
}

describe.each([
  ['a chain', shortRace()],
  ['a float64 MLP', MLP],
  ['a float64 MLP whose rate drops', DECAYING],
] as const)('a run of %s', (_what, experiment) => {
  test('streams every loss of every seed of both arms, without a fault', async () => {
    const { samples, faults } = await complete(experiment)
    expect(faults).toEqual([])
    for (const arm of ['A', 'B'] as const) {
      const losses = lossesOf(samples, arm)
      expect(losses).toHaveLength(experiment.steps * experiment.seeds)
      expect(losses.every(Number.isFinite)).toBe(true)
    }
  })

  test('trains to the same bits whether or not it is measured', async () => {
    const on = await complete(experiment)
    const off = await complete(withoutInstruments(experiment))
    expect(measured(on.samples).filter(({ type }) => type !== 'unavailable').length).toBeGreaterThan(10)
    expect(measured(off.samples).every(({ type }) => type === 'unavailable')).toBe(true)
    for (const arm of ['A', 'B'] as const) expect(lossesOf(on.samples, arm)).toEqual(lossesOf(off.samples, arm))
  })

  test('gives the same samples twice, whatever the clock says', async () => {
    const slow = await complete(experiment, { tick: 0.01 })
    const fast = await complete(experiment, { tick: 7 })
    expect(measured(fast.samples)).toEqual(measured(slow.samples))
    expect(lossesOf(fast.samples, 'B')).toEqual(lossesOf(slow.samples, 'B'))
  })

  test('goes on from a checkpoint to the same bits and the same measurements', async () => {
    const whole = await complete(experiment)
    const page = openPage(experiment, { autorun: false })
    await page.until('state', ({ state }) => state === 'paused')
    page.run.receive({ type: 'step', count: 13, runId: 1, epoch: 0 })
    const { checkpoint } = await page.until('checkpointed')
    await page.close()
    expect(checkpoint.step).toBe(13)
    const rest = await complete(experiment, { checkpoint })
    for (const arm of ['A', 'B'] as const) {
      expect(lossesOf(rest.samples, arm)).toEqual(lossesOf(whole.samples, arm).slice(13 * experiment.seeds))
    }
    // The drift is against K_0, which the checkpoint does not hold.
    expect(measured(rest.samples)).toEqual(measured(whole.samples).filter(({ step }) => step > 13))
  })
})

test('a run measures everything that is switched on at step 0, before any training, and says what is off', async () => {
  const every = { ...shortRace().diagnostics.every, kernel: 0 }
  const page = openPage(shortRace({ diagnostics: { ...shortRace().diagnostics, every } }), { autorun: false })
  await page.until('state', ({ state, step }) => state === 'paused' && step === 0)
  const { samples } = await page.until('samples')
  await page.close()
  const seen = [...page.samples(), ...samples].filter(({ arm, type }) => arm === 'B' && type !== 'cost')
  expect(new Set(seen.map((sample) => (sample.type === 'unavailable' ? `${sample.instrument}: ${sample.reason}` : sample.type)))).toEqual(
    new Set(['gradientNorms', 'evaluation', 'cosines: oneSample', 'kernel: switchedOff', 'hessian']),
  )
  expect(lossesOf(page.samples(), 'A')).toEqual([])
})

test('a run starts both arms from the same weights', async () => {
  const { samples } = await complete(shortRace())
  expect(lossesOf(samples, 'A').slice(0, 4)).toEqual(lossesOf(samples, 'B').slice(0, 4))
  expect(lossesOf(samples, 'A').at(-1)).not.toBe(lossesOf(samples, 'B').at(-1))
})

test('a run has one unanswered message of samples at a time and merges what waits', async () => {
  const page = openPage(shortRace(), { acknowledge: false })
  await page.finished()
  expect(page.messages.filter(({ type }) => type === 'samples')).toHaveLength(1)
  page.run.receive({ type: 'ack', sequence: 99, runId: 1, epoch: 0 })
  expect(page.messages.filter(({ type }) => type === 'samples')).toHaveLength(1)
  page.run.receive({ type: 'ack', sequence: 1, runId: 1, epoch: 0 })
  const [, second] = page.messages.filter((message) => message.type === 'samples')
  await page.close()
  // One loss sample per arm, although instruments measured in between.
  expect(second.samples.filter(({ type }) => type === 'loss')).toHaveLength(2)
  expect(lossesOf(page.samples(), 'A')).toHaveLength(60 * 4)
})

test('a run takes a new optimizer at the step of the command, and a replay with the recorded change gives the same bits', async () => {
  const experiment = shortRace({ versus: null })
  const optimizer = { ...experiment.optimizer, kind: 'adam' as const, lr: 0.01 }
  const page = openPage(experiment, { autorun: false })
  await page.until('state', ({ state }) => state === 'paused')
  page.run.receive({ type: 'step', count: 20, runId: 1, epoch: 0 })
  await page.until('checkpointed')
  page.run.receive({ type: 'optimizer', arm: 'A', optimizer, runId: 1, epoch: 0 })
  expect(await page.until('optimizerChanged')).toMatchObject({ arm: 'A', step: 20, optimizer })
  page.run.receive({ type: 'run', runId: 1, epoch: 0 })
  await page.finished()
  await page.close()
  const replay = await complete({ ...experiment, changes: [{ step: 20, arm: 'A', optimizer }] })
  expect(lossesOf(page.samples(), 'A')).toEqual(lossesOf(replay.samples, 'A'))
  const unchanged = await complete(experiment)
  expect(lossesOf(page.samples(), 'A')).not.toEqual(lossesOf(unchanged.samples, 'A'))
})

test('a run drops its rate right before the update that it belongs to', async () => {
  // One weight, one point, w -= lr w: each step multiplies the loss by (1 - lr)^2, so the losses tell every rate.
  const [lr, dropEvery, dropFactor] = [0.5, 3, 0.25]
  const experiment = shortRace({
    model: { ...shortRace().model, depth: 1 },
    optimizer: { ...shortRace().optimizer, lr, dropEvery, dropFactor },
    versus: null,
    seeds: 1,
    steps: 12,
  })
  const { samples } = await complete(experiment)
  const losses = lossesOf(samples, 'A')
  for (let step = 0; step + 1 < losses.length; step++) {
    const rate = lr * dropFactor ** Math.floor(step / dropEvery)
    // A few roundings of losses that stay above 1e-3.
    expect(losses[step + 1] / losses[step]).toBeCloseTo((1 - rate) ** 2, 12)
  }
})

test('a run stops when every seed has diverged, keeps finite weights and names a layer', async () => {
  const page = openPage(
    shortRace({
      versus: null,
      optimizer: { ...shortRace().optimizer, lr: 100 },
      init: { scheme: 'uniform', tau: 3, gain: 1 },
      steps: 3000,
    }),
  )
  await page.finished()
  const { fault } = await page.until('fault')
  expect(fault).toMatchObject({ type: 'diverged', arm: 'A' })
  expect(fault.type === 'diverged' && fault.layerName).toMatch(/^weight \d+$/)
  expect(page.messages.filter(({ type }) => type === 'seedDiverged')).toHaveLength(4)
  page.run.receive({ type: 'checkpoint', requestId: 5, runId: 1, epoch: 0 })
  page.run.receive({ type: 'run', runId: 1, epoch: 0 })
  while (page.answers.length === 0) await new Promise((resolve) => setImmediate(resolve))
  await page.close()
  const [answer] = page.answers
  if (!answer.ok) throw new Error('the checkpoint was refused')
  const payload = (answer.value as RunCheckpoint).payload as { arms: { A: { weights: Float64Array[] } } }
  expect(payload.arms.A.weights.every((weights) => weights.every(Number.isFinite))).toBe(true)
})

test('a run streams the fault that was thrown inside it and answers later requests with one', async () => {
  const fault = { type: 'dataMissing', detail: 'Shard 3 is not there.', file: '3.bin' } as const
  const page = openPage(shortRace(), { host: { loadDataset: () => Promise.reject(new FaultError(fault)) } })
  await page.run.ended
  expect(page.messages.at(-1)).toEqual({ type: 'fault', fault })
  page.run.receive({ type: 'checkpoint', requestId: 9, runId: 1, epoch: 0 })
  expect(page.answers).toMatchObject([{ requestId: 9, ok: false }])
})

test('a run that is closed while it measures ends without a fault', async () => {
  const page = openPage(MLP)
  await page.until('ready')
  await page.close()
  expect(page.messages.filter(({ type }) => type === 'fault')).toEqual([])
})
