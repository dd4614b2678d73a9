// Do long measurements of the network engine end when they are told to, and leave nothing?
//
// Only what takes a second or so on a software adapter waits for it in between; the networks here are just large enough for that.
import { describe, test, vi } from 'vitest'
import { parameterCount } from '../../../src/core/networkSpec.ts'
import type { Probe, SampleSet } from '../../../src/core/probe.ts'
import type { NoGpu, OpenedDevice } from '../../../src/engine/device.ts'
import { createNetworkTrainer } from '../../../src/engine/network/networkTrainer.ts'
import { tfjsMemory } from '../../../src/engine/tfjsBackend.ts'
import { expectEndsEarly } from '../aborts.ts'
import { conv, withHead } from '../reference/layers.ts'
import { denseSpec, normals, randomDataset } from '../reference/problems.ts'
import { leaseOfFile } from './leaseOfFile.ts'
import { optionsInFloat32 } from './setup.ts'

const COUNT = 20
/** Samples come again and again: the engine does not mind. */
const rowsOf = (count: number): SampleSet => ({ from: 'train', indices: Int32Array.from({ length: count }, (_, i) => (7 * i) % COUNT) })

const DEEP = denseSpec([4, ...Array.from({ length: 12 }, () => 64), 2])
const SHALLOW = denseSpec([4, 32, 32, 2])
const IMAGES = withHead([conv(1, 6, 6), ...Array.from({ length: 7 }, () => conv(6, 6, 6))])

const MEASUREMENTS = [
  ['the Gram matrix of samples', DEEP, (probe: Probe, signal?: AbortSignal) => probe.perSampleGram(rowsOf(600), signal)],
  ['the tangent kernel', DEEP, (probe: Probe, signal?: AbortSignal) => probe.kernelGram(rowsOf(300), signal)],
  ['the Gram matrix of images', IMAGES, (probe: Probe, signal?: AbortSignal) => probe.perSampleGram(rowsOf(400), signal)],
  [
    'products with the Hessian',
    SHALLOW,
    (probe: Probe, signal?: AbortSignal) =>
      probe.hessianVectors(normals(64 * probe.parameterCount, 'directions'), 64, rowsOf(1500), signal),
  ],
] as const

export function networkAbortTests(open: () => Promise<OpenedDevice | NoGpu>): void {
  vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 })
  const held = leaseOfFile(open)

  describe('the network probe, aborted', () => {
    test.each(MEASUREMENTS)('stops in the middle of %s', async (_, spec, measure) => {
      const width = spec === IMAGES ? 36 : 4
      const start = normals(parameterCount(spec), 'aborted', 0.2)
      const trainer = await createNetworkTrainer(
        optionsInFloat32(spec, randomDataset(COUNT, width, 2, 'squaredError'), [start]),
        held.opened,
      )
      try {
        const probe = trainer.probe(0)
        await expectEndsEarly(
          (signal) => measure(probe, signal),
          () => tfjsMemory().tensorCount,
          0.8,
        )
      } finally {
        await trainer.dispose()
      }
    })
  })
}
