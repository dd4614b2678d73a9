// The probe of the fused engine against the float64 engine: one body, run in a browser and in Node.
//
// Networks are small because SwiftShader compiles every kernel on two cores. Compared with 1e-5 of the largest entry: float32
// rounds at 6e-8, and a few layers and some hundred terms of a sum lose two digits of that, not more.
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { DEFAULT_OPTIMIZER } from '../../../src/core/defaults.ts'
import type { OptimizerSettings } from '../../../src/core/experiment.ts'
import { parameterCount } from '../../../src/core/networkSpec.ts'
import type { LayerNorms, Probe, SampleSet } from '../../../src/core/probe.ts'
import type { NoGpu, OpenedDevice } from '../../../src/engine/device.ts'
import { createFusedProbe } from '../../../src/engine/fused/fusedProbe.ts'
import { createFloat64Trainer } from '../../../src/engine/float64/float64Trainer.ts'
import { createFusedTrainer } from '../../../src/engine/fused/fusedTrainer.ts'
import { partsOf } from '../../../src/engine/fused/layout.ts'
import { liveFusedBytes } from '../../../src/engine/fused/ownedBuffers.ts'
import { relativeError } from '../reference/closeness.ts'
import { datasetOf, denseSpec, normals, optionsOf, samples } from '../reference/problems.ts'
import { everyOther, type Extent } from './everyOther.ts'
import type { Trainer } from '../../../src/engine/trainer.ts'
import { withFused } from './trainingFixture.ts'
import { PROBE_SAMPLES, probeFixture, SAMPLES, type ProbeFixture, type ProbeProblem } from './probeFixture.ts'

const CLOSE = 1e-5

const TANH: ProbeProblem = { widths: [5, 7, 7, 3], choices: { activation: 'tanh' }, gain: 1.3 }

/** Other heads, activations, scales and tiles; kernels compile slowly, so each is asked what it changes. */
const OTHERS: readonly (readonly [string, ProbeProblem])[] = [
  [
    'relu, softmax cross-entropy, sum',
    {
      widths: [6, 9, 9, 9, 4],
      choices: { activation: 'relu', loss: { kind: 'softmaxCrossEntropy', reduction: 'sum' } },
      gain: 1.5,
      tile: { rows: 4, rowsPerThread: 2 },
    },
  ],
  [
    'swish, 3 tanh at the output, NTK scaling, biases of half size',
    {
      widths: [6, 6, 6, 2],
      choices: { activation: 'swish', outputActivation: 'tanh3', ntk: true, biasScale: 0.5 },
      gain: 1.5,
      tile: { rows: 2, rowsPerThread: 1 },
    },
  ],
  [
    '3 tanh, swish before a softmax, no biases',
    {
      widths: [3, 5, 9],
      choices: { activation: 'tanh3', outputActivation: 'swish', bias: false, loss: { kind: 'softmaxCrossEntropy', reduction: 'mean' } },
      gain: 0.7,
    },
  ],
  ['a single layer', { widths: [4, 3], choices: { outputActivation: 'tanh' }, gain: 1 }],
]
const OF_OTHERS = [
  'the reduced loss, outputs and accuracy',
  'norms of the gradient',
  'preactivations',
  'the Gram matrix of samples',
  'the tangent kernel',
  'products with the Hessian of the loss',
  'products with the Hessian of an output',
]
const OF_LITTLE_ROOM = [
  'the losses of samples',
  'the gradient',
  'norms of the gradient',
  'the Gram matrix of samples',
  'the tangent kernel',
  'products with the Hessian of the loss',
  'inner products of batch gradients',
  'pairs of batch gradients',
]

/** Rows in an order of their own, one of them twice. */
const probeSet: SampleSet = {
  indices: Int32Array.from({ length: PROBE_SAMPLES - 3 }, (_, i) => (i * 7) % (PROBE_SAMPLES - 4)),
  from: 'probe',
}
const testSet: SampleSet = { indices: Int32Array.from({ length: SAMPLES }, (_, i) => SAMPLES - 1 - i), from: 'test' }
const others: SampleSet = { indices: Int32Array.of(0, 7, 9), from: 'train' }
const few: SampleSet = { indices: Int32Array.of(4, 11, 2), from: 'train' }

const logs = (mantissa: Float64Array, exponent: Int32Array): Float64Array =>
  mantissa.map((value, l) => Math.log10(value) + exponent[l] * Math.log10(2))
const norms = (from: LayerNorms): Float64Array =>
  Float64Array.of(...logs(from.mantissa, from.exponent), ...logs(from.meanAbsMantissa, from.meanAbsExponent))

/** Every question of the contract, asked of both. */
const QUESTIONS: Readonly<Record<string, (probe: Probe, fixture: ProbeFixture) => Promise<ArrayLike<number>>>> = {
  'the losses of samples': async (probe) => (await probe.loss(testSet)).perSample,
  'the reduced loss, outputs and accuracy': async (probe) => {
    const { loss, outputs, accuracy } = await probe.loss(probeSet)
    return [loss, accuracy ?? 0, ...outputs]
  },
  'the gradient': async (probe) => probe.gradient(testSet),
  'norms of the gradient': async (probe) => norms(await probe.gradientNorms(probeSet)),
  preactivations: async (probe) => (await probe.preactivations(probeSet)).flatMap((layer) => [...layer]),
  'the Gram matrix of samples': async (probe) => probe.perSampleGram(probeSet),
  'the tangent kernel': async (probe) => probe.kernelGram(probeSet),
  'the Jacobian of the outputs': async (probe) => probe.outputJacobian(few),
  'products with the Hessian of the loss': async (probe, { parameterCount }) =>
    probe.hessianVectors(normals(5 * parameterCount, 'v'), 5, probeSet),
  'the product with a single vector': async (probe, { parameterCount }) => probe.hessianVectors(normals(parameterCount, 'v'), 1, probeSet),
  'products with the Hessian of an output': async (probe, { parameterCount }) =>
    probe.outputHessianVectors(normals(2 * parameterCount, 'v'), 2, probeSet, { sample: 3, output: 1 }),
  'inner products of batch gradients': async (probe) => probe.batchGram(batches),
  'pairs of batch gradients': async (probe) =>
    probe.batchPairs([
      [batches[0], batches[1]],
      [batches[2], batches[3]],
    ]),
}

const batches: readonly SampleSet[] = [
  { indices: Int32Array.of(0, 1, 2, 3, 4, 5, 6, 7), from: 'train' },
  { indices: Int32Array.of(9, 30, 12, 13, 14), from: 'test' },
  { indices: Int32Array.of(8, 9, 10, 31, 32, 33, 34, 35), from: 'train' },
  { indices: Int32Array.of(7, 7, 1), from: 'probe' },
]

/** Registers the tests; `open` is asked once. */
export function fusedProbeTests(open: () => Promise<OpenedDevice | NoGpu>, extent: Extent = 'all'): void {
  // The first to ask for a kernel waits for its compilation, on a machine that may be busy.
  vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })
  let opened: OpenedDevice
  let bytesBefore = 0
  beforeAll(async () => {
    const answer = await open()
    if (answer.type === 'noGpu') throw new Error(answer.reason)
    opened = answer
    bytesBefore = liveFusedBytes()
  })
  afterAll(() => {
    opened.device.destroy()
  })

  /** A fixture for the tests of one group. */
  const fixtureOf = (problem: ProbeProblem): (() => ProbeFixture) => {
    let fixture: ProbeFixture
    beforeAll(() => {
      fixture = probeFixture(opened, problem)
    })
    afterAll(() => {
      fixture.destroy()
      expect(liveFusedBytes()).toBe(bytesBefore)
      expect(opened.health.fault).toBeNull()
    })
    return () => fixture
  }

  const agreesOn = (questions: readonly string[], fixture: () => ProbeFixture): void => {
    test.each(questions)('measures %s as float64 does', async (question) => {
      const { probe, reference } = fixture()
      const measured = await QUESTIONS[question](probe, fixture())
      expect(relativeError(measured, await QUESTIONS[question](reference, fixture()))).toBeLessThan(CLOSE)
    })
  }

  describe.each(everyOther(OTHERS, extent))('a fused probe of a network with %s', (_name, problem) => {
    const fixture = fixtureOf(problem)
    test('has no unit so near its gate that float32 and float64 could differ', async () => {
      for (const layer of await fixture().reference.preactivations(testSet)) {
        for (const z of layer) expect(Math.abs(z)).toBeGreaterThan(1e-6)
      }
    })
    agreesOn(OF_OTHERS, fixture)
  })

  describe('a fused probe', () => {
    const fixture = fixtureOf(TANH)
    agreesOn(Object.keys(QUESTIONS), fixture)
    test('measures the weights of the moment at which it is asked', async () => {
      const { probe, setWeights, context } = fixture()
      const start = await context.readParameters()
      const before = await probe.gradient(few)
      const other = start.map((weight) => Math.fround(1.5 * weight))
      const [first, second] = [probe.gradient(few), probe.loss(few)]
      // As training would, while both measurements are under way and the second waits for its turn.
      setWeights(other)
      const third = probe.gradient(few)
      expect(await first).toEqual(before)
      setWeights(start)
      expect(await second).toEqual(await probe.loss(few))
      expect(await third).not.toEqual(before)
    })
    test('gives the same bits when asked twice', async () => {
      const { probe, parameterCount } = fixture()
      const block = normals(2 * parameterCount, 'again')
      expect(await probe.hessianVectors(block, 2, few)).toEqual(await probe.hessianVectors(block, 2, few))
      expect(await probe.perSampleGram(few)).toEqual(await probe.perSampleGram(few))
    })
    test('multiplies vectors of any size: 1e-60 in one layer and 1e40 in another', async () => {
      const { probe, reference, parameterCount, spec } = fixture()
      const block = normals(parameterCount, 'v')
      const firstLayer = spec.layers[0].fanOut * (spec.layers[0].fanIn + 1)
      for (let i = 0; i < parameterCount; i++) block[i] *= i < firstLayer ? 1e-60 : 1e40
      const [measured, expected] = [await probe.hessianVectors(block, 1, few), await reference.hessianVectors(block, 1, few)]
      expect(relativeError(measured, expected)).toBeLessThan(CLOSE)
      // The vector that lives in the first layer alone.
      block.fill(0, firstLayer)
      expect(relativeError(await probe.hessianVectors(block, 1, few), await reference.hessianVectors(block, 1, few))).toBeLessThan(CLOSE)
    })
    test('multiplies where layers and rows of one batch are 1e9 and 1e24 of each other', async () => {
      // Tiles of rows of size 1, 2^30 and 2^-30; layers of 2^40 and 2^-40: every tile and layer has an exponent of its own.
      const spec = denseSpec([3, 4, 4, 4, 2], { activation: 'identity' })
      const rowSize = (row: number): number => [1, 2 ** 30, 2 ** -30][Math.floor(row / 32)]
      const inputs = normals(96 * 3, 'far rows').map((x, i) => Math.fround(x * rowSize(Math.floor(i / 3))))
      const targets = normals(96 * 2, 'far targets').map(Math.fround)
      const start = new Float64Array(parameterCount(spec))
      for (const { layer, part, start: first, end } of partsOf(spec)) {
        const size = part === 1 ? 1 : [2 ** 40, 2 ** -40, 2 ** -40, 2 ** 40][layer]
        normals(end - first, `far ${layer} ${part}`).forEach((weight, i) => (start[first + i] = Math.fround(weight * size)))
      }
      const options = { ...optionsOf(spec, datasetOf(3, 2, inputs, targets), [start]), spec }
      const set = samples(96)
      const block = normals(2 * start.length, 'v')
      const wanted = await createFloat64Trainer(options).probe(0).hessianVectors(block, 2, set)
      const work = async (trainer: Trainer): Promise<Float64Array> => trainer.probe(0).hessianVectors(block, 2, set)
      const own = await withFused(opened, options, work, { tile: { rows: 8, rowsPerThread: 1 } })
      for (const at of [0, start.length]) {
        for (const { layer, part, start: first, end } of partsOf(spec)) {
          const [mine, theirs] = [own, wanted].map((products) => products.subarray(at + first, at + end))
          expect(relativeError(mine, theirs), `layer ${layer}, part ${part}`).toBeLessThan(CLOSE)
        }
      }
    })

    test('has inner products of samples within 1e-6 of those of their gradients, each computed for itself', async () => {
      const { probe, spec } = fixture()
      const rows = 8
      const indices = Int32Array.from({ length: rows }, (_, i) => 3 * i)
      const gradients = await Promise.all(Array.from(indices, (index) => probe.gradient({ indices: Int32Array.of(index), from: 'train' })))
      const products = gradients.flatMap((a) => gradients.map((b) => a.reduce((sum, value, i) => sum + value * b[i], 0)))
      // A mean over one row is that row.
      expect(spec.loss.reduction).toBe('mean')
      expect(relativeError(await probe.perSampleGram({ indices, from: 'train' }), products)).toBeLessThan(1e-6)
    })
    test('refuses indices, outputs and blocks that are not there', async () => {
      const { probe, parameterCount } = fixture()
      await expect(probe.loss({ indices: Int32Array.of(SAMPLES), from: 'train' })).rejects.toThrow(/expected 0 \.\. 44/)
      await expect(probe.gradient({ indices: Int32Array.of(PROBE_SAMPLES), from: 'probe' })).rejects.toThrow(/expected 0 \.\. 39/)
      await expect(probe.hessianVectors(new Float64Array(3), 1, few)).rejects.toThrow(/expected 1 x/)
      await expect(probe.outputHessianVectors(new Float64Array(parameterCount), 1, few, { sample: 0, output: 3 })).rejects.toThrow(
        /no such output/,
      )
      await expect(probe.batchGram([{ indices: new Int32Array(0), from: 'train' }])).rejects.toThrow(/at least 1/)
      expect(await probe.batchGram([])).toHaveLength(0)
    })
  })

  // A graphics chip shares rows in any case.
  describe.each(everyOther([['tanh', TANH] as const, ...OTHERS], extent))(
    'a fused probe whose threads share rows: %s',
    (_name, problem) => {
      const fixture = fixtureOf(problem)
      test.each(['products with the Hessian of the loss', 'products with the Hessian of an output'])(
        'gives the same bits of %s as one whose threads take whole rows',
        async (question) => {
          const { probe, context } = fixture()
          const sharing = createFusedProbe({ ...context, sharesRows: true })
          expect(await QUESTIONS[question](sharing, fixture())).toEqual(await QUESTIONS[question](probe, fixture()))
          sharing.destroy()
        },
      )
    },
  )

  describe('a fused probe with little room and little time', () => {
    // Two vectors on 4 rows at a time, 8 rows of a gradient, 13 samples of a kernel, two gradients in the bank, short submits.
    const fixture = fixtureOf({ ...TANH, tile: { rows: 4, rowsPerThread: 4 }, budget: { operations: 10_000, bytes: 3000 } })
    agreesOn(OF_LITTLE_ROOM, fixture)
    test('multiplies gradients of batches that do not fit in one pass', async () => {
      const { probe, reference } = fixture()
      const sets = [testSet, batches[0], testSet]
      expect(relativeError(await probe.batchGram(sets), await reference.batchGram(sets))).toBeLessThan(CLOSE)
    })
    test('stops when its caller does, and measures again afterwards', async () => {
      const { probe, parameterCount } = fixture()
      const block = normals(4 * parameterCount, 'v')
      const expected = await probe.hessianVectors(block, 4, probeSet)
      const controller = new AbortController()
      const stopped = probe.hessianVectors(block, 4, probeSet, controller.signal)
      controller.abort(new Error('no longer wanted'))
      await expect(stopped).rejects.toThrow('no longer wanted')
      await expect(probe.perSampleGram(probeSet, controller.signal)).rejects.toThrow('no longer wanted')
      expect(await probe.hessianVectors(block, 4, probeSet)).toEqual(expected)
    })
  })

  describe('measuring', () => {
    /** Losses and weights of four steps of Adam, with or without questions before and between them, some not waited for. */
    const train = async (isMeasured: boolean): Promise<{ losses: number[]; weights: Float64Array; moments: Float64Array | null }> => {
      const fixture = probeFixture(opened, TANH)
      const { spec, dataset, context, parameterCount } = fixture
      const initialWeights = [await context.readParameters()]
      const optimizer: OptimizerSettings = { ...DEFAULT_OPTIMIZER, kind: 'adam', lr: 0.01 }
      const trainer = await createFusedTrainer(
        { spec, dataset, probeCount: PROBE_SAMPLES, optimizer, initialWeights, reason: '' },
        opened,
        { tile: context.tile },
      )
      fixture.destroy()
      const probe = trainer.probe(0)
      const losses: number[] = []
      const open: Promise<unknown>[] = []
      for (let step = 0; step < 4; step++) {
        if (isMeasured) {
          await probe.gradientNorms(probeSet)
          open.push(probe.hessianVectors(normals(2 * parameterCount, 'v'), 2, probeSet), probe.perSampleGram(probeSet), probe.loss(testSet))
        }
        const report = await trainer.train([batches[step % 2 === 0 ? 0 : 2].indices])
        losses.push(report.losses[0])
      }
      await Promise.all(open)
      const end = { losses, weights: await probe.weights(), moments: await probe.secondMoments() }
      await trainer.dispose()
      return end
    }
    test('changes no bit of training', async () => {
      expect(await train(true)).toEqual(await train(false))
    })
    test('is stopped by the end of its network, without an error of the device', async () => {
      const { probe, destroy, parameterCount } = probeFixture(opened, TANH)
      const running = [probe.hessianVectors(normals(2 * parameterCount, 'v'), 2, probeSet), probe.loss(testSet)]
      destroy()
      for (const stopped of await Promise.allSettled(running)) expect(stopped.status).toBe('rejected')
      await expect(probe.gradient(few)).rejects.toThrow(/abort/i)
      await opened.device.queue.onSubmittedWorkDone()
      expect(opened.health.fault).toBeNull()
      expect(liveFusedBytes()).toBe(bytesBefore)
    })
  })

  // 80 layers of rounding by 1e-7 each, in logarithms.
  describe.each([
    [
      'vanishing',
      { widths: Array.from({ length: 81 }, () => 8), choices: { activation: 'tanh' as const, bias: false }, gain: 0.03 },
      -125,
      -110,
      0.1,
    ],
    [
      'exploding',
      { widths: Array.from({ length: 81 }, () => 8), choices: { activation: 'identity' as const, bias: false }, gain: 5 },
      100,
      120,
      8,
    ],
  ])('a fused probe of a network with %s gradients', (_name, problem, lowest, highest, factor) => {
    const fixture = fixtureOf({ ...problem, samples: 12 })
    test('keeps norms far outside float32', async () => {
      const { probe, reference } = fixture()
      const [measured, expected] = [norms(await probe.gradientNorms(few)), norms(await reference.gradientNorms(few))]
      expect(Math.min(...expected)).toBeGreaterThan(lowest)
      expect(Math.max(...expected)).toBeLessThan(highest)
      for (const [l, value] of measured.entries()) expect(Math.abs(value - expected[l])).toBeLessThan(1e-5)
    })
    const ask: Readonly<Record<string, (of: Probe, parameterCount: number) => Promise<Float64Array>>> = {
      'the gradient': (of) => of.gradient(few),
      'the Gram matrix of samples': (of) => of.perSampleGram(few),
      'the tangent kernel': (of) => of.kernelGram(few),
      // A common power of two is the engine's own choice.
      'pairs of batch gradients': async (of) => (await of.batchPairs([[few, others]])).map((value, _, row) => value / row[1]),
      'products with the Hessian of the loss': (of, parameterCount) => of.hessianVectors(normals(2 * parameterCount, 'v'), 2, few),
    }
    test.each(Object.keys(ask))('keeps %s far outside float32', async (what) => {
      const { probe, reference, parameterCount } = fixture()
      const expected = await ask[what](reference, parameterCount)
      expect(expected.some((value) => value !== 0)).toBe(true)
      expect(relativeError(await ask[what](probe, parameterCount), expected)).toBeLessThan(3e-5)
    })
    test('keeps cosines where squares leave float64 too', async () => {
      const { probe, setWeights, context } = fixture()
      const weights = await context.readParameters()
      setWeights(weights.map((weight) => weight * factor))
      const sizes = norms(await probe.gradientNorms(few))
      expect(Math.min(...sizes.map(Math.abs))).toBeGreaterThan(170)
      const [ab, aa, bb] = await probe.batchPairs([[few, few]])
      setWeights(weights)
      expect(ab).toBe(aa)
      expect(aa).toBe(bb)
      expect(Math.abs(Math.log2(aa))).toBeLessThan(40)
    })
  })
}
