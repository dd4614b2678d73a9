// Does a run without a page give what a page would see? Each title finishes the sentence "runHeadless ...".
import { expect, test } from 'vitest'
import { FaultError } from '../../src/core/faults.ts'
import type { RunCheckpoint } from '../../src/protocol/messages.ts'
import { runHeadless, type HeadlessOptions } from '../../src/runtime/headless.ts'
import { lossesOf, shortRace } from './runHarness.ts'

const OPTIONS: HeadlessOptions = { readAsset: () => Promise.reject(new Error('no files in tests')), allowGpu: false }

test('runHeadless returns every sample of the whole run', async () => {
  const result = await runHeadless(shortRace(), OPTIONS)
  expect(result).toMatchObject({ state: 'finished', step: 60, fault: null, chips: { A: { engine: 'chain' }, B: { engine: 'chain' } } })
  expect(lossesOf(result.samples, 'B')).toHaveLength(60 * 4)
})

test('runHeadless stops at the wanted step, with the samples of a run that goes on', async () => {
  const whole = await runHeadless(shortRace(), OPTIONS)
  const part = await runHeadless(shortRace(), { ...OPTIONS, steps: 7, ask: { type: 'checkpoint' } })
  expect(part).toMatchObject({ state: 'finished', step: 7, answer: { step: 7 } })
  expect(lossesOf(part.samples, 'A')).toEqual(lossesOf(whole.samples, 'A').slice(0, 7 * 4))
})

test('runHeadless measures the start when it may take no step', async () => {
  const result = await runHeadless(shortRace(), { ...OPTIONS, steps: 0 })
  expect(result.step).toBe(0)
  expect(lossesOf(result.samples, 'A')).toEqual([])
  expect(result.samples.some(({ type }) => type === 'hessian')).toBe(true)
})

test('runHeadless returns a divergence as a result', async () => {
  const { optimizer } = shortRace()
  const result = await runHeadless(
    shortRace({ versus: null, optimizer: { ...optimizer, lr: 100 }, init: { scheme: 'uniform', tau: 3, gain: 1 }, steps: 3000 }),
    OPTIONS,
  )
  expect(result).toMatchObject({ state: 'diverged', fault: { type: 'diverged', arm: 'A' } })
})

test('runHeadless names the convolution or layer in which a network with pools diverged', async () => {
  const { optimizer, data, model, diagnostics } = shortRace()
  const experiment = shortRace({
    model: { ...model, kind: 'cnn', family: 'lenet', outputActivation: 'identity', activation: 'identity' },
    data: { ...data, kind: 'mixture', inputs: 12, trainCount: 20, testCount: 0 },
    optimizer: { ...optimizer, lr: 100 },
    diagnostics: { ...diagnostics, every: { evaluation: 0, gradientNorms: 0, cosines: 0, hessian: 0, kernel: 0 } },
    init: { scheme: 'heUniform', tau: 1, gain: 1 },
    versus: null,
    seeds: 1,
    engine: 'float64',
    batch: 4,
  })
  const { state, fault } = await runHeadless(experiment, OPTIONS)
  expect(state).toBe('diverged')
  if (fault?.type !== 'diverged') throw new Error('another fault')
  // Weighted layers alone are counted: two convolutions, then three dense layers.
  const names = ['conv 1', 'conv 2', 'layer 3', 'layer 4', 'layer 5']
  expect(fault.layerName).toBe(names[fault.layer])
})

test('runHeadless throws every other fault, and the reason when it is aborted', async () => {
  const images = shortRace({
    model: { ...shortRace().model, kind: 'mlp', depth: 2, width: 4 },
    data: { ...shortRace().data, kind: 'digits' },
  })
  await expect(runHeadless(images, OPTIONS)).rejects.toSatisfy((error) => error instanceof FaultError && error.fault.type === 'dataMissing')
  await expect(runHeadless(shortRace(), { ...OPTIONS, signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough')
})

test('runHeadless trains a linearised arm B beside A from the same start, goes on from its checkpoint, and gives no snapshot of it', async () => {
  const { model, data } = shortRace()
  const experiment = shortRace({
    model: { ...model, kind: 'mlp', depth: 2, width: 6, activation: 'tanh', parameterization: 'ntk' },
    data: { ...data, kind: 'line', trainCount: 8, testCount: 8 },
    batch: 3,
    versus: { linearised: true },
    diagnostics: { ...shortRace().diagnostics, probeCount: 8 },
  })
  const { samples, chips } = await runHeadless(experiment, OPTIONS)
  expect(chips.B).toMatchObject({ engine: 'float64', reason: 'The linearised model is computed in float64 on the CPU.' })
  const [a, b] = [lossesOf(samples, 'A'), lossesOf(samples, 'B')]
  // The first losses and the first update are the network's own; then they part.
  expect(b.slice(0, 4)).toEqual(a.slice(0, 4))
  expect(b.slice(-4)).not.toEqual(a.slice(-4))
  const drifts = samples.flatMap((sample) => (sample.type === 'kernel' && sample.arm === 'B' ? [sample.drift] : []))
  expect(drifts.length).toBeGreaterThan(1)
  expect(new Set(drifts)).toEqual(new Set([0]))

  const half = await runHeadless(experiment, { ...OPTIONS, steps: 30, ask: { type: 'checkpoint' } })
  const rest = await runHeadless(experiment, { ...OPTIONS, checkpoint: half.answer as RunCheckpoint })
  expect(lossesOf(rest.samples, 'B')).toEqual(b.slice(30 * 4))

  const asked = runHeadless(experiment, { ...OPTIONS, steps: 1, ask: { type: 'snapshot', arm: 'B', seedIndex: 0 } })
  await expect(asked).rejects.toThrow('linearised arm B')
})
