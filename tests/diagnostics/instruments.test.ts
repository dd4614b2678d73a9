// Every instrument on quadratics whose answers are known; each title finishes a sentence.
import { describe, expect, test } from 'vitest'
import { DEFAULT_DIAGNOSTICS } from '../../src/core/defaults.ts'
import { INSTRUMENTS } from '../../src/core/instruments.ts'
import { ShapeFault } from '../../src/core/faults.ts'
import type { Probe } from '../../src/core/probe.ts'
import { CATALOGUE, MEASURED_INSTRUMENTS } from '../../src/diagnostics/catalogue.ts'
import { FEWEST_PAIRS, measureCosines } from '../../src/diagnostics/cosines.ts'
import { LIVE_EVALUATION_COUNT, measureEvaluation } from '../../src/diagnostics/evaluation.ts'
import { measureGradientNorms } from '../../src/diagnostics/gradientNorms.ts'
import { tangentGap } from '../../src/diagnostics/tangentGap.ts'
import { contextOf, expectType, quadraticProbe } from './quadraticProbe.ts'

const PLANE = {
  hessian: [
    [2, 1],
    [1, -1],
  ],
  slopes: [
    [1, 0],
    [0, 1],
    [-1, 0],
    [0, -1],
  ],
  weights: [0, 0],
  offsets: [1, 1, 1, 1],
}
/** Every method of the probe rejects: what is not asked for costs nothing. */
const refusing = (probe: Probe, message: string): Probe => ({ ...probe, perSampleGram: () => Promise.reject(new Error(message)) })

test('the catalogue has what the page lists, at the same tiers', () => {
  const listed = INSTRUMENTS.filter(({ name }) => name !== 'loss')
  expect([...MEASURED_INSTRUMENTS].toSorted()).toEqual(listed.map(({ name }) => name).toSorted())
  for (const { name, tier } of listed) expect(name === 'loss' ? 'everyStep' : CATALOGUE[name].tier).toBe(tier)
})

describe('the gradient norms', () => {
  test('are log10 of the norm and of the mean absolute entry of each layer, for every seed', async () => {
    const probes = [
      [3, 4, 0.001],
      [300, 400, 0],
    ].map((slope) =>
      quadraticProbe({
        hessian: [
          [0, 0, 0],
          [0, 0, 0],
          [0, 0, 0],
        ],
        slopes: [slope],
        weights: [0, 0, 0],
        layerSizes: [2, 1],
      }),
    )
    const sample = expectType(await measureGradientNorms(contextOf(probes, 1)), 'gradientNorms')
    expect(sample).toMatchObject({ seedCount: 2, layerCount: 2 })
    const expected = [Math.log10(5), -3, Math.log10(500), -Infinity]
    // Logarithms of a mantissa and an exponent are rounded once each.
    expected.forEach((value, i) => expect(sample.log10[i]).toBeCloseTo(value, 12))
    expect(sample.meanAbsLog10[0]).toBeCloseTo(Math.log10(3.5), 12)
    expect(sample.globalLog10[1]).toBeCloseTo(Math.log10(500), 12)
  })

  test('are right where the plain norm would be zero', async () => {
    const probe = quadraticProbe({ ...PLANE, slopes: [[1, 0]] })
    const tiny: Probe = {
      ...probe,
      gradientNorms: async () => ({
        mantissa: Float64Array.of(1.5),
        exponent: Int32Array.of(-2000),
        meanAbsMantissa: Float64Array.of(1),
        meanAbsExponent: Int32Array.of(-2000),
        underflow: Uint8Array.of(1),
      }),
    }
    const sample = expectType(await measureGradientNorms(contextOf([tiny], 1)), 'gradientNorms')
    expect(sample.log10[0]).toBeCloseTo(Math.log10(1.5) - 2000 * Math.log10(2), 9)
    expect(sample.globalLog10[0]).toBe(sample.log10[0])
    expect(sample.underflow[0]).toBe(1)
  })

  test('belong to the batch of the step where there is one, and say how large it is', async () => {
    const probe = quadraticProbe(PLANE)
    const sample = expectType(await measureGradientNorms(contextOf([probe], 4, { batch: Int32Array.of(3) })), 'gradientNorms')
    const { mantissa, exponent } = await probe.gradientNorms({ indices: Int32Array.of(3), from: 'train' })
    expect(sample.log10[0]).toBeCloseTo(Math.log10(mantissa[0] * 2 ** exponent[0]), 12)
    expect(sample.batchRows).toBe(1)
    expect(expectType(await measureGradientNorms(contextOf([probe], 4)), 'gradientNorms').batchRows).toBeUndefined()
  })

  test('are what the step has told; only a diverged seed, of which it knows nothing, is asked', async () => {
    const asked: number[] = []
    const probes = [0, 1].map((seed): Probe => {
      const probe = quadraticProbe(PLANE)
      return {
        ...probe,
        gradientNorms(set) {
          asked.push(seed)
          return probe.gradientNorms(set)
        },
      }
    })
    const told = {
      ...(await quadraticProbe(PLANE).gradientNorms({ indices: Int32Array.of(0), from: 'train' })),
      mantissa: Float64Array.of(1),
    }
    const stepNorms = [
      { ...told, exponent: Int32Array.of(-40) },
      { ...told, mantissa: Float64Array.of(NaN) },
    ]
    const sample = expectType(await measureGradientNorms(contextOf(probes, 4, { batch: Int32Array.of(0), stepNorms })), 'gradientNorms')
    expect(asked).toEqual([1])
    expect(sample.log10[0]).toBeCloseTo(-40 * Math.log10(2), 12)
    expect(Number.isFinite(sample.log10[1])).toBe(true)
  })
})

describe('a dead seed', () => {
  const silent = (offsets: readonly number[], outputs: readonly number[]): Probe => {
    const probe = quadraticProbe({ hessian: [[0]], slopes: outputs.map(() => [0]), weights: [0], offsets })
    return { ...probe, loss: async (set) => ({ ...(await probe.loss(set)), outputs: Float64Array.from(outputs) }) }
  }
  const deadOf = async (probe: Probe, count: number) =>
    expectType(await measureGradientNorms(contextOf([probe], count)), 'gradientNorms').dead![0]

  test('has a loss, no gradient, and one answer to every sample', async () => {
    expect(await deadOf(silent([1, 2], [0.5, 0.5]), 2)).toBe(1)
  })

  test('is not one that has nothing left to learn, nor one whose outputs still differ', async () => {
    expect(await deadOf(silent([0, 0], [1, 1]), 2)).toBe(0)
    expect(await deadOf(silent([1, 2], [0.5, 0.25]), 2)).toBe(0)
  })

  test('of several outputs has one answer in each of them', async () => {
    const pairOf = (outputs: readonly number[]): Probe => {
      const probe = quadraticProbe({ hessian: [[0]], slopes: [[0], [0]], weights: [0], offsets: [1, 2] })
      return { ...probe, loss: async (set) => ({ ...(await probe.loss(set)), outputs: Float64Array.from(outputs) }) }
    }
    expect(await deadOf(pairOf([0.5, 0.75, 0.5, 0.75]), 2)).toBe(1)
    expect(await deadOf(pairOf([0.5, 0.5, 0.5, 0.75]), 2)).toBe(0)
  })

  test('costs a living one no question about its loss', async () => {
    const probe: Probe = { ...quadraticProbe({ ...PLANE, slopes: [[1, 0]] }), loss: () => Promise.reject(new Error('was asked')) }
    expect(await deadOf(probe, 1)).toBe(0)
  })
})

describe('the signal', () => {
  const signalOf = async (probe: Probe, change: Parameters<typeof contextOf>[2] = {}) =>
    expectType(await measureGradientNorms(contextOf([probe], 4, change)), 'gradientNorms').forwardLog10

  test('is the root mean square over samples of all preactivations of a layer', async () => {
    const probe: Probe = {
      ...quadraticProbe(PLANE),
      // Two preactivations of 3 and 4 for every sample: |z| = 5.
      preactivations: async (set) => [Float32Array.from({ length: 2 * set.indices.length }, (_, k) => (k % 2 === 0 ? 3 : 4))],
    }
    expect((await signalOf(probe))![0]).toBeCloseTo(Math.log10(5), 12)
  })

  test('is asked at the start and on demand, and of a GPU on demand only', async () => {
    const probe = quadraticProbe(PLANE)
    const gpu: Probe = { ...probe, precision: 'float32' }
    expect(await signalOf(probe, { step: 0 })).toBeDefined()
    expect(await signalOf(probe, { step: 5 })).toBeUndefined()
    expect(await signalOf(gpu, { step: 0 })).toBeUndefined()
    expect(await signalOf(gpu, { step: 5, effort: 'full' })).toBeDefined()
  })

  test('asks for fewer samples of a larger network', async () => {
    const asked: number[] = []
    const wide = (width: number): Probe => ({
      ...quadraticProbe(PLANE),
      preactivations: async (set) => (asked.push(set.indices.length), [new Float32Array(width * set.indices.length).fill(1)]),
    })
    await signalOf(wide(10))
    await signalOf(wide(200_000))
    await signalOf(wide(900_000))
    // One to learn the size, then as many as are affordable, at most all four.
    expect(asked).toEqual([1, 4, 1, 2, 1])
  })
})

describe('tangentGap', () => {
  test('is the root mean square over samples of what parts the outputs', () => {
    // Differences (3, 4) over two samples of one output; moved by (1, 1).
    const gap = tangentGap(Float64Array.of(1, 1), Float64Array.of(-2, -3), Float64Array.of(0, 0), 2)
    expect(gap.rms).toBeCloseTo(5 / Math.SQRT2, 12)
    expect(gap.moved).toBeCloseTo(1, 12)
  })

  test('refuses outputs of different sizes', () => {
    expect(() => tangentGap(new Float64Array(2), new Float64Array(3), new Float64Array(2), 2)).toThrow(ShapeFault)
  })
})

describe('the cosines', () => {
  test('that are waited for stop at the fewest pairs, and never below', async () => {
    const settings = { ...DEFAULT_DIAGNOSTICS, pairCount: 33 }
    const drawn = async (isAwaited: () => boolean) => {
      const { pairs } = expectType(await measureCosines(contextOf([quadraticProbe(PLANE)], 4, { settings, isAwaited })), 'cosines')
      return pairs.cosines.length + pairs.excluded
    }
    expect(await drawn(() => true)).toBe(FEWEST_PAIRS)
    expect(await drawn(() => false)).toBe(33)
  })

  test('of a network of images stop earlier, one pair after the other', async () => {
    const settings = { ...DEFAULT_DIAGNOSTICS, pairCount: 33 }
    const images: Probe = { ...quadraticProbe(PLANE), layers: [{ name: 'conv 1', kind: 'conv', offset: 0, size: 2 }] }
    const asked: number[] = []
    const counted: Probe = { ...images, batchPairs: async (pairs, signal) => (asked.push(pairs.length), images.batchPairs(pairs, signal)) }
    const { pairs } = expectType(await measureCosines(contextOf([counted], 4, { settings, isAwaited: () => true })), 'cosines')
    expect(pairs.cosines.length + pairs.excluded).toBe(4)
    expect(asked).toEqual([1, 1, 1, 1])
  })

  test('of four axes are 0 and -1, with every statistic by hand', async () => {
    const sample = expectType(await measureCosines(contextOf([quadraticProbe(PLANE)], 4)), 'cosines')
    expect([...sample.perSample.cosines]).toEqual([-1, -1, 0, 0, 0, 0])
    expect(sample).toMatchObject({
      sampleCount: 4,
      eta: 1,
      etaNormalised: 1,
      diversity: Infinity,
      batchSizeBound: Infinity,
      gradientVariance: 1,
      parameterCount: 2,
    })
    // Two opposed pairs of twelve ordered ones (four of twelve entries are -1).
    expect(sample.etaAverage).toBeCloseTo(1 / 3, 12)
    expect(sample.perSample.fractionNegative).toBeCloseTo(1 / 3, 12)
  })

  test('draw as many pairs as wanted, of at most half the training set', async () => {
    const settings = { ...DEFAULT_DIAGNOSTICS, pairCount: 33 }
    const sample = expectType(await measureCosines(contextOf([quadraticProbe(PLANE)], 4, { settings })), 'cosines')
    expect(sample.pairBatch).toBe(2)
    expect(sample.pairs.cosines.length + sample.pairs.excluded).toBe(33)
    // Of six batches of two, two cancel to a zero gradient: some pair must have met one.
    expect(sample.pairs.excluded).toBeGreaterThan(0)
  })

  test('of all pairs of twelve of those batches are told as well, unless the run is waited for', async () => {
    const settings = { ...DEFAULT_DIAGNOSTICS, pairCount: 30 }
    const probe = quadraticProbe({ ...PLANE, slopes: Array.from({ length: 40 }, (_, i) => [Math.cos(i), Math.sin(i) + 0.5]) })
    const asked: number[][] = []
    const spy: Probe = {
      ...probe,
      batchPairs: (pairs) => (asked.push(...pairs.map(([first]) => [...first.indices])), probe.batchPairs(pairs)),
    }
    const sample = expectType(await measureCosines(contextOf([spy], 40, { settings })), 'cosines')
    expect(sample.batches).toMatchObject({ count: 12, excluded: 0 })
    expect(sample.batches!.cosines).toHaveLength(66)
    // The first batches of the first twelve pairs, by explicit sums.
    const means = asked.slice(0, 12).map((set) => [0, 1].map((k) => set.reduce((sum, i) => sum + [Math.cos(i), Math.sin(i) + 0.5][k], 0)))
    const least = Math.min(
      ...means.flatMap((a, i) => means.slice(i + 1).map((b) => (a[0] * b[0] + a[1] * b[1]) / Math.hypot(...a) / Math.hypot(...b))),
    )
    expect(sample.batches!.min).toBeCloseTo(least, 12)
    const hurried = expectType(await measureCosines(contextOf([probe], 40, { settings, isAwaited: () => true })), 'cosines')
    expect(hurried.batches).toBeUndefined()
  })

  test('bound the batch by the samples that were compared, not by all there are', async () => {
    const settings = { ...DEFAULT_DIAGNOSTICS, pairCount: 5, probeCount: 4 }
    const probe = quadraticProbe({ ...PLANE, slopes: Array.from({ length: 40 }, (_, i) => [1, i / 40]) })
    const sample = expectType(await measureCosines(contextOf([probe], 40, { settings })), 'cosines')
    expect(sample.batchSizeBound).toBe(4 * sample.diversity!)
  })

  test('ask for the same batches at a step, whatever was measured before, and for others at another', async () => {
    const asked: string[][] = []
    const probe = quadraticProbe(PLANE)
    const spy: Probe = { ...probe, batchPairs: (pairs) => (asked.at(-1)!.push(JSON.stringify(pairs)), probe.batchPairs(pairs)) }
    for (const [step, arm] of [
      [5, 'A'],
      [40, 'A'],
      [5, 'B'],
    ] as const) {
      asked.push([])
      await measureCosines(contextOf([spy], 4, { step, arm }))
    }
    expect(asked[2]).toEqual(asked[0])
    expect(asked[1]).not.toEqual(asked[0])
  })

  test('of one sample do not exist, and nothing is computed', async () => {
    const probe = refusing(quadraticProbe(PLANE), 'was asked')
    expect(await measureCosines(contextOf([probe], 1))).toMatchObject({ type: 'unavailable', reason: 'oneSample', instrument: 'cosines' })
  })

  test('of a dead network do not exist', async () => {
    const probe = quadraticProbe({
      ...PLANE,
      slopes: [
        [0, 0],
        [0, 0],
        [0, 0],
        [0, 0],
      ],
    })
    expect(await measureCosines(contextOf([probe], 4))).toMatchObject({ type: 'unavailable', reason: 'zeroGradient' })
  })

  test('of gradients that are not finite do not exist', async () => {
    const probe = quadraticProbe({
      ...PLANE,
      slopes: [
        [Infinity, 0],
        [0, 1],
        [1, 0],
        [0, 1],
      ],
    })
    expect(await measureCosines(contextOf([probe], 4))).toMatchObject({ type: 'unavailable', reason: 'nonFinite' })
  })
})

describe('the evaluation', () => {
  const probe: Probe = {
    ...quadraticProbe(PLANE),
    // The loss of sample i is i, and every third sample is right: sums over chunks must come out as over the whole.
    loss: async ({ indices }) => ({
      loss: NaN,
      perSample: Float64Array.from(indices),
      outputs: new Float64Array(0),
      accuracy: indices.filter((i) => i % 3 === 0).length / indices.length,
    }),
  }

  test('is the mean over all chunks of both splits', async () => {
    const sample = expectType(await measureEvaluation(contextOf([probe], 1201, { testCount: 601, effort: 'full' })), 'evaluation')
    expect(sample).toMatchObject({ trainCount: 1201, testCount: 601, trainLoss: 600, testLoss: 300 })
    expect(sample.trainAccuracy).toBeCloseTo(401 / 1201, 12)
    expect(sample.testAccuracy).toBeCloseTo(201 / 601, 12)
  })

  test('says how many samples it asked while live', async () => {
    const sample = expectType(await measureEvaluation(contextOf([probe], 5000, { testCount: 10 })), 'evaluation')
    expect(sample).toMatchObject({ trainCount: LIVE_EVALUATION_COUNT, testCount: 10 })
  })

  test('asks a network of images less, except when everything is wanted', async () => {
    const images: Probe = { ...probe, layers: [{ name: 'conv 1', kind: 'conv', offset: 0, size: 2 }] }
    const live = expectType(await measureEvaluation(contextOf([images], 5000, { testCount: 300 })), 'evaluation')
    expect(live).toMatchObject({ trainCount: 250, testCount: 250 })
    const full = expectType(await measureEvaluation(contextOf([images], 5000, { testCount: 300, effort: 'full' })), 'evaluation')
    expect(full).toMatchObject({ trainCount: 5000, testCount: 300 })
  })

  test('sums where the experiment sums, and leaves out what is not there', async () => {
    const regression: Probe = { ...probe, loss: async (set) => ({ ...(await probe.loss(set)), accuracy: null }) }
    const context = contextOf([regression], 5, { loss: { kind: 'squaredError', reduction: 'sum' } })
    expect(await measureEvaluation(context)).toMatchObject({ trainLoss: 10, trainAccuracy: null, testLoss: null, testAccuracy: null })
  })
})
