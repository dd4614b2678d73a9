// Does the network engine keep the gradient of a sample that it has learned well?
//
// Softmax minus target is 1 - 1 there, and the logistic tail exp(-margin) leaves float32 at a margin of 87. Each sample is
// asked by itself, so that no other hides it; the float64 engine is right to a margin of 700.
import { describe, expect, test, vi } from 'vitest'
import type { Dataset } from '../../../src/core/dataset.ts'
import type { NetworkSpec } from '../../../src/core/networkSpec.ts'
import type { NoGpu, OpenedDevice } from '../../../src/engine/device.ts'
import { relativeError } from '../reference/closeness.ts'
import { dense } from '../reference/layers.ts'
import { expectSameNorms } from '../stepNorms.ts'
import { leaseOfFile } from './leaseOfFile.ts'
import { optionsInFloat32, withBoth } from './setup.ts'

const MARGINS = [0.5, 5, 12, 26, 78, 150, 270]
/** log10 within 1e-3 is 2.3e-3; the margin itself, a float32 of 270, is known to 3e-5. */
const CLOSE = 2e-4

const LINEAR = { bias: false, activation: 'identity' } as const

interface Case {
  readonly spec: NetworkSpec
  readonly dataset: Dataset
  readonly weights: Float64Array
}

/** Two layers of which the second gives outputs `slopes` x, for samples x = margins; slopes and x in eighths, so float32 keeps them. */
function scored(
  kind: 'softmaxCrossEntropy' | 'logistic',
  slopes: readonly number[],
  target: readonly number[],
  label: number | null,
): Case {
  const split = {
    count: MARGINS.length,
    inputs: Float64Array.from(MARGINS),
    targets: Float64Array.from(MARGINS.flatMap(() => target)),
    labels: label === null ? null : new Int32Array(MARGINS.length).fill(label),
  }
  const width = slopes.length
  return {
    spec: { layers: [dense(1, 1, LINEAR), dense(1, width, LINEAR)], loss: { kind, reduction: 'mean' } },
    dataset: {
      name: 'margins',
      inputWidth: 1,
      outputWidth: width,
      task: kind === 'logistic' ? 'regression' : 'classification',
      train: split,
      test: { count: 0, inputs: new Float32Array(0), targets: new Float32Array(0), labels: null },
      classNames: null,
      imageShape: null,
    },
    weights: Float64Array.of(1, ...slopes),
  }
}

const CASES: readonly (readonly [string, Case])[] = [
  ['softmax, right', scored('softmaxCrossEntropy', [0.5, -0.5, -1.25], [1, 0, 0], 0)],
  ['softmax, wrong', scored('softmaxCrossEntropy', [0.5, -0.5, -1.25], [0, 1, 0], 1)],
  ['softmax, the last of two, right', scored('softmaxCrossEntropy', [-0.25, 0.75], [0, 1], 1)],
  ['softmax, shares of classes', scored('softmaxCrossEntropy', [0.5, -0.5, -1.25], [0.5, 0.25, 0.25], null)],
  ['logistic, right', scored('logistic', [1], [1], null)],
  ['logistic, wrong', scored('logistic', [1], [-1], null)],
]

export function confidentSampleTests(open: () => Promise<OpenedDevice | NoGpu>): void {
  vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })
  const held = leaseOfFile(open)

  describe.each(CASES)('%s', (name, { spec, dataset, weights }) => {
    const options = optionsInFloat32(spec, dataset, [weights])

    test('has gradients as in float64 at every margin', async () => {
      await withBoth(held.opened, options, async (network, float64) => {
        for (const sample of MARGINS.keys()) {
          const set = { from: 'train', indices: Int32Array.of(sample) } as const
          const wanted = await float64.probe(0).gradientNorms(set)
          expectSameNorms(await network.probe(0).gradientNorms(set), wanted, CLOSE)
          if (name.endsWith('right') && MARGINS[sample] === 270) expect(wanted.mantissa[1] * 2 ** wanted.exponent[1]).toBeLessThan(1e-110)
        }
      })
    })

    test('has losses and curvature as in float64 while float32 holds them', async () => {
      await withBoth(held.opened, options, async (network, float64) => {
        const set = { from: 'train', indices: Int32Array.of(0, 1, 2, 3) } as const
        const { loss: own } = await network.probe(0).loss(set)
        expect(own).toBeCloseTo((await float64.probe(0).loss(set)).loss, 5)
        for (const sample of [0, 1, 2, 3]) {
          const one = { from: 'train', indices: Int32Array.of(sample) } as const
          const direction = Float64Array.from(weights, (_, i) => 1 - i / 2)
          const product = await network.probe(0).hessianVectors(direction, 1, one)
          expect(relativeError(product, await float64.probe(0).hessianVectors(direction, 1, one))).toBeLessThan(CLOSE)
        }
      })
    })
  })
}
