// Is a convolution what its definition says, and nothing that a matrix product hides? A slow twin, limits and symmetries.
import { describe, expect, test } from 'vitest'
import {
  imageAfter,
  inputWidthOf,
  networkWidths,
  outputWidthOf,
  parameterCount,
  type ConvLayerSpec,
  type NetworkSpec,
} from '../../../src/core/networkSpec.ts'
import type { Probe } from '../../../src/core/probe.ts'
import { DomainFault, ShapeFault } from '../../../src/core/faults.ts'
import { convPasses } from '../../../src/engine/float64/convLayer.ts'
import { createFloat64Trainer } from '../../../src/engine/float64/float64Trainer.ts'
import { createNetwork } from '../../../src/engine/float64/network.ts'
import { poolPasses } from '../../../src/engine/float64/poolLayer.ts'
import { relativeError } from '../reference/closeness.ts'
import { conv, dense, norm, pool, skip, withHead } from '../reference/layers.ts'
import { datasetOf, denseSpec, normals, optionsOf, randomDataset, samples } from '../reference/problems.ts'

const MEAN = { kind: 'squaredError', reduction: 'mean' } as const

/** The definition, one product at a time. */
function slowConvolution(layer: ConvLayerSpec, block: Float64Array, image: Float64Array): Float64Array {
  const { inChannels, outChannels, height, width, kernel, stride, padding } = layer
  const [outHeight, outWidth] = imageAfter(layer)
  const pixel = (channel: number, y: number, x: number): number => {
    if (layer.paddingMode === 'circular') return image[(channel * height + ((y + 9 * height) % height)) * width + ((x + 9 * width) % width)]
    return y < 0 || y >= height || x < 0 || x >= width ? 0 : image[(channel * height + y) * width + x]
  }
  return Float64Array.from({ length: outChannels * outHeight * outWidth }, (_, at) => {
    const o = Math.floor(at / (outHeight * outWidth))
    const y = Math.floor(at / outWidth) % outHeight
    let sum = 0
    for (let i = 0; i < inChannels; i++) {
      for (let ky = 0; ky < kernel; ky++) {
        for (let kx = 0; kx < kernel; kx++) {
          const weight = block[((o * inChannels + i) * kernel + ky) * kernel + kx]
          sum += weight * pixel(i, y * stride + ky - padding, (at % outWidth) * stride + kx - padding)
        }
      }
    }
    const bias = layer.bias ? layer.biasScale * block[outChannels * inChannels * kernel * kernel + o] : 0
    return layer.forwardScale * sum + bias
  })
}

const probeOf = (spec: NetworkSpec, weights: Float64Array, count: number): Probe => {
  const { inputWidth, outputWidth } = networkWidths(spec)
  return createFloat64Trainer(optionsOf(spec, randomDataset(count, inputWidth, outputWidth, spec.loss.kind), [weights])).probe(0)
}

describe('convPasses', () => {
  test.each([
    ['3 x 3 with zero padding', conv(3, 4, 5)],
    ['3 x 3 with circular padding', conv(3, 4, 5, { paddingMode: 'circular' })],
    ['5 x 5 circular around a smaller image', conv(2, 3, 3, { kernel: 5, padding: 2, paddingMode: 'circular' })],
    ['stride 2 on an odd rectangle', conv(2, 3, 7, { width: 5, stride: 2 })],
    ['no padding, scales and no bias', conv(2, 5, 6, { padding: 0, forwardScale: 0.3, bias: false })],
    ['a bias scale', conv(1, 2, 3, { biasScale: 0.25 })],
    ['1 x 1', conv(4, 3, 3, { kernel: 1, padding: 0 })],
  ])('is the definition for %s', (_, layer) => {
    const rows = 3
    const block = normals(parameterCount({ layers: [layer], loss: MEAN }), 'block')
    const input = normals(rows * inputWidthOf(layer), 'images')
    const z = new Float64Array(rows * outputWidthOf(layer))
    convPasses(layer).forward(block, input, rows, z)
    const width = inputWidthOf(layer)
    const expected = Array.from({ length: rows }, (_value, row) => [
      ...slowConvolution(layer, block, input.subarray(row * width, (row + 1) * width)),
    ]).flat()
    // The scale multiplies the sum, not each term.
    expect(relativeError(z, expected)).toBeLessThan(1e-15)
  })
  test('has the bits of a dense layer on one pixel with a kernel of 1, in every measure', async () => {
    const layers = [5, 7, 3]
    const widths = [4, ...layers]
    const pixel = (l: number) =>
      conv(widths[l], widths[l + 1], 1, { kernel: 1, padding: 0, activation: l === 2 ? 'identity' : 'tanh', forwardScale: 0.7 })
    const images: NetworkSpec = { layers: [pixel(0), pixel(1), pixel(2)], loss: MEAN }
    const units = denseSpec(widths)
    const twin: NetworkSpec = {
      ...units,
      layers: units.layers.map((layer) => (layer.kind === 'dense' ? { ...layer, forwardScale: 0.7 } : layer)),
    }
    const weights = normals(parameterCount(images), 'w')
    const set = samples(6)
    const [a, b] = [probeOf(images, weights, 6), probeOf(twin, weights, 6)]
    const block = normals(2 * weights.length, 'directions')
    expect(await a.loss(set)).toEqual(await b.loss(set))
    // Sums over rows run row by row in one and in registers in the other.
    expect(relativeError(await a.gradient(set), await b.gradient(set))).toBeLessThan(1e-15)
    expect(relativeError(await a.hessianVectors(block, 2, set), await b.hessianVectors(block, 2, set))).toBeLessThan(1e-14)
    expect(relativeError(await a.perSampleGram(set), await b.perSampleGram(set))).toBeLessThan(1e-14)
    expect(relativeError(await a.kernelGram(set), await b.kernelGram(set))).toBeLessThan(1e-14)
  })
  test('moves with its image under circular padding, and not under zero padding', () => {
    const side = 4
    const image = normals(2 * side * side, 'image')
    const shifted = (values: Float64Array) => values.map((_, at) => values[at - (at % side) + ((at + side - 1) % side)])
    const apply = (paddingMode: 'zero' | 'circular', input: Float64Array): Float64Array => {
      const layer = conv(2, 3, side, { paddingMode })
      const z = new Float64Array(outputWidthOf(layer))
      convPasses(layer).forward(normals(57, 'block'), input, 1, z)
      return z
    }
    // The same products in the same order.
    expect(apply('circular', shifted(image))).toEqual(shifted(apply('circular', image)))
    expect(relativeError(apply('zero', shifted(image)), shifted(apply('zero', image)))).toBeGreaterThan(0.1)
  })
  test('has the Gram matrix of explicit gradients by either route', async () => {
    // 2 x 2 pixels with many channels go by pairs of positions, 4 x 4 with few by explicit filters; several outputs each.
    for (const layer of [
      conv(12, 14, 2, { bias: true, forwardScale: 0.4, biasScale: 0.6 }),
      conv(2, 3, 4, { forwardScale: 0.4, biasScale: 0.6 }),
    ]) {
      const spec = withHead([layer], MEAN, 3)
      const p = parameterCount(spec)
      const probe = probeOf(spec, normals(p, 'w', 0.3), 4)
      const jacobian = await probe.outputJacobian(samples(4))
      const explicit = Float64Array.from({ length: 144 }, (_, at) => {
        let sum = 0
        for (let k = 0; k < p; k++) sum += jacobian[Math.floor(at / 12) * p + k] * jacobian[(at % 12) * p + k]
        return sum
      })
      expect(relativeError(await probe.kernelGram(samples(4)), explicit)).toBeLessThan(1e-12)
    }
  })
})

describe('poolPasses', () => {
  const image = Float64Array.of(1, 5, 2, 0, 5, 3, -1, -2, -3)
  const through = (layer: ReturnType<typeof pool>): { readonly output: number[]; readonly back: number[] } => {
    const passes = poolPasses(layer)
    const output = new Float64Array(outputWidthOf(layer))
    const gates = new Int32Array(passes.gatesPerRow)
    passes.forward(image, 1, output, gates)
    const back = new Float64Array(9)
    passes.backward(
      output.map((_, o) => 10 ** o),
      1,
      1,
      back,
      gates,
    )
    return { output: Array.from(output), back: Array.from(back) }
  }
  test('averages windows and gives every pixel its share', () => {
    expect(through(pool('average', 1, 3, { stride: 1 }))).toEqual({
      output: [2.75, 3.75, 0.25 * (0 + 5 - 1 - 2), 0.25 * (5 + 3 - 2 - 3)],
      back: [0.25, 2.75, 2.5, 25.25, 277.75, 252.5, 25, 275, 250],
    })
  })
  test('takes the first of equal largest entries, and sends all back there', () => {
    expect(through(pool('max', 1, 3, { stride: 1 }))).toEqual({ output: [5, 5, 5, 5], back: [0, 11, 0, 0, 1100, 0, 0, 0, 0] })
  })
  test('leaves out what no whole window holds', () => {
    expect(through(pool('max', 1, 3)).output).toEqual([5])
  })
  test('averages a whole channel', () => {
    expect(through(pool('globalAverage', 1, 3)).output[0]).toBeCloseTo(10 / 9, 15)
  })
  test('shows NaN in a maximum', () => {
    const layer = pool('max', 1, 2)
    for (const place of [0, 1, 3]) {
      const output = new Float64Array(1)
      poolPasses(layer).forward(
        Float64Array.from({ length: 4 }, (_, i) => (i === place ? NaN : i)),
        1,
        output,
        new Int32Array(1),
      )
      expect(output[0]).toBeNaN()
    }
  })
})

describe('createNetwork', () => {
  test.each([
    ['no layers', []],
    ['a layer that does not fit the one before', [dense(3, 4), dense(5, 2)]],
    ['an image that vanishes', [conv(1, 2, 2, { kernel: 3, padding: 0 })]],
    ['a skip between unlike widths', [dense(3, 4), dense(4, 4, { skip: skip(0) })]],
    ['a skip from ahead', [dense(3, 3, { skip: skip(1) }), dense(3, 3)]],
  ])('refuses %s', (_, layers) => {
    expect(() => createNetwork({ layers, loss: MEAN })).toThrow(ShapeFault)
  })
})

describe('batch norm in training mode', () => {
  const spec = withHead([dense(3, 4, { norm: norm('batch') }), dense(4, 4, { norm: norm('batch') })])
  const weights = normals(parameterCount(spec), 'w', 0.6)
  const data = randomDataset(700, 3, 2, 'squaredError')
  const probe = (probeCount = 64) => createFloat64Trainer({ ...optionsOf(spec, data, [weights]), probeCount }).probe(0)

  test('takes a set of 700 rows at once: parts of it have other statistics', async () => {
    const whole = await probe().gradient(samples(700))
    const trainer = createFloat64Trainer({ ...optionsOf(spec, data, [weights], { kind: 'sgd', lr: 1 }) })
    await trainer.train([samples(700).indices])
    const moved = await trainer.probe(0).weights()
    expect(
      relativeError(
        moved.map((w, k) => weights[k] - w),
        whole,
      ),
    ).toBeLessThan(1e-12)
    const frozen = await probe(700).loss(samples(700))
    expect(frozen.loss).toBe((await createFloat64Trainer(optionsOf(spec, data, [weights])).train([samples(700).indices])).losses[0])
  })
  test('lends the statistics of the probe set, layer by layer', async () => {
    const statistics = (await probe(5).normStatistics?.()) ?? []
    expect(statistics[2]).toBeNull()
    const { inputs } = data.train
    for (let unit = 0; unit < 4; unit++) {
      const z = Array.from(
        { length: 5 },
        (_, row) => weights[12 + unit] + [0, 1, 2].reduce((sum, k) => sum + weights[3 * unit + k] * inputs[3 * row + k], 0),
      )
      const mean = z.reduce((a, b) => a + b, 0) / 5
      expect(statistics[0]?.mean[unit]).toBeCloseTo(mean, 14)
      expect(statistics[0]?.variance[unit]).toBeCloseTo(z.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 5, 14)
    }
  })
  test('judges a sample alike in every set', async () => {
    const [few, many] = [await probe().loss(samples(3, 'test')), await probe().loss(samples(600, 'test'))]
    expect(Array.from(many.perSample.subarray(0, 3))).toEqual(Array.from(few.perSample))
  })
  test('gives units of mean beta and deviation gamma in the batch', async () => {
    const affine = weights.slice()
    // One layer seen from behind: gamma 2, beta -1.
    affine.fill(2, 16, 20)
    affine.fill(-1, 20, 24)
    const linear: NetworkSpec = {
      layers: [dense(3, 4, { norm: { kind: 'batch', eps: 0, frozen: null }, activation: 'identity' })],
      loss: MEAN,
    }
    const rows = datasetOf(3, 4, data.train.inputs.subarray(0, 150), new Float64Array(200))
    const { outputs } = await createFloat64Trainer(optionsOf(linear, rows, [affine.slice(0, 24)]))
      .probe(0)
      .loss(samples(50))
    for (let unit = 0; unit < 4; unit++) {
      const column = Array.from({ length: 50 }, (_, row) => outputs[4 * row + unit])
      const mean = column.reduce((a, b) => a + b, 0) / 50
      expect(mean).toBeCloseTo(-1, 13)
      expect(column.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 50).toBeCloseTo(4, 12)
    }
  })
})

describe('kernelGram', () => {
  test('refuses more rows than memory holds', async () => {
    const spec: NetworkSpec = { layers: [conv(1, 14, 8, { activation: 'identity' })], loss: MEAN }
    await expect(probeOf(spec, normals(parameterCount(spec), 'w'), 12).kernelGram(samples(12))).rejects.toThrow(DomainFault)
  })
})
