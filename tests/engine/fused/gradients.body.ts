// Gradients of the fused kernels against plain float64 loops: deep nets with the same gates, and numbers beyond float32.
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { SampleSet } from '../../../src/core/probe.ts'
import type { NoGpu, OpenedDevice } from '../../../src/engine/device.ts'
import { createFloat64Trainer } from '../../../src/engine/float64/float64Trainer.ts'
import { norm, scaledNorm } from '../../../src/numerics/logMagnitude.ts'
import { samples } from '../reference/problems.ts'
import { referencePass } from './referenceGradient.ts'
import { everyOther, type Extent } from './everyOther.ts'
import { problemOptions, stack, withFused, type TrainingProblem } from './trainingFixture.ts'

const LOG10_2 = Math.log10(2)

/** Rows of one split by index. */
const rowsOf = (values: ArrayLike<number>, width: number, set: SampleSet): Float64Array[] =>
  Array.from(set.indices, (index) => Float64Array.from({ length: width }, (_, i) => values[index * width + i]))

/** Depth and width as the issue names them, and a batch small enough for plain loops. */
const DEEP: readonly (readonly [depth: number, width: number, rows: number])[] = [
  [4, 10, 30],
  [32, 100, 12],
  [128, 32, 12],
  [300, 10, 30],
]

/** log10 of the gradient's norms falls or climbs to about these. */
const FAR: readonly (readonly [string, TrainingProblem, ends: readonly [number, number]])[] = [
  ['vanishing relu without biases', { widths: stack(250, 10), activation: 'relu', bias: false, gain: 0.3 }, [-130, -100]],
  ['vanishing tanh with biases at 0', { widths: stack(250, 12), activation: 'tanh', gain: 0.16, biasSize: 0 }, [-120, -95]],
  ['vanishing tanh with biases', { widths: stack(250, 12), activation: 'tanh', gain: 0.16, biasSize: 1e-3 }, [-120, -80]],
  ['vanishing swish', { widths: stack(200, 12), activation: 'swish', gain: 0.3, biasSize: 0 }, [-130, -90]],
  ['vanishing sigmoid', { widths: stack(200, 12), activation: 'sigmoid', gain: 1 }, [-150, -80]],
  ['vanishing tanh at the full depth', { widths: stack(300, 6), activation: 'tanh', gain: 0.22, biasSize: 0 }, [-120, -100]],
  ['exploding elu', { widths: stack(100, 32), activation: 'elu', gain: 30 }, [90, 130]],
  ['exploding relu', { widths: stack(100, 32), activation: 'relu', gain: 30 }, [100, 130]],
  [
    'exploding relu before a softmax',
    { widths: stack(200, 32, 32, 5), activation: 'relu', gain: 30, loss: { kind: 'softmaxCrossEntropy', reduction: 'mean' } },
    [90, 130],
  ],
]

export function fusedGradientTests(open: () => Promise<OpenedDevice | NoGpu>, extent: Extent = 'all'): void {
  vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })
  let opened: OpenedDevice

  beforeAll(async () => {
    const device = await open()
    if (device.type === 'noGpu') throw new Error(device.reason)
    opened = device
  })
  afterAll(() => {
    expect(opened.health.fault).toBeNull()
  })

  describe('a fused gradient', () => {
    test.each(DEEP)('of %i layers of %i units is right to 1e-5 with the same gates, and few gates flip', async (depth, width, rows) => {
      const options = problemOptions({ widths: stack(depth, width), activation: 'relu', gain: 2 })
      const { spec, dataset, initialWeights } = options
      const set = samples(rows)
      const { gradient, z } = await withFused(opened, options, async (trainer) => {
        const probe = trainer.probe(0)
        return { gradient: await probe.gradient(set), z: await probe.preactivations(set) }
      })
      const inputs = rowsOf(dataset.train.inputs, dataset.inputWidth, set)
      const targets = rowsOf(dataset.train.targets, dataset.outputWidth, set)
      const unitsOf = (layer: number): number => spec.layers[layer].fanOut
      const matched = referencePass(
        spec,
        initialWeights[0],
        inputs,
        targets,
        (layer, sample, unit) => z[layer][sample * unitsOf(layer) + unit] > 0,
      )
      // Rounding of 6e-8 a layer adds up like a walk over 300 layers.
      expect(worstLayerError([gradient.length], gradient, matched.gradient)).toBeLessThan(1e-5)
      // A layer whose rows cancel has little left to be relative to; measured up to 3e-5 over many draws.
      const sizes = spec.layers.map((layer) => layer.fanOut * (layer.fanIn + 1))
      expect(worstLayerError(sizes, gradient, matched.gradient)).toBeLessThan(1e-4)

      const own = referencePass(spec, initialWeights[0], inputs, targets, null)
      let flips = 0
      let largest = 0
      let gates = 0
      for (let layer = 0; layer < depth - 1; layer++) {
        const scale = Math.sqrt(
          own.preactivations[layer].flatMap((row) => [...row]).reduce((sum, value) => sum + value * value, 0) / (rows * width),
        )
        for (let sample = 0; sample < rows; sample++) {
          for (let unit = 0; unit < width; unit++) {
            gates++
            const expected = own.preactivations[layer][sample][unit]
            if (expected > 0 === z[layer][sample * width + unit] > 0) continue
            flips++
            largest = Math.max(largest, Math.abs(expected) / scale)
          }
        }
      }
      // A gate may flip only where z is itself rounding: about 1e-5 of its layer, hence about one in 1e5.
      expect(flips / gates).toBeLessThan(1e-4)
      expect(largest).toBeLessThan(1e-4)
    })

    test.each(everyOther(FAR, extent))('keeps its norms to 1e-4 in log10 far outside float32: %s', async (_name, problem, [low, high]) => {
      const options = problemOptions(problem)
      const set = samples(10)
      const { spec } = options
      const { norms, z, losses } = await withFused(opened, options, async (trainer) => ({
        norms: await trainer.probe(0).gradientNorms(set),
        z: await trainer.probe(0).preactivations(set),
        losses: (await trainer.probe(0).loss(set)).perSample,
      }))
      const inputs = rowsOf(options.dataset.train.inputs, options.dataset.inputWidth, set)
      const targets = rowsOf(options.dataset.train.targets, options.dataset.outputWidth, set)
      const widthOf = (layer: number): number => spec.layers[layer].fanOut
      const gate = (layer: number, sample: number, unit: number): boolean => z[layer][sample * widthOf(layer) + unit] > 0
      // Preactivations below float32 lose their sign on the way out: gates are matched only where they have one.
      const gates = z.some((layer) => layer.every((value) => value === 0)) ? null : gate
      const reference = referencePass(spec, options.initialWeights[0], inputs, targets, gates)
      let offset = 0
      const extremes = [Infinity, -Infinity]
      for (const [layer, { fanIn, fanOut, bias }] of spec.layers.entries()) {
        const size = fanOut * (fanIn + (bias ? 1 : 0))
        const expected = scaledNorm(reference.gradient.subarray(offset, offset + size))
        offset += size
        const wanted = Math.log10(expected.mantissa) + expected.exponent * LOG10_2
        const measured = Math.log10(norms.mantissa[layer]) + norms.exponent[layer] * LOG10_2
        expect(Math.abs(measured - wanted), `layer ${layer}: ${measured} for ${wanted}`).toBeLessThan(1e-4)
        extremes[0] = Math.min(extremes[0], wanted)
        extremes[1] = Math.max(extremes[1], wanted)
      }
      // The problem itself must be where the name says, or the test proves nothing.
      const far = low < 0 ? extremes[0] : extremes[1]
      expect(far).toBeGreaterThan(low)
      expect(far).toBeLessThan(high)
      for (const [sample, loss] of losses.entries()) {
        // 1e-3: a loss of an exploding network carries twice its output's error.
        if (reference.losses[sample] > 0) expect(Math.abs(loss / reference.losses[sample] - 1)).toBeLessThan(1e-3)
      }
    })

    test('agrees with the float64 engine where the plain loops do', async () => {
      const options = problemOptions({ widths: [6, 9, 9, 4], activation: 'tanh' })
      const set = samples(20)
      const probe = createFloat64Trainer(options).probe(0)
      const loops = referencePass(
        options.spec,
        options.initialWeights[0],
        rowsOf(options.dataset.train.inputs, 6, set),
        rowsOf(options.dataset.train.targets, 4, set),
        null,
      )
      const gradient = await probe.gradient(set)
      // Both are float64: only the order of sums differs.
      expect(worstLayerError([gradient.length], gradient, loops.gradient)).toBeLessThan(1e-13)
    })
  })
}

/** Largest over the layers of |a - b| / |b|, in the Frobenius norm. */
function worstLayerError(sizes: readonly number[], actual: Float64Array, expected: Float64Array): number {
  let worst = 0
  let offset = 0
  for (const size of sizes) {
    const wanted = expected.subarray(offset, offset + size)
    const ratio = norm(wanted.map((value, i) => value - actual[offset + i])) / norm(wanted)
    offset += size
    worst = Math.max(worst, Number.isNaN(ratio) ? Infinity : ratio)
  }
  return worst
}
