// Are the four passes of every layer kind, norm and skip right, alone and together? Only finite differences and explicit sums are asked.
import { beforeAll, describe, expect, test } from 'vitest'
import type { Dataset } from '../../../src/core/dataset.ts'
import { imageAfter, inputWidthOf, networkWidths, parameterCount, type LayerSpec, type NetworkSpec } from '../../../src/core/networkSpec.ts'
import type { Probe } from '../../../src/core/probe.ts'
import { createFloat64Trainer } from '../../../src/engine/float64/float64Trainer.ts'
import { directionalDerivative, relativeError } from '../reference/closeness.ts'
import { conv, dense, norm, pool, skip, withHead } from '../reference/layers.ts'
import { datasetOf, normals, optionsOf, randomDataset, samples } from '../reference/problems.ts'

const COUNT = 5
const SET = samples(COUNT)
const CE = { kind: 'softmaxCrossEntropy', reduction: 'sum' } as const
const FROZEN = { mean: Float64Array.of(0.1, -0.2, 0.3), variance: Float64Array.of(0.5, 1.5, 2) }

const CASES: readonly (readonly [string, NetworkSpec])[] = [
  ['a convolution with zero padding', withHead([conv(2, 3, 4)])],
  ['two convolutions, circular, then stride 2', withHead([conv(1, 2, 4, { paddingMode: 'circular' }), conv(2, 3, 4, { stride: 2 })])],
  ['a circular convolution that wraps twice', withHead([conv(2, 2, 2, { kernel: 5, padding: 2, paddingMode: 'circular' })])],
  ['an unpadded rectangle with scales', withHead([conv(2, 3, 5, { width: 4, padding: 0, forwardScale: 0.4, biasScale: 0.3 })])],
  [
    'a convolution without bias and a head of images',
    { layers: [conv(1, 3, 3, { bias: false }), conv(3, 1, 3, { activation: 'identity' })], loss: CE },
  ],
  ['average pooling', withHead([conv(1, 3, 5), pool('average', 3, 5)])],
  ['overlapping average pooling of the input', withHead([pool('average', 2, 4, { size: 3, stride: 1 }), conv(2, 2, 2)])],
  ['global average pooling', withHead([conv(2, 3, 4, { activation: 'swish' }), pool('globalAverage', 3, 4)], CE)],
  ['max pooling', withHead([conv(1, 2, 4), pool('max', 2, 4), conv(2, 3, 2)])],
  ['overlapping max pooling', withHead([conv(1, 2, 5), pool('max', 2, 5, { size: 3 })])],
  ['batch norm of units', withHead([dense(3, 4, { norm: norm('batch') }), dense(4, 3, { norm: norm('batch') })])],
  ['batch norm of channels', withHead([conv(1, 3, 3, { norm: norm('batch') }), conv(3, 2, 3, { norm: norm('batch') })], CE)],
  ['frozen batch norm', withHead([dense(3, 3, { norm: norm('batch', FROZEN) }), dense(3, 2)])],
  ['frozen batch norm of channels', withHead([conv(1, 3, 3, { norm: norm('batch', FROZEN) }), conv(3, 2, 3)])],
  ['layer norm of units', withHead([dense(3, 4, { norm: norm('layer') }), dense(4, 3, { norm: norm('layer') })], CE)],
  ['layer norm of images', withHead([conv(1, 3, 3, { norm: norm('layer') }), conv(3, 2, 3, { norm: norm('layer') })])],
  ['a skip behind the activation', withHead([dense(3, 4), dense(4, 4, { skip: skip(1, 'postAct', 0.7, 0.4) })])],
  ['a skip before the activation', withHead([dense(3, 4), dense(4, 4, { skip: skip(1, 'preAct', 0.7, 0.4) })])],
  [
    'a skip from the inputs of the network',
    withHead([dense(3, 4), dense(4, 3, { skip: skip(0) }), dense(3, 3, { skip: skip(0, 'preAct') })]),
  ],
  [
    'nested and overlapping skips',
    withHead([
      dense(3, 3),
      dense(3, 3, { skip: skip(1) }),
      dense(3, 3, { skip: skip(1, 'preAct', 0.5, 0.8) }),
      dense(3, 3, { skip: skip(2, 'postAct', 1, 0.5) }),
      dense(3, 3, { skip: skip(1, 'postAct', -0.5) }),
    ]),
  ],
  ['a skip around a pool', withHead([conv(2, 2, 3), pool('average', 2, 3, { size: 1, stride: 1 }), conv(2, 2, 3, { skip: skip(1) })])],
  [
    'batch norm and skips of both places on images',
    withHead(
      [
        conv(1, 2, 3, { norm: norm('batch') }),
        conv(2, 2, 3, { norm: norm('batch') }),
        conv(2, 2, 3, { norm: norm('batch'), skip: skip(1, 'preAct', 1, 0.6) }),
        conv(2, 2, 3, { norm: norm('batch'), skip: skip(2, 'postAct', 0.9, 0.7) }),
        pool('globalAverage', 2, 3),
      ],
      CE,
    ),
  ],
  [
    'layer norm, skips and max pooling on images',
    withHead([
      conv(1, 2, 4, { norm: norm('layer') }),
      conv(2, 2, 4, { norm: norm('layer'), skip: skip(1, 'preAct', 1, 0.6), activation: 'gelu' }),
      pool('max', 2, 4),
      conv(2, 2, 2, { norm: norm('layer'), skip: skip(3) }),
    ]),
  ],
  [
    'both norms with skips on units',
    withHead([
      dense(3, 4, { norm: norm('batch'), activation: 'softplus' }),
      dense(4, 4, { norm: norm('layer'), skip: skip(1, 'preAct', 0.8, 0.6) }),
      dense(4, 4, { norm: norm('batch'), skip: skip(1, 'postAct', 0.8, 0.6), activation: 'sigmoid' }),
    ]),
  ],
]

const probeAt = (spec: NetworkSpec, dataset: Dataset, weights: Float64Array): Probe =>
  createFloat64Trainer(optionsOf(spec, dataset, [weights])).probe(0)
/** A step of 2e-3 along a direction moves no entry by more. */
const CLEAR = 0.01
/** Smallest lead of the largest entry of a window at the maximum pool at `place`; Infinity without one. */
async function clearance(spec: NetworkSpec, place: number, dataset: Dataset, weights: Float64Array): Promise<number> {
  const layer = spec.layers[place]
  if (layer?.kind !== 'pool') return Infinity
  const below: NetworkSpec = { ...spec, layers: spec.layers.slice(0, place), loss: { kind: 'squaredError', reduction: 'mean' } }
  const width = inputWidthOf(layer)
  const images = datasetOf(dataset.inputWidth, width, dataset.train.inputs, new Float64Array(COUNT * width))
  const { outputs } = await probeAt(below, images, weights.slice(0, parameterCount(below))).loss(SET)
  const [outHeight, outWidth] = imageAfter(layer)
  let least = Infinity
  for (let image = 0; image < COUNT * layer.channels; image++) {
    for (let y = 0; y < outHeight; y++) {
      for (let x = 0; x < outWidth; x++) {
        const window: number[] = []
        for (let k = 0; k < layer.size * layer.size; k++) {
          const row = y * layer.stride + Math.floor(k / layer.size)
          window.push(outputs[(image * layer.height + row) * layer.width + x * layer.stride + (k % layer.size)])
        }
        window.sort((a, b) => b - a)
        least = Math.min(least, window[0] - window[1])
      }
    }
  }
  return least
}
const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, value, k) => sum + value * b[k], 0)
const frozenWith = (spec: NetworkSpec, statistics: Awaited<ReturnType<NonNullable<Probe['normStatistics']>>>): NetworkSpec => ({
  ...spec,
  layers: spec.layers.map((layer, l): LayerSpec =>
    layer.kind === 'pool' || layer.norm === undefined ? layer : { ...layer, norm: { ...layer.norm, frozen: statistics[l] } },
  ),
})
/** Smooth functions of order 1 at this step: truncation below 1e-8 (layer norm bends most), rounding 1e-12. The bar is 1e-6. */
const STEP = 1e-3
const TOLERANCE = 1e-7

describe.each(CASES)('the float64 engine on %s', (_, spec) => {
  const { inputWidth, outputWidth } = networkWidths(spec)
  const dataset = randomDataset(COUNT, inputWidth, outputWidth, spec.loss.kind)
  const p = parameterCount(spec)
  // Norm parameters are drawn like all others: no gamma is 1 and no beta 0.
  let weights = normals(p, 'w', 0.6)
  let probe = probeAt(spec, dataset, weights)
  const at = (w: Float64Array) => probeAt(spec, dataset, w)
  const hasBatchNorm = spec.layers.some((layer) => layer.kind !== 'pool' && layer.norm?.kind === 'batch' && layer.norm.frozen === null)
  /** The network that measures of single samples see. */
  const single = async (): Promise<NetworkSpec> => frozenWith(spec, (await probe.normStatistics?.()) ?? [])

  /** Loss of the set in training mode: the batch that a step would see. */
  const trainingLoss = async (w: Float64Array): Promise<number> => {
    const trainer = createFloat64Trainer(optionsOf(spec, dataset, [w]))
    return (await trainer.train([SET.indices])).losses[0]
  }

  const place = spec.layers.findIndex((layer) => layer.kind === 'pool' && layer.pooling === 'max')
  beforeAll(async () => {
    for (let draw = 0; draw < 500 && (await clearance(spec, place, dataset, weights)) < CLEAR; draw++) {
      weights = normals(p, `w${draw}`, 0.6)
      probe = at(weights)
    }
  })
  test('stands clear of equal largest entries', async () => {
    expect(await clearance(spec, place, dataset, weights)).toBeGreaterThanOrEqual(CLEAR)
  })
  test('has the gradient of its training loss', async () => {
    const gradient = await probe.gradient(SET)
    const block = normals(4 * p, 'directions', 0.3)
    for (let row = 0; row < 4; row++) {
      const direction = block.subarray(row * p, (row + 1) * p)
      const [slope] = await directionalDerivative(async (w) => [await trainingLoss(w)], weights, direction, STEP)
      expect(Math.abs(dot(gradient, direction) - slope)).toBeLessThan(TOLERANCE * Math.max(1, Math.abs(slope)))
    }
    const slopes = new Float64Array(p)
    for (let k = 0; k < p; k++) {
      const unit = new Float64Array(p)
      unit[k] = 1
      slopes[k] = (await directionalDerivative(async (w) => [await trainingLoss(w)], weights, unit, STEP))[0]
    }
    expect(relativeError(gradient, slopes)).toBeLessThan(TOLERANCE)
  })
  test('multiplies by the Hessian of its training loss', async () => {
    const block = normals(3 * p, 'directions', 0.3)
    const products = await probe.hessianVectors(block, 3, SET)
    for (let row = 0; row < 3; row++) {
      const vector = block.subarray(row * p, (row + 1) * p)
      const slopes = await directionalDerivative((w) => at(w).gradient(SET), weights, vector, STEP)
      expect(relativeError(products.subarray(row * p, (row + 1) * p), slopes)).toBeLessThan(TOLERANCE)
    }
    const [uHv, vHu] = [dot(block.subarray(0, p), products.subarray(p, 2 * p)), dot(block.subarray(p, 2 * p), products.subarray(0, p))]
    expect(Math.abs(uHv - vHu)).toBeLessThan(1e-11 * Math.max(1, Math.abs(uHv)))
  })
  test('has the Jacobian of its outputs, statistics held fast', async () => {
    const fixed = await single()
    const jacobian = await probe.outputJacobian(SET)
    const direction = normals(p, 'direction', 0.3)
    const slopes = await directionalDerivative(async (w) => (await probeAt(fixed, dataset, w).loss(SET)).outputs, weights, direction, STEP)
    const products = Float64Array.from({ length: COUNT * outputWidth }, (_value, row) =>
      dot(jacobian.subarray(row * p, (row + 1) * p), direction),
    )
    expect(relativeError(products, slopes)).toBeLessThan(TOLERANCE)
  })
  test('multiplies by the Hessian of one output of one sample', async () => {
    const fixed = await single()
    const row = 3 * outputWidth + 1
    const vector = normals(p, 'direction', 0.3)
    const product = await probe.outputHessianVectors(vector, 1, SET, { sample: 3, output: 1 })
    const gradientAt = async (w: Float64Array) => (await probeAt(fixed, dataset, w).outputJacobian(SET)).subarray(row * p, (row + 1) * p)
    const slopes = await directionalDerivative(gradientAt, weights, vector, STEP)
    expect(Math.max(...product.map((value, k) => Math.abs(value - slopes[k])))).toBeLessThan(TOLERANCE)
  })
  test('has the kernel J J^T and the Gram matrix of explicit per-sample gradients', async () => {
    const jacobian = await probe.outputJacobian(SET)
    const rows = Array.from({ length: COUNT * outputWidth }, (_value, row) => jacobian.subarray(row * p, (row + 1) * p))
    // The same products in another order: rounding of sums of up to a few hundred terms.
    expect(
      relativeError(
        await probe.kernelGram(SET),
        rows.flatMap((a) => rows.map((b) => dot(a, b))),
      ),
    ).toBeLessThan(1e-12)
    const fixed = await single()
    const summed = probeAt({ ...fixed, loss: { ...fixed.loss, reduction: 'sum' } }, dataset, weights)
    const gradients = await Promise.all(Array.from(SET.indices, (i) => summed.gradient({ indices: Int32Array.of(i), from: 'train' })))
    expect(
      relativeError(
        await probe.perSampleGram(SET),
        gradients.flatMap((a) => gradients.map((b) => dot(a, b))),
      ),
    ).toBeLessThan(1e-12)
  })
  test('measures the norms of its gradient, layer by layer', async () => {
    const gradient = await probe.gradient(SET)
    const norms = await probe.gradientNorms(SET)
    expect(norms.mantissa).toHaveLength(probe.layers.length)
    for (const [l, { offset, size }] of probe.layers.entries()) {
      const block = gradient.subarray(offset, offset + size)
      expect(relativeError([norms.mantissa[l] * 2 ** norms.exponent[l]], [Math.hypot(...block)])).toBeLessThan(1e-13)
      const meanSize = block.reduce((sum, g) => sum + Math.abs(g), 0) / size
      expect(relativeError([norms.meanAbsMantissa[l] * 2 ** norms.meanAbsExponent[l]], [meanSize])).toBeLessThan(1e-13)
    }
  })
  test('gives the probe set its training loss, to the bit', async () => {
    expect((await probe.loss(SET)).loss).toBe(await trainingLoss(weights))
  })
  test('has per-sample gradients that sum to the training gradient, unless batches couple their samples', async () => {
    const fixed = await single()
    const gap = relativeError(await probeAt(fixed, dataset, weights).gradient(SET), await probe.gradient(SET))
    if (hasBatchNorm) expect(gap).toBeGreaterThan(1e-3)
    else expect(gap).toBe(0)
  })
})
