// What depends on directions alone must not see how small gradients are; what has a scale must never show 0 for them.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DEFAULT_DIAGNOSTICS } from '../../src/core/defaults.ts'
import type { Probe, ScaledGram } from '../../src/core/probe.ts'
import type { CosineSample } from '../../src/core/sample.ts'
import { measureCosines } from '../../src/diagnostics/cosines.ts'
import { batchGramOf, perSampleGramOf } from '../../src/diagnostics/extendedGram.ts'
import { averageConfusion, gradientConfusion, scaledAverageConfusion, scaledConfusion } from '../../src/diagnostics/gradientConfusion.ts'
import { gradientVariance, scaledVariance } from '../../src/diagnostics/gradientVariance.ts'
import { createChainTrainer } from '../../src/engine/chain/chainTrainer.ts'
import { createFloat64Trainer } from '../../src/engine/float64/float64Trainer.ts'
import { scaledToNumber } from '../../src/numerics/logMagnitude.ts'
import { scaledGramOf } from '../../src/numerics/scaledGram.ts'
import { namedStream } from '../../src/numerics/streams.ts'
import { chainSpec, datasetOf, denseSpec, normals, optionsOf, randomDataset, randomWeights, samples } from '../engine/reference/problems.ts'
import { gramOf, integerVectors, PROPERTY_SEED } from './gramOf.ts'
import { contextOf, expectType, quadraticProbe } from './quadraticProbe.ts'

const LOG10_OF_2 = Math.log10(2)
const settings = { ...DEFAULT_DIAGNOSTICS, pairCount: 25, pairBatch: 2, probeCount: 16 }

const moved = ({ products, exponents }: ScaledGram, by: number): ScaledGram => ({ products, exponents: exponents.map((e) => e + by) })

/** The same network with every gradient times 2^by, as an engine of extended range tells it. */
function shrunk(probe: Probe, by: number): Probe {
  return {
    ...probe,
    perSampleGram: () => Promise.reject(new Error('the plain matrix was asked')),
    batchGram: () => Promise.reject(new Error('the plain matrix was asked')),
    scaledPerSampleGram: async (set) => moved(await perSampleGramOf(probe, set), by),
    scaledBatchGram: async (batches) => moved(await batchGramOf(probe, batches), by),
  }
}

const measure = async (probe: Probe, count: number): Promise<CosineSample> =>
  expectType(await measureCosines(contextOf([probe], count, { settings })), 'cosines')

/** Everything that depends on directions alone. */
const directions = ({ pairs, perSample, etaNormalised, diversity, batchSizeBound, batchSums }: CosineSample) => ({
  pairs,
  perSample,
  etaNormalised,
  diversity,
  batchSizeBound,
  sums: batchSums && [...batchSums.means].map((mean) => mean / batchSums.meanSquare),
})

describe('the cosines of gradients that are all made 2^-400, 2^-2000 and 2^2000 times as large', () => {
  const stream = namedStream(5, 'shrunk')
  const slopes = Array.from({ length: 12 }, () => [stream.normal(), stream.normal() + 0.2, stream.normal()])
  const probe = quadraticProbe({
    hessian: [
      [0, 0, 0],
      [0, 0, 0],
      [0, 0, 0],
    ],
    slopes,
    weights: [0, 0, 0],
  })
  test.each([-400, -2000, 2000])('are the same to the last bit (2^%i)', async (by) => {
    const [plain, small] = [await measure(probe, 12), await measure(shrunk(probe, by), 12)]
    expect(directions(small)).toEqual(directions(plain))
    for (const name of ['eta', 'etaAverage', 'gradientVariance'] as const) {
      if (plain[name] === 0) continue
      expect(small.log10![name]).toBeCloseTo(Math.log10(plain[name]!) + 2 * by * LOG10_OF_2, 9)
    }
    expect(small.eta! > 0).toBe(by > -500)
    expect(small.log10!.eta).toBeGreaterThan(-Infinity)
  })
})

describe('the cosines of a chain', () => {
  // Gradients point along grad P with the length of x (x P - y): where P is nothing beside y they are -x y.
  const [x, y] = [
    [0.3, -1.2, 0.8, 2.1, 1],
    [1, 0.4, -0.7, 1.9, -0.2],
  ]
  const lengths = x.map((value, i) => -value * y[i])
  const total = lengths.reduce((sum, length) => sum + length, 0)
  const squares = lengths.reduce((sum, length) => sum + length ** 2, 0)
  test.each([
    ['depth 300, near 1e-120', 300, 0.8],
    ['depth 300, near 1e-300', 300, 0.2],
    ['depth 2000, near 1e-1700', 2000, 0.28],
  ] as const)('are those of its residuals at %s', async (_, depth, scale) => {
    const options = optionsOf(chainSpec(depth), datasetOf(1, 1, x, y), [normals(depth, 'deep chain', scale)])
    const probe = createChainTrainer(options).probe(0)
    const sample = await measure(probe, 5)
    const expected = lengths.flatMap((a, i) => lengths.slice(i + 1).map((b) => Math.sign(a * b)))
    expect([...sample.perSample.cosines]).toEqual(expected.toSorted((a, b) => a - b))
    expect(sample.perSample.excluded).toBe(0)
    expect(sample.pairs.excluded).toBe(0)
    expect(sample.etaNormalised).toBe(1)
    expect(sample.diversity! / (squares / total ** 2)).toBeCloseTo(1, 12)
    expect(sample.batchSizeBound! / ((5 * squares) / total ** 2)).toBeCloseTo(1, 12)
    const norms = await probe.gradientNorms(samples(1))
    // log10 of |grad P|^2, from the first sample: |g_1| = |x_1 y_1| |grad P|.
    const scaleLog = 2 * logNorm(norms) - 2 * Math.log10(Math.abs(lengths[0]))
    const least = Math.min(...lengths.flatMap((a, i) => lengths.slice(i + 1).map((b) => a * b)))
    expect(sample.log10!.eta).toBeCloseTo(Math.log10(-least) + scaleLog, 9)
    expect(sample.log10!.gradientVariance).toBeCloseTo(Math.log10(squares / 5 - (total / 5) ** 2) + scaleLog, 9)
    // Sums of all five, in units of 5 M^2.
    const { means, meanSquare } = sample.batchSums!
    expect(means.at(-1)! / meanSquare).toBeCloseTo(total ** 2 / (squares / 5), 12)
  })
  const logNorm = ({ mantissa, exponent }: { mantissa: Float64Array; exponent: Int32Array }) => {
    const largest = Math.max(...exponent)
    return Math.log10(Math.hypot(...mantissa.map((m, k) => m * 2 ** (exponent[k] - largest)))) + largest * LOG10_OF_2
  }
  test('say that a gradient is zero only where it is', async () => {
    const weights = normals(300, 'deep chain', 0.2)
    const data = datasetOf(1, 1, [...x, 0], [...y, 1])
    const withOneZero = await measure(createChainTrainer(optionsOf(chainSpec(300), data, [weights])).probe(0), 6)
    expect(withOneZero.perSample.excluded).toBe(5)
    weights[7] = weights[9] = 0
    const dead = createChainTrainer(optionsOf(chainSpec(300), data, [weights])).probe(0)
    expect(await measureCosines(contextOf([dead], 6, { settings }))).toMatchObject({ type: 'unavailable', reason: 'zeroGradient' })
  })
})

test('the cosines of a deep tanh network near 1e-280 are those of its explicit gradients', async () => {
  const widths = [3, ...Array.from({ length: 79 }, () => 6), 2]
  const spec = denseSpec(widths, { activation: 'tanh', bias: false })
  const options = optionsOf(spec, randomDataset(6, 3, 2, 'squaredError'), [randomWeights(spec, 'scaled gram', 6.5e-5)])
  const probe = createFloat64Trainer(options).probe(0)
  const sample = await measure(probe, 6)
  const rows: Float64Array[] = []
  for (let i = 0; i < 6; i++) rows.push((await probe.gradient({ indices: Int32Array.of(i), from: 'probe' })).map((g) => g * 2 ** 900))
  const gram = scaledGramOf(gramOf(rows.map((row) => [...row])), 6)
  expect(sample.perSample.cosines.length).toBe(15)
  expect(sample.etaNormalised).toBeGreaterThan(0)
  expect(sample.log10!.eta).toBeCloseTo(Math.log10(scaledToNumber(scaledConfusion(gram)!)) - 1800 * LOG10_OF_2, 9)
  expect(sample.log10!.eta).toBeLessThan(-540)
  expect(sample.eta).toBe(0)
})

test('the cosines of an engine that has no number for its gradients say so, and not that they are zero', async () => {
  const silent = quadraticProbe({ hessian: [[0]], slopes: [[0], [0], [0], [0]], weights: [0] })
  const lost: Probe = {
    ...silent,
    gradientNorms: async (set) => ({ ...(await silent.gradientNorms(set)), underflow: Uint8Array.of(0, 1) }),
  }
  expect(await measureCosines(contextOf([lost], 4))).toMatchObject({ type: 'unavailable', reason: 'underflow' })
})

describe('the quantities with a scale', () => {
  test('are the plain ones wherever those are in range', () => {
    fc.assert(
      fc.property(integerVectors, fc.integer({ min: -200, max: 200 }), (rows, exponent) => {
        const n = rows.length
        const gram = gramOf(rows.map((row) => row.map((value) => value * 2 ** exponent)))
        const scaled = scaledGramOf(gram, n)
        expect(scaledToNumber(scaledConfusion(scaled)!)).toBe(gradientConfusion(gram, n))
        expect(scaledToNumber(scaledAverageConfusion(scaled)!)).toBe(averageConfusion(gram, n))
        expect(scaledToNumber(scaledVariance(scaled))).toBe(gradientVariance(gram, n))
      }),
      PROPERTY_SEED,
    )
  })
  test('grow with the square of gradients far outside float64', () => {
    fc.assert(
      fc.property(integerVectors, fc.integer({ min: -5000, max: 5000 }), (rows, by) => {
        const gram = scaledGramOf(gramOf(rows), rows.length)
        for (const of of [scaledConfusion, scaledAverageConfusion, scaledVariance]) {
          const [before, after] = [of(gram)!, of(moved(gram, by))!]
          expect(after.mantissa).toBe(before.mantissa)
          expect(after.exponent).toBe(before.mantissa === 0 ? 0 : before.exponent + 2 * by)
        }
      }),
      PROPERTY_SEED,
    )
  })
  test('find the most opposed pair among gradients of very different sizes', () => {
    // Of sizes 1, 2^-800 and 2^-800: only the two small ones are opposed, by 2^-1600.
    const gram: ScaledGram = { products: Float64Array.of(1, 0, 0, 0, 1, -0.5, 0, -0.5, 1), exponents: Int32Array.of(0, -800, -800) }
    expect(scaledConfusion(gram)).toEqual({ mantissa: 1, exponent: -1601 })
    expect(scaledConfusion({ ...gram, exponents: Int32Array.of(-800, 0, 0) })).toEqual({ mantissa: 1, exponent: -1 })
    const twice: ScaledGram = { products: Float64Array.of(1, -1, -0.5, -1, 1, 0, -0.5, 0, 1), exponents: Int32Array.of(0, -10, 3) }
    expect(scaledConfusion(twice)).toEqual({ mantissa: 1, exponent: 2 })
  })
  test('do not exist for one sample, and are not a number where a gradient is not', () => {
    const single = scaledGramOf(Float64Array.of(2), 1)
    expect(scaledConfusion(single)).toBeNull()
    expect(scaledAverageConfusion(single)).toBeNull()
    expect(scaledConfusion(scaledGramOf(Float64Array.of(1, NaN, NaN, 1), 2))!.mantissa).toBeNaN()
  })
})
