// Does a run without a page give what a page would see? Each title finishes the sentence "runHeadless ...".
import { expect, test } from 'vitest'
import { FaultError } from '../../src/core/faults.ts'
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
    shortRace({ versus: null, optimizer: { ...optimizer, lr: 100 }, init: { scheme: 'uniform', tau: 3 }, steps: 3000 }),
    OPTIONS,
  )
  expect(result).toMatchObject({ state: 'diverged', fault: { type: 'diverged', arm: 'A' } })
})

test('runHeadless throws every other fault, and the reason when it is aborted', async () => {
  const images = shortRace({
    model: { ...shortRace().model, kind: 'mlp', depth: 2, width: 4 },
    data: { ...shortRace().data, kind: 'digits' },
  })
  await expect(runHeadless(images, OPTIONS)).rejects.toSatisfy((error) => error instanceof FaultError && error.fault.type === 'dataMissing')
  await expect(runHeadless(shortRace(), { ...OPTIONS, signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough')
})
