// Are norms right where the gradient itself is not representable?
import { describe, expect, test } from 'vitest'
import { createChainTrainer } from '../../../src/engine/chain/chainTrainer.ts'
import { createFloat64Trainer } from '../../../src/engine/float64/float64Trainer.ts'
import { log10OfScaled } from '../../../src/numerics/logMagnitude.ts'
import type { LayerNorms } from '../../../src/core/probe.ts'
import { networkWidths, type NetworkSpec } from '../../../src/core/networkSpec.ts'
import { conv, dense, skip } from '../reference/layers.ts'
import { chainSpec, datasetOf, denseSpec, normals, optionsOf, randomWeights, samples } from '../reference/problems.ts'

const one = samples(1)
const log10s = (norms: LayerNorms): number[] =>
  Array.from(norms.mantissa, (mantissa, l) => log10OfScaled({ mantissa, exponent: norms.exponent[l] }))
const point = datasetOf(1, 1, [1], [1])

describe('layerNorms', () => {
  test.each([
    ['vanishes to 1e-312', 1e-8, 40, 36],
    ['explodes to 1e390', 1e10, 20, 20],
  ])('agrees with the chain engine where the gradient %s', async (_, weight, depth, reliable) => {
    const options = optionsOf(chainSpec(depth), point, [new Float64Array(depth).fill(weight)])
    const exact = log10s(await createChainTrainer(options).probe(0).gradientNorms(one))
    const network = await createFloat64Trainer(options).probe(0).gradientNorms(one)
    for (let l = 0; l < reliable; l++) {
      // Powers of two are exact: what remains is the rounding of forty products and of a log of 312.
      expect(log10s(network)[l]).toBeCloseTo(exact[l], 11)
      expect(network.underflow[l]).toBe(0)
    }
  })
  test('flags the layers whose inputs have left the range', async () => {
    const options = optionsOf(chainSpec(50), point, [new Float64Array(50).fill(1e-8)])
    const { underflow } = await createFloat64Trainer(options).probe(0).gradientNorms(one)
    // Activations fall by 1e-8 a layer and cross 2^-960 = 1e-289 behind the 36th weight.
    expect(Array.from(underflow)).toEqual(Array.from({ length: 50 }, (_, l) => (l > 36 ? 1 : 0)))
  })
  test('does not flag a dead relu layer: its zeros are exact', async () => {
    const spec = denseSpec([1, 2, 1], { activation: 'relu', bias: false })
    const options = optionsOf(spec, point, [Float64Array.of(-1, -2, 1, 1)])
    const norms = await createFloat64Trainer(options).probe(0).gradientNorms(one)
    expect(Array.from(norms.mantissa)).toEqual([0, 0])
    expect(Array.from(norms.underflow)).toEqual([0, 0])
  })
  test('keeps every bit of an ordinary network', async () => {
    const spec = denseSpec([2, 3, 1])
    const options = optionsOf(spec, datasetOf(2, 1, normals(8, 'x'), normals(4, 'y')), [randomWeights(spec, 'w')])
    const probe = createFloat64Trainer(options).probe(0)
    const gradient = await probe.gradient(samples(4))
    const norms = await probe.gradientNorms(samples(4))
    let square = 0
    for (const g of gradient.subarray(9)) square += g * g
    // Scaling by powers of two, then one root.
    expect(norms.mantissa[1] * 2 ** norms.exponent[1]).toBeCloseTo(Math.sqrt(square), 15)
  })
})

describe('layerNorms of images and skips', () => {
  const log10Of = async (spec: NetworkSpec, scale: number): Promise<LayerNorms> => {
    const weights = randomWeights(spec, 'w').map((w) => w * scale)
    const { inputWidth, outputWidth } = networkWidths(spec)
    const data = datasetOf(inputWidth, outputWidth, normals(2 * inputWidth, 'x'), normals(2 * outputWidth, 'y'))
    return createFloat64Trainer(optionsOf(spec, data, [weights]))
      .probe(0)
      .gradientNorms(samples(2))
  }
  const linear = { bias: false, activation: 'identity' } as const
  test('follow a vanishing convolutional net to 1e-340 by its own scaling law', async () => {
    const spec: NetworkSpec = {
      layers: Array.from({ length: 20 }, () => conv(2, 2, 3, linear)),
      loss: { kind: 'squaredError', reduction: 'mean' },
    }
    const [tiny, plain] = [await log10Of(spec, 1e-18), await log10Of(spec, 1e-3)]
    for (let l = 0; l < 14; l++) {
      // The output is far below the targets in both: every gradient has 19 factors of the scale, and nothing else changes.
      expect(log10s(tiny)[l]).toBeCloseTo(log10s(plain)[l] - 19 * 15, 9)
      expect(tiny.underflow[l]).toBe(0)
    }
    expect(log10s(tiny)[0]).toBeLessThan(-330)
  })
  test('keep what a skip carries past branches of 1e-200, and the branches themselves', async () => {
    // h = x; then W2 W1 h of 1e-400 beside the skip's h: deltas of both meet below with one exponent.
    const layers = [dense(3, 3, linear), dense(3, 3, linear), dense(3, 3, { ...linear, skip: skip(1) }), dense(3, 2, linear)]
    const spec: NetworkSpec = { layers, loss: { kind: 'squaredError', reduction: 'sum' } }
    const weights = randomWeights(spec, 'w')
    const small = weights.map((w, k) => (k >= 9 && k < 27 ? w * 2 ** -700 : w))
    const data = datasetOf(3, 2, normals(6, 'x'), normals(4, 'y'))
    const normsAt = async (w: Float64Array, shape: NetworkSpec) =>
      createFloat64Trainer(optionsOf(shape, data, [w]))
        .probe(0)
        .gradientNorms(samples(2))
    const through = await normsAt(small, spec)
    const without: NetworkSpec = { ...spec, layers: [layers[0], layers[3]] }
    const bare = await normsAt(Float64Array.from([...weights.subarray(0, 9), ...weights.subarray(27)]), without)
    // Branches of 1e-421 add nothing to the skip.
    expect(log10s(through)[0]).toBeCloseTo(log10s(bare)[0], 13)
    expect(log10s(through)[3]).toBeCloseTo(log10s(bare)[1], 13)
    const half = await normsAt(
      weights.map((w, k) => (k >= 9 && k < 27 ? w * 2 ** -300 : w)),
      spec,
    )
    for (const l of [1, 2]) expect(log10s(through)[l]).toBeCloseTo(log10s(half)[l] - 400 * Math.LOG10E * Math.LN2, 10)
  })
})
