// Does every kind of layer do on the GPU what it does in float64? Every answer of the probe and some steps of training.
//
// One body, run in a browser and in Node. Sides, channels and strides are uneven on purpose: a run of positions or a block
// of channels must not fit. Compared with 1e-5 of the largest entry: float32 rounds at 6e-8, sums here have up to a hundred terms;
// through the statistics of a batch norm differences of like numbers cost another digit.
import { describe, expect, test } from 'vitest'
import type { LossSettings } from '../../../src/core/experiment.ts'
import {
  imageAfter,
  networkWidths,
  outputWidthOf,
  parameterCount,
  type ConvLayerSpec,
  type DenseLayerSpec,
  type LayerSpec,
  type NetworkSpec,
  type NormSpec,
  type PoolLayerSpec,
} from '../../../src/core/networkSpec.ts'
import type { Probe } from '../../../src/core/probe.ts'
import type { NoGpu, OpenedDevice } from '../../../src/engine/device.ts'
import { createNetworkTrainer } from '../../../src/engine/network/networkTrainer.ts'
import { tfjsMemory } from '../../../src/engine/tfjsBackend.ts'
import { relativeError } from '../reference/closeness.ts'
import { normals, randomDataset, samples } from '../reference/problems.ts'
import { leaseOfFile } from './leaseOfFile.ts'
import { COUNT, MEASUREMENTS } from './measurements.ts'
import { batchesOf, optionsInFloat32, withBoth } from './setup.ts'

const CLOSE = 1e-5
const CLOSE_THROUGH_STATISTICS = 1e-4

const conv = (
  inChannels: number,
  outChannels: number,
  height: number,
  width: number,
  change: Partial<ConvLayerSpec> = {},
): ConvLayerSpec => ({
  kind: 'conv',
  inChannels,
  outChannels,
  height,
  width,
  kernel: 3,
  stride: 1,
  padding: ((change.kernel ?? 3) - 1) / 2,
  paddingMode: 'zero',
  bias: true,
  activation: 'tanh',
  forwardScale: 1,
  biasScale: 1,
  ...change,
})

const dense = (fanIn: number, fanOut: number, change: Partial<DenseLayerSpec> = {}): DenseLayerSpec => ({
  kind: 'dense',
  fanIn,
  fanOut,
  bias: true,
  activation: 'identity',
  forwardScale: 1,
  biasScale: 1,
  ...change,
})

const pool = (before: ConvLayerSpec, pooling: PoolLayerSpec['pooling'], size = 2, stride = 2): PoolLayerSpec => {
  const [height, width] = imageAfter(before)
  return { kind: 'pool', pooling, channels: before.outChannels, height, width, size, stride }
}

const NORM = { batch: { kind: 'batch', eps: 1e-5, frozen: null }, layer: { kind: 'layer', eps: 1e-5, frozen: null } } as const

const withHead = (layers: readonly LayerSpec[], loss: LossSettings = { kind: 'squaredError', reduction: 'mean' }): NetworkSpec => ({
  layers: [...layers, dense(outputWidthOf(layers[layers.length - 1]), 3)],
  loss,
})

const overlapping = conv(2, 5, 5, 6, { stride: 2, activation: 'swish' })
const wrapped = conv(2, 3, 4, 5, { kernel: 5, paddingMode: 'circular', bias: false })
const sharp = conv(1, 5, 6, 5, { activation: 'identity' })
const FROZEN: NormSpec = {
  kind: 'batch',
  eps: 1e-3,
  frozen: { mean: Float64Array.of(0.25, -0.5, 0.125, 0), variance: Float64Array.of(0.5, 2, 1, 0.25) },
}

const NETWORKS: Readonly<Record<string, NetworkSpec>> = {
  'zero padding, stride 2, pools': withHead([
    conv(1, 2, 5, 6, { forwardScale: 0.7, biasScale: 0.3 }),
    overlapping,
    pool(overlapping, 'average', 2, 1),
    conv(5, 4, 2, 2, { kernel: 1 }),
    { ...pool(conv(5, 4, 2, 2, { kernel: 1 }), 'globalAverage') },
  ]),
  'circular padding, stride 3, no padding, softmax': withHead(
    [
      wrapped,
      conv(3, 2, 4, 5, { paddingMode: 'circular', stride: 3, activation: 'sigmoid' }),
      conv(2, 6, 2, 2, { kernel: 1, activation: 'relu' }),
    ],
    { kind: 'softmaxCrossEntropy', reduction: 'sum' },
  ),
  'no padding, overlapping maxima': withHead([sharp, pool(sharp, 'max', 3, 1), conv(5, 2, 4, 3, { padding: 0, activation: 'gelu' })]),
  // 11 positions are two runs of 6 and three bands of 4, the last of each moved back; three inputs are a pair and one more.
  'tiles that overlap': withHead([
    conv(1, 3, 11, 11),
    conv(3, 2, 11, 11, { stride: 2, activation: 'swish' }),
    conv(2, 1, 6, 6, { kernel: 5, paddingMode: 'circular' }),
    pool(conv(2, 1, 6, 6), 'average', 3, 3),
  ]),
  'images to images': {
    layers: [conv(1, 3, 4, 3), conv(3, 1, 4, 3, { activation: 'identity' })],
    loss: { kind: 'squaredError', reduction: 'mean' },
  },
  // 300 terms in the statistics of the whole set, 125 and fewer in those of a batch: summed by a workgroup and by single threads.
  'batch norm and skips before the activation': withHead([
    conv(1, 4, 5, 5, { norm: NORM.batch }),
    conv(4, 4, 5, 5, { norm: NORM.batch, activation: 'softplus' }),
    conv(4, 4, 5, 5, { norm: NORM.batch, skip: { from: 1, placement: 'preAct', scale: 1, branchScale: 0.6 } }),
  ]),
  'layer norm and skips behind the activation': withHead([
    conv(1, 4, 4, 3, { norm: NORM.layer }),
    conv(4, 4, 4, 3, { norm: NORM.layer, activation: 'elu', skip: { from: 1, placement: 'postAct', scale: 0.5, branchScale: 0.7 } }),
    conv(4, 4, 4, 3, { activation: 'arctan', skip: { from: 1, placement: 'preAct', scale: 1, branchScale: 1 } }),
  ]),
  'units with norms and a skip from the input': withHead([
    dense(4, 4, { activation: 'softsign', skip: { from: 0, placement: 'preAct', scale: 0.8, branchScale: 0.5 } }),
    dense(4, 4, { norm: FROZEN, activation: 'tanh' }),
    dense(4, 4, { norm: NORM.batch, activation: 'swish', skip: { from: 0, placement: 'postAct', scale: 1, branchScale: 0.5 } }),
    dense(4, 5, { norm: NORM.layer, activation: 'tanh3' }),
  ]),
  'fixed statistics': withHead([conv(1, 4, 3, 3, { norm: FROZEN }), conv(4, 4, 3, 3, { norm: FROZEN, activation: 'relu' })]),
}

/** Weights of about unit gain; gammas near 1. */
function startOf(spec: NetworkSpec): Float64Array {
  return normals(parameterCount(spec), 'layers', 0.4).map((value) => value + 0.1)
}

/** Networks that stand for the others where another place asks them all: strided convolutions, pools, norms, skips, units. */
const SOME: ReadonlySet<string> = new Set([
  'zero padding, stride 2, pools',
  'images to images',
  'batch norm and skips before the activation',
  'units with norms and a skip from the input',
])

/**
 * One body for both places.
 *
 * @param some fewer networks, where another place asks them all: what takes the time is the compiling of their kernels.
 */
export function layerTests(open: () => Promise<OpenedDevice | NoGpu>, some: 'all' | 'some' = 'all'): void {
  const held = leaseOfFile(open)

  const networks = Object.entries(NETWORKS).filter(([name]) => some === 'all' || SOME.has(name))
  describe.each(networks)('the layers on the GPU (%s)', (_name, spec) => {
    const { inputWidth, outputWidth } = networkWidths(spec)
    const through = spec.layers.some((layer) => layer.kind !== 'pool' && layer.norm !== undefined)
    const tolerance = through ? CLOSE_THROUGH_STATISTICS : CLOSE

    test('answer and train as float64 does', async () => {
      const data = randomDataset(COUNT, inputWidth, outputWidth, spec.loss.kind)
      const options = optionsInFloat32(spec, data, [startOf(spec)], { kind: 'momentum', lr: 0.02 })
      await withBoth(held.opened, options, async (network, float64) => {
        const errors: Record<string, number> = {}
        for (const [question, measure] of Object.entries(MEASUREMENTS)) {
          const [mine, theirs] = [await measure(network.probe(0)), await measure(float64.probe(0))]
          errors[question] = relativeError(mine, theirs)
        }
        const batches = batchesOf(3, 5, COUNT)
        errors['losses of training'] = relativeError((await network.train(batches)).losses, (await float64.train(batches)).losses)
        errors['weights after training'] = relativeError(await network.probe(0).weights(), await float64.probe(0).weights())
        expect(Object.entries(errors).filter(([, error]) => !(error < tolerance))).toEqual([])
      })
    })
  })

  describe('a network of all kinds of layers', () => {
    const spec = NETWORKS['batch norm and skips before the activation']
    const data = randomDataset(COUNT, networkWidths(spec).inputWidth, 3, 'squaredError')
    const options = (seeds: number) =>
      optionsInFloat32(
        spec,
        data,
        Array.from({ length: seeds }, (_, seed) => startOf(spec).map((value) => value * (1 - 0.1 * seed))),
        { kind: 'adam', lr: 0.01 },
      )
    const batches = batchesOf(4, 5, COUNT)

    async function lossesOf(seeds: number, between: (probe: Probe) => Promise<unknown> = async () => null): Promise<Float64Array> {
      const trainer = await createNetworkTrainer(options(seeds), held.opened)
      try {
        const losses: number[] = []
        for (const batch of batches) {
          await between(trainer.probe(0))
          losses.push(...(await trainer.train([batch])).losses)
        }
        return Float64Array.from(losses)
      } finally {
        await trainer.dispose()
      }
    }

    test('gives the same bits twice, measured or not, alone or in an ensemble', async () => {
      const plain = await lossesOf(2)
      const measured = await lossesOf(2, async (probe) => {
        await probe.gradientNorms(samples(COUNT))
        await probe.perSampleGram(samples(COUNT))
        await probe.hessianVectors(new Float64Array(probe.parameterCount).fill(1), 1, samples(4))
      })
      expect(measured).toEqual(plain)
      expect(await lossesOf(1)).toEqual(plain.filter((_, index) => index % 2 === 0))
    })

    test('has in the probe set the loss that training has there', async () => {
      await withBoth(held.opened, options(1), async (network) => {
        const all = samples(COUNT, 'probe')
        const { loss } = await network.probe(0).loss(all)
        // Sums in another order: float32 rounding of a dozen terms.
        expect((await network.train([all.indices])).losses[0] / loss).toBeCloseTo(1, 6)
      })
    })

    test('returns every tensor and byte', async () => {
      const before = tfjsMemory()
      for (const each of Object.values(NETWORKS)) {
        const { inputWidth, outputWidth } = networkWidths(each)
        const own = optionsInFloat32(each, randomDataset(COUNT, inputWidth, outputWidth, each.loss.kind), [startOf(each)])
        const trainer = await createNetworkTrainer(own, held.opened)
        await trainer.train(batchesOf(2, 5, COUNT))
        const atStart = tfjsMemory().tensorCount
        await MEASUREMENTS['the gradient'](trainer.probe(0))
        await MEASUREMENTS['the tangent kernel'](trainer.probe(0))
        await MEASUREMENTS['the output Jacobian'](trainer.probe(0))
        await MEASUREMENTS['Hessian-vector products'](trainer.probe(0))
        await MEASUREMENTS['Hessian-vector products of one output'](trainer.probe(0))
        await MEASUREMENTS['statistics of norms'](trainer.probe(0))
        await MEASUREMENTS['losses per sample'](trainer.probe(0))
        expect(tfjsMemory().tensorCount).toBe(atStart)
        await trainer.dispose()
        const { tensorCount, liveBytes } = tfjsMemory()
        expect({ tensorCount, liveBytes }).toEqual({ tensorCount: before.tensorCount, liveBytes: before.liveBytes })
      }
    })
  })

  test('a convolution of one pixel is a dense layer, and a filter in the middle too', async () => {
    const units: NetworkSpec = {
      layers: [dense(3, 4, { activation: 'tanh' }), dense(4, 2)],
      loss: { kind: 'squaredError', reduction: 'mean' },
    }
    const pixels: NetworkSpec = { ...units, layers: [conv(3, 4, 1, 1, { kernel: 1 }), dense(4, 2)] }
    const padded: NetworkSpec = { ...units, layers: [conv(3, 4, 1, 1), dense(4, 2)] }
    const data = randomDataset(COUNT, 3, 2, 'squaredError')
    const start = normals(parameterCount(units), 'units', 0.5)
    // The middle tap of each 3 x 3 filter; the other eight see the padding alone.
    const spread = new Float64Array(parameterCount(padded)).fill(0.3)
    for (let i = 0; i < 12; i++) spread[9 * i + 4] = start[i]
    spread.set(start.subarray(12), 108)
    const [gradient, ofPixels, ofPadded] = await Promise.all(
      (
        [
          [units, start],
          [pixels, start],
          [padded, spread],
        ] as const
      ).map(([spec, weights]) =>
        withBoth(held.opened, optionsInFloat32(spec, data, [weights]), async (network) => network.probe(0).gradient(samples(COUNT))),
      ),
    )
    // The same terms in another order.
    expect(relativeError(ofPixels, gradient)).toBeLessThan(1e-6)
    const middle = Float64Array.from(gradient, (_, i) => (i < 12 ? ofPadded[9 * i + 4] : ofPadded[96 + i]))
    expect(relativeError(middle, gradient)).toBeLessThan(1e-6)
    expect(ofPadded.subarray(0, 108).filter((value, i) => i % 9 !== 4 && value !== 0)).toEqual(new Float64Array(0))
  })
}
