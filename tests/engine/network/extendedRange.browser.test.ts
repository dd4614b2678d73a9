// Are gradients right where float32 itself has no numbers for them? Deep networks against float64.
//
// Issue: log10 of every layer's norm to 1e-3 down to 1e-120. Sizes are made by the scale of the weights alone.
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { LayerSpec, NetworkSpec } from '../../../src/core/networkSpec.ts'
import type { Probe } from '../../../src/core/probe.ts'
import type { OpenedDevice } from '../../../src/engine/device.ts'
import { leaseTfjs, type TfjsLease } from '../../../src/engine/tfjsBackend.ts'
import { relativeError } from '../reference/closeness.ts'
import { denseSpec, randomDataset, randomWeights, samples } from '../reference/problems.ts'
import { openTestDevice, optionsInFloat32, withBoth } from './setup.ts'

let opened: OpenedDevice
let lease: TfjsLease
beforeAll(async () => {
  opened = await openTestDevice()
  lease = await leaseTfjs(opened)
})
afterAll(() => {
  lease.close()
  opened.device.destroy()
})

const DEPTH = 80
const WIDTH = 6
const widths = [3, ...Array.from({ length: DEPTH - 1 }, () => WIDTH), 2]

/** Layer by layer log10 of norm and mean absolute entry. */
async function logNorms(probe: Probe): Promise<{ logs: number[]; underflow: number }> {
  const norms = await probe.gradientNorms(samples(4))
  const log = (mantissa: Float64Array, exponent: Int32Array) => [...mantissa].map((m, l) => Math.log10(m) + exponent[l] * Math.log10(2))
  return {
    logs: [...log(norms.mantissa, norms.exponent), ...log(norms.meanAbsMantissa, norms.meanAbsExponent)],
    underflow: norms.underflow.reduce((sum, flag) => sum + flag, 0),
  }
}

/** Convolutions of columns of 3 pixels, 3 channels, and a dense head. */
function columns(depth: number): NetworkSpec {
  const layers = Array.from({ length: depth }, (_, layer): LayerSpec => ({
    kind: 'conv',
    inChannels: layer === 0 ? 1 : 3,
    outChannels: 3,
    height: 3,
    width: 1,
    kernel: 3,
    stride: 1,
    padding: 1,
    paddingMode: 'zero',
    bias: false,
    activation: 'tanh',
    forwardScale: 1,
    biasScale: 1,
  }))
  return { layers: [...layers, ...denseSpec([9, 2], { bias: false }).layers], loss: { kind: 'squaredError', reduction: 'mean' } }
}

const CASES: readonly (readonly [string, NetworkSpec, number, number])[] = [
  ['linear, vanishing, no bias', denseSpec(widths, { activation: 'identity', bias: false }), 0.02, -90],
  ['linear, vanishing to 1e-120', denseSpec(widths, { activation: 'identity', bias: false }), 0.011, -120],
  ['linear, exploding', denseSpec(widths, { activation: 'identity', bias: false }), 9, 60],
  ['tanh, vanishing', denseSpec(widths, { activation: 'tanh', bias: false }), 0.03, -80],
  [
    'swish, vanishing, softmax',
    denseSpec(widths, { activation: 'swish', bias: false, loss: { kind: 'softmaxCrossEntropy', reduction: 'mean' } }),
    0.05,
    -80,
  ],
  [
    'tanh, vanishing, at the full depth',
    denseSpec([3, ...Array.from({ length: 299 }, () => 4), 2], { activation: 'tanh', bias: false }),
    0.25,
    -100,
  ],
  ['convolutions, vanishing', columns(60), 0.02, -60],
  ['tanh with biases, vanishing backwards only', denseSpec(widths, { activation: 'tanh' }), 0.03, -60],
]

test.each(CASES)('norms, cosines and kernels are right far outside float32 (%s)', async (_name, spec, scale, reach) => {
  const data = randomDataset(4, 3, 2, spec.loss.kind)
  const options = optionsInFloat32(spec, data, [randomWeights(spec, 'deep', scale)])
  await withBoth(opened, options, async (network, float64) => {
    const [mine, theirs] = [await logNorms(network.probe(0)), await logNorms(float64.probe(0))]
    expect(mine.underflow).toBe(0)
    const extreme = reach < 0 ? Math.min(...theirs.logs) : Math.max(...theirs.logs)
    // The case reaches as far as it says, or it would prove nothing.
    expect(Math.sign(reach) * extreme).toBeGreaterThan(Math.abs(reach))
    for (const [index, log] of mine.logs.entries()) expect(Math.abs(log - theirs.logs[index])).toBeLessThan(1e-3)
    const [a, b] = [samples(2), { indices: Int32Array.of(2, 3), from: 'train' as const }]
    const cosine = async (probe: Probe) => {
      const [dot, x, y] = await probe.batchPairs([[a, b]])
      return dot / Math.sqrt(x) / Math.sqrt(y)
    }
    expect(Math.abs((await cosine(network.probe(0))) - (await cosine(float64.probe(0))))).toBeLessThan(1e-4)
    // Squares of what a float32 can hold: only exponents of the outputs' own passes keep the kernel.
    const [kernel, expected] = [await network.probe(0).kernelGram(samples(4)), await float64.probe(0).kernelGram(samples(4))]
    expect(relativeError(kernel, expected)).toBeLessThan(1e-4)
  })
})

test('a network whose relu layer is dead has gradient norms of exactly 0, not an underflow', async () => {
  const spec = denseSpec([3, 4, 4, 2], { activation: 'relu' })
  // Every bias of the first layer far below zero: no gate opens.
  const weights = randomWeights(spec, 'dead', 0.1).fill(-50, 12, 16)
  const options = optionsInFloat32(spec, randomDataset(4, 3, 2, 'squaredError'), [weights])
  await withBoth(opened, options, async (network) => {
    const norms = await network.probe(0).gradientNorms(samples(4))
    expect(norms.mantissa[0]).toBe(0)
    expect(norms.mantissa[2]).toBeGreaterThan(0)
    expect([...norms.underflow]).toEqual([0, 0, 0])
  })
})
