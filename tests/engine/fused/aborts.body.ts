// Do long measurements of the fused engine end when they are told to, and leave nothing?
//
// The budget makes every measurement long: its submits are small and it waits between them.
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Probe, SampleSet } from '../../../src/core/probe.ts'
import type { NoGpu, OpenedDevice } from '../../../src/engine/device.ts'
import { liveFusedBytes } from '../../../src/engine/fused/ownedBuffers.ts'
import { expectEndsEarly } from '../aborts.ts'
import { normals } from '../reference/problems.ts'
import { probeFixture, SAMPLES, type ProbeFixture, type ProbeProblem } from './probeFixture.ts'

const PROBLEM: ProbeProblem = {
  widths: [5, 7, 7, 3],
  choices: { activation: 'tanh' },
  gain: 1.3,
  tile: { rows: 4, rowsPerThread: 4 },
  budget: { operations: 10_000, bytes: 3000 },
}
const all: SampleSet = { from: 'train', indices: Int32Array.from({ length: SAMPLES }, (_, i) => i) }
const few = (first: number): SampleSet => ({ from: 'train', indices: Int32Array.from([first, first + 1, first + 2]) })
const batches = Array.from({ length: 12 }, (_, batch) => few(3 * batch))

const MEASUREMENTS: Readonly<Record<string, (probe: Probe, signal?: AbortSignal) => Promise<ArrayLike<number>>>> = {
  'losses of samples': async (probe, signal) => (await probe.loss(all, signal)).perSample,
  'the gradient': (probe, signal) => probe.gradient(all, signal),
  'the Gram matrix of samples': (probe, signal) => probe.perSampleGram(all, signal),
  'the tangent kernel': (probe, signal) => probe.kernelGram(all, signal),
  'the Gram matrix of batches': (probe, signal) => probe.batchGram(batches, signal),
  'pairs of batches': (probe, signal) =>
    probe.batchPairs(
      batches.map((batch) => [batch, all]),
      signal,
    ),
  'products with the Hessian': (probe, signal) => probe.hessianVectors(normals(6 * probe.parameterCount, 'directions'), 6, all, signal),
  'products with the Hessian of an output': (probe, signal) =>
    probe.outputHessianVectors(normals(6 * probe.parameterCount, 'directions'), 6, all, { sample: 2, output: 1 }, signal),
  'the output Jacobian': (probe, signal) => probe.outputJacobian(all, signal),
}

export function fusedAbortTests(open: () => Promise<OpenedDevice | NoGpu>): void {
  vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })
  let opened: OpenedDevice
  let fixture: ProbeFixture
  let bytesBefore: number
  beforeAll(async () => {
    const device = await open()
    if (device.type === 'noGpu') throw new Error(device.reason)
    opened = device
    bytesBefore = liveFusedBytes()
    fixture = probeFixture(opened, PROBLEM)
  })
  afterAll(() => {
    fixture.destroy()
    expect(liveFusedBytes()).toBe(bytesBefore)
    expect(opened.health.fault).toBeNull()
  })

  describe('the fused probe, aborted', () => {
    test.each(Object.entries(MEASUREMENTS))('stops in the middle of %s', async (_, measure) => {
      await expectEndsEarly((signal) => measure(fixture.probe, signal), liveFusedBytes, 0.8)
    })
  })
}
