// Does the network engine measure what the float64 engine measures?
//
// Both start from the same float32 numbers. Tolerances are 1e-5 of the largest entry: float32 rounds at 6e-8, sums here
// have up to a hundred terms, and 4e-7 was the worst that was seen.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { outputWidthOf, type NetworkSpec } from '../../../src/core/networkSpec.ts'
import type { Probe } from '../../../src/core/probe.ts'
import type { OpenedDevice } from '../../../src/engine/device.ts'
import { leaseTfjs, type TfjsLease } from '../../../src/engine/tfjsBackend.ts'
import { relativeError } from '../reference/closeness.ts'
import { denseSpec, normals, randomDataset, randomWeights, samples } from '../reference/problems.ts'
import { at, COUNT, MEASUREMENTS } from './measurements.ts'
import { openTestDevice, optionsInFloat32, withBoth } from './setup.ts'

const TOLERANCE = 1e-5

let opened: OpenedDevice
let lease: TfjsLease
beforeAll(async () => {
  opened = await openTestDevice()
  // Keeps the compiled pipelines from one test to the next.
  lease = await leaseTfjs(opened)
})
afterAll(() => {
  lease.close()
  opened.device.destroy()
})

const NETWORKS: readonly (readonly [string, NetworkSpec])[] = [
  ['tanh, squared error, mean', denseSpec([5, 8, 7, 3])],
  [
    'swish, 3 tanh outputs, NTK scaling, scaled biases, sum',
    denseSpec([5, 8, 3], {
      activation: 'swish',
      outputActivation: 'tanh3',
      ntk: true,
      biasScale: 0.3,
      loss: { kind: 'squaredError', reduction: 'sum' },
    }),
  ],
  [
    '3 tanh, swish outputs, softmax, no bias',
    denseSpec([5, 6, 3], {
      activation: 'tanh3',
      outputActivation: 'swish',
      bias: false,
      loss: { kind: 'softmaxCrossEntropy', reduction: 'mean' },
    }),
  ],
  ['relu, softmax, sum', denseSpec([5, 8, 8, 3], { activation: 'relu', loss: { kind: 'softmaxCrossEntropy', reduction: 'sum' } })],
  ['tanh, logistic', denseSpec([5, 6, 3], { loss: { kind: 'logistic', reduction: 'mean' } })],
  ['one linear layer, softmax', denseSpec([5, 3], { loss: { kind: 'softmaxCrossEntropy', reduction: 'mean' } })],
]

describe.each(NETWORKS)('the network probe (%s)', (_name, spec) => {
  test('measures what the float64 probe measures', async () => {
    const options = optionsInFloat32(spec, randomDataset(COUNT, 5, 3, spec.loss.kind), [randomWeights(spec, 'weights')])
    await withBoth(opened, options, async (network, float64) => {
      const errors: Record<string, number> = {}
      for (const [name, measure] of Object.entries(MEASUREMENTS)) {
        errors[name] = relativeError(await measure(network.probe(0)), await measure(float64.probe(0)))
      }
      expect(Object.entries(errors).filter(([, error]) => !(error < TOLERANCE))).toEqual([])
    })
  })
})

describe('the network probe', () => {
  test('follows its seed in an ensemble', async () => {
    const spec = denseSpec([5, 6, 3])
    const starts = [randomWeights(spec, 'first'), randomWeights(spec, 'second')]
    const options = optionsInFloat32(spec, randomDataset(COUNT, 5, 3, 'squaredError'), starts)
    await withBoth(opened, options, async (network, float64) => {
      const probe = network.probe(1)
      await network.train([Int32Array.of(0, 1)])
      await float64.train([Int32Array.of(0, 1)])
      const expected = float64.probe(1)
      expect(relativeError(await probe.weights(), await expected.weights())).toBeLessThan(1e-6)
      expect(relativeError(await probe.kernelGram(samples(4)), await expected.kernelGram(samples(4)))).toBeLessThan(TOLERANCE)
    })
  })

  test('agrees through 24 relu layers on the samples whose gates agree', async () => {
    // A preactivation next to 0 may round to the other side; such a sample's gradient is another function.
    const spec = denseSpec([5, ...Array.from({ length: 23 }, () => 16), 3], { activation: 'relu', bias: false })
    const scale = Math.sqrt(2 / 16)
    const options = optionsInFloat32(spec, randomDataset(32, 5, 3, 'squaredError'), [randomWeights(spec, 'deep', scale)])
    await withBoth(opened, options, async (network, float64) => {
      const [mine, theirs] = [await network.probe(0).preactivations(samples(32)), await float64.probe(0).preactivations(samples(32))]
      const flipped = new Set<number>()
      for (const [layer, z] of mine.entries()) {
        for (const [entry, value] of z.entries()) {
          if (value > 0 === theirs[layer][entry] > 0) continue
          flipped.add(Math.floor(entry / outputWidthOf(spec.layers[layer])))
          expect(Math.abs(value)).toBeLessThan(1e-5)
        }
      }
      // 11 776 gates; the chance that one lies within rounding of 0 is about 1e-6 each.
      expect(flipped.size).toBeLessThan(4)
      const kept = at(...Array.from({ length: 32 }, (_, i) => i).filter((i) => !flipped.has(i)))
      for (const measure of [
        (probe: Probe) => probe.gradient(kept),
        (probe: Probe) => probe.perSampleGram(kept),
        (probe: Probe) => probe.kernelGram(kept),
        (probe: Probe) => probe.hessianVectors(normals(probe.parameterCount, 'direction'), 1, kept),
      ]) {
        expect(relativeError(await measure(network.probe(0)), await measure(float64.probe(0)))).toBeLessThan(1e-4)
      }
    })
  })

  test('sums a wide layer rightly where the inner dimension passes 2000', async () => {
    // Split-K, which tfjs would take here by itself, is wrong or at least not repeatable.
    const spec = denseSpec([2048, 4, 2], { bias: false })
    const options = optionsInFloat32(spec, randomDataset(8, 2048, 2, 'squaredError'), [randomWeights(spec, 'wide', 0.02)])
    await withBoth(opened, options, async (network, float64) => {
      for (const measure of [(probe: Probe) => probe.gradient(samples(8)), (probe: Probe) => probe.perSampleGram(samples(8))]) {
        const first = await measure(network.probe(0))
        expect(relativeError(first, await measure(float64.probe(0)))).toBeLessThan(1e-5)
        expect(await measure(network.probe(0))).toEqual(first)
      }
    })
  })

  test('keeps tanh exact to float32 near 0 and far from it', async () => {
    const spec = denseSpec([1, 1], { bias: false, outputActivation: 'tanh' })
    const inputs = Float32Array.of(1e-30, -1e-8, 1e-4, 0.19999, -0.20001, 0.7, 3, -12, 90)
    const zeros = new Float32Array(inputs.length)
    const base = randomDataset(inputs.length, 1, 1, 'squaredError')
    const split = { ...base.train, inputs, targets: zeros }
    const options = optionsInFloat32(spec, { ...base, train: split, test: split }, [Float64Array.of(1)])
    await withBoth(opened, options, async (network) => {
      const { outputs } = await network.probe(0).loss(samples(inputs.length))
      // 4e-7: exp of WGSL may be 3 + 2|x| units off, the series 1.
      for (const [i, x] of inputs.entries()) expect(Math.abs(outputs[i] / Math.tanh(x) - 1)).toBeLessThan(4e-7)
    })
  })

  test('refuses a Jacobian that is too large, a seed that is not there, and indices outside', async () => {
    const spec = denseSpec([5, 6, 3])
    const options = optionsInFloat32(spec, randomDataset(COUNT, 5, 3, 'squaredError'), [randomWeights(spec, 'weights')])
    await withBoth(opened, options, async (network) => {
      expect(() => network.probe(1)).toThrow('seed index')
      await expect(network.probe(0).gradient(at(COUNT))).rejects.toThrow('index outside')
      await expect(network.probe(0).hessianVectors(new Float64Array(3), 1, samples(2))).rejects.toThrow('expected count * P')
      await expect(network.probe(0).outputJacobian({ indices: new Int32Array(30_000), from: 'train' })).rejects.toThrow('at most 4000000')
    })
  })

  test('stops when it is told to', async () => {
    const spec = denseSpec([5, 6, 3])
    const options = optionsInFloat32(spec, randomDataset(COUNT, 5, 3, 'squaredError'), [randomWeights(spec, 'weights')])
    await withBoth(opened, options, async (network) => {
      await expect(network.probe(0).loss(samples(COUNT), AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough')
    })
  })
})
