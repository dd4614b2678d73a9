// Does the fused engine take the deepest and the widest networks that it promises?
//
// 2000 layers and 1024 units, each with the other extent small: one step of a few rows, against float64.
import { describe, expect, test, vi } from 'vitest'
import type { NoGpu, OpenedDevice } from '../../../src/engine/device.ts'
import { createFloat64Trainer } from '../../../src/engine/float64/float64Trainer.ts'
import { relativeError } from '../reference/closeness.ts'
import { samples } from '../reference/problems.ts'
import { deviceOfFile } from './deviceOfFile.ts'
import { batchesOf, problemOptions, stack, withFused, type TrainingProblem } from './trainingFixture.ts'

const NETWORKS: readonly (readonly [string, TrainingProblem, number])[] = [
  // Ordered, so that roundings die out on their way; at a gain of 1.6 they grow to 1 % of the first layer's norm.
  ['2000 layers of 4', { widths: stack(2000, 4), activation: 'tanh', gain: 1, biasSize: 0.1, samples: 6, optimizer: { lr: 1e-3 } }, 1e-4],
  ['1024 units', { widths: stack(3, 1024, 8, 2), activation: 'relu', gain: 2, samples: 6, optimizer: { lr: 1e-3 } }, 1e-5],
]

export function largestNetworkTests(open: () => Promise<OpenedDevice | NoGpu>): void {
  vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 })
  const held = deviceOfFile(open)

  describe.each(NETWORKS)('a fused network of %s', (_, problem, tolerance) => {
    test('has the loss, layer norms and step of float64', async () => {
      const options = problemOptions(problem)
      const reference = createFloat64Trainer(options)
      await withFused(
        held.opened,
        options,
        async (trainer) => {
          const [own, wanted] = [await trainer.probe(0).gradientNorms(samples(6)), await reference.probe(0).gradientNorms(samples(6))]
          const log2 = ({ mantissa, exponent }: typeof own) => Array.from(mantissa, (value, layer) => Math.log2(value) + exponent[layer])
          const [sizes, expected] = [log2(own), log2(wanted)]
          for (const [layer, size] of expected.entries())
            expect(Math.abs(sizes[layer] - size), `layer ${layer}`).toBeLessThan(2 * tolerance)
          const batches = batchesOf(1, 6, 6)
          const [report, step] = [await trainer.train(batches), await reference.train(batches)]
          expect(relativeError(report.losses, step.losses)).toBeLessThan(tolerance)
          const [after, right] = [await trainer.checkpoint(), await reference.checkpoint()]
          expect(relativeError(after.weights[0], right.weights[0])).toBeLessThan(1e-6)
        },
        {},
      )
    })
  })
}
