// Does the past of an instrument stay bounded, ordered and complete enough to scrub?
import { describe, expect, test } from 'vitest'
import type { KernelSample } from '../../src/core/sample.ts'
import { appendSample, BYTE_LIMIT, createHistory, SAMPLE_LIMIT, sampleAt, sampleBytes } from '../../src/store/sampleHistory.ts'

function kernelSample(step: number, entries = 4): KernelSample {
  return {
    type: 'kernel',
    arm: 'A',
    step,
    sampleCount: 2,
    outputCount: 1,
    drift: step,
    lambdaMin: 0,
    lambdaMax: 1,
    condition: 1,
    plRatio: 0,
    plLower: 0,
    plUpper: 1,
    weightDistance: 0,
    traceKernel: new Float64Array(entries),
    eigenvalues: new Float64Array(2),
  }
}

describe('appendSample', () => {
  test('stays within its limit, in order, and ends with the newest', () => {
    const history = createHistory<KernelSample>()
    for (let step = 0; step < 10 * SAMPLE_LIMIT + 7; step++) appendSample(history, kernelSample(step))
    expect(history.samples.length).toBeLessThanOrEqual(SAMPLE_LIMIT)
    expect(history.samples[0].step).toBe(0)
    expect(history.samples.at(-1)!.step).toBe(10 * SAMPLE_LIMIT + 6)
    const steps = history.samples.map((sample) => sample.step)
    expect(steps).toEqual(steps.toSorted((a, b) => a - b))
    for (const step of steps.slice(0, -1)) expect(step % history.stride).toBe(0)
  })
  test('counts the bytes that it holds and keeps them bounded', () => {
    const history = createHistory<KernelSample>()
    for (let step = 0; step < 60; step++) appendSample(history, kernelSample(step, 100_000))
    expect(history.bytes).toBeLessThanOrEqual(BYTE_LIMIT)
    expect(history.bytes).toBe(history.samples.reduce((sum, sample) => sum + sampleBytes(sample), 0))
  })
  test('replaces what is measured again', () => {
    const history = createHistory<KernelSample>()
    for (const step of [0, 5, 10, 15]) appendSample(history, kernelSample(step))
    appendSample(history, kernelSample(10, 8))
    expect(history.samples.map((sample) => sample.step)).toEqual([0, 5, 10])
    expect(history.samples[2].traceKernel.length).toBe(8)
  })
})

describe('sampleAt', () => {
  test('gives the newest at or before a step, the newest of all without one, and null before the first', () => {
    const history = createHistory<KernelSample>()
    expect(sampleAt(history, null)).toBeNull()
    for (const step of [5, 10, 15]) appendSample(history, kernelSample(step))
    expect(sampleAt(history, 4)).toBeNull()
    expect(sampleAt(history, 5)?.step).toBe(5)
    expect(sampleAt(history, 14)?.step).toBe(10)
    expect(sampleAt(history, 1e9)?.step).toBe(15)
    expect(sampleAt(history, null)?.step).toBe(15)
  })
})
