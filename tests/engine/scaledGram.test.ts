// Inner products of gradients whose squares leave the range of numbers: every engine of networks against explicit gradients.
//
// The reference is one float64 gradient per sample, each divided by its own largest entry before anything is squared.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { installNodeWebGpu } from '../../src/cli/nodeWebGpu.ts'
import type { Dataset } from '../../src/core/dataset.ts'
import type { DenseNetworkSpec } from '../../src/core/networkSpec.ts'
import type { Probe, ScaledGram } from '../../src/core/probe.ts'
import { openDevice, type OpenedDevice } from '../../src/engine/device.ts'
import { createFloat64Trainer } from '../../src/engine/float64/float64Trainer.ts'
import { createFusedTrainer } from '../../src/engine/fused/fusedTrainer.ts'
import { createNetworkTrainer } from '../../src/engine/network/networkTrainer.ts'
import { leaseTfjs, type TfjsLease } from '../../src/engine/tfjsBackend.ts'
import type { Trainer, TrainerOptions } from '../../src/engine/trainer.ts'
import { cosinesOfGram } from '../../src/diagnostics/gradientCosines.ts'
import { scaledNorm, log10OfScaled } from '../../src/numerics/logMagnitude.ts'
import { plainGram } from '../../src/numerics/scaledGram.ts'
import { relativeError } from './reference/closeness.ts'
import { datasetOf, denseSpec, normals, randomDataset, randomWeights, samples } from './reference/problems.ts'
import { optionsInFloat32 } from './network/setup.ts'

interface Problem {
  readonly spec: DenseNetworkSpec
  readonly dataset: Dataset
  readonly scale: number
  /** Reach of the smallest norm: the case goes as far as it says. */
  readonly below: number
  readonly zero: readonly number[]
}

const widths = [3, ...Array.from({ length: 79 }, () => 6), 2]
const deep = denseSpec(widths, { activation: 'tanh', bias: false })
/** Logistic loss with one sample (number 2) classified with a margin of about 50: its gradient is 1e-22 of the others'. */
const confident: DenseNetworkSpec = denseSpec([3, 6, 1], { activation: 'relu', bias: false, loss: { kind: 'logistic', reduction: 'mean' } })

function confidentData(): Dataset {
  const inputs = normals(18, 'confident').map((x, at) => (at >= 6 && at < 9 ? 8 * x : x))
  return datasetOf(3, 1, inputs, new Float64Array(6).fill(1))
}

function withZero(): Dataset {
  const data = randomDataset(5, 3, 2, 'squaredError')
  return datasetOf(
    3,
    2,
    data.train.inputs.map((x, at) => (at >= 6 && at < 9 ? 0 : x)),
    data.train.targets,
  )
}

const PROBLEMS: Readonly<Record<string, Problem>> = {
  'of a deep tanh network, near 1e-80': { spec: deep, dataset: randomDataset(5, 3, 2, 'squaredError'), scale: 0.03, below: -80, zero: [] },
  'of one near 1e-120': { spec: deep, dataset: randomDataset(5, 3, 2, 'squaredError'), scale: 0.0095, below: -118, zero: [] },
  'with a sample of no gradient': { spec: deep, dataset: withZero(), scale: 0.03, below: -80, zero: [2] },
  'with a sample whose gradient is 1e-22 of the others': { spec: confident, dataset: confidentData(), scale: 1, below: -15, zero: [] },
}

function optionsFor({ spec, dataset, scale }: Problem): TrainerOptions {
  const weights = randomWeights(spec, 'scaled gram', scale)
  if (spec !== confident) return optionsInFloat32(spec, dataset, [weights])
  // Positive weights behind: with label 1 the margin of a sample is as large as it is bright.
  return optionsInFloat32(spec, dataset, [weights.map((weight, at) => (at >= 18 ? Math.abs(weight) + 0.3 : weight))])
}

/** Directions, and log10 of norms, of explicit gradients of the losses of single samples. */
async function explicit(probe: Probe, count: number): Promise<{ cosines: Float64Array; log10: number[]; zero: number[] }> {
  const rows: Float64Array[] = []
  for (let i = 0; i < count; i++) rows.push(await probe.gradient({ indices: Int32Array.of(i), from: 'train' }))
  const units = rows.map((row) => {
    const largest = row.reduce((most, entry) => Math.max(most, Math.abs(entry)), 0)
    return largest === 0 ? row : row.map((entry) => entry / largest)
  })
  const gram = Float64Array.from(units.flatMap((a) => units.map((b) => a.reduce((sum, entry, k) => sum + entry * b[k], 0))))
  return {
    cosines: cosinesOfGram(gram, count).cosines,
    log10: rows.map((row) => log10OfScaled(scaledNorm(row))),
    zero: rows.flatMap((row, i) => (row.every((entry) => entry === 0) ? [i] : [])),
  }
}

const log10Of = ({ products, exponents }: ScaledGram) =>
  Array.from(exponents, (exponent, i) => Math.log10(products[i * (exponents.length + 1)]) / 2 + exponent * Math.log10(2))

async function expectScaled(trainer: Trainer, problem: Problem, tolerance: number): Promise<void> {
  const options = optionsFor(problem)
  const count = options.dataset.train.count
  const expected = await explicit(createFloat64Trainer(options).probe(0), count)
  expect(expected.zero).toEqual(problem.zero)
  expect(Math.min(...expected.log10.filter(Number.isFinite))).toBeLessThan(problem.below)
  const probe = trainer.probe(0)
  const gram = await probe.scaledPerSampleGram!(samples(count))
  for (const [i, log10] of log10Of(gram).entries()) {
    if (problem.zero.includes(i)) expect(log10).toBe(-Infinity)
    // The confident sample's margin of 50 is itself known to 1e-5 only.
    else expect(Math.abs(log10 - expected.log10[i])).toBeLessThan(10 * tolerance)
  }
  const { cosines, excluded } = cosinesOfGram(gram.products, count)
  expect(excluded).toBe(problem.zero.length * (count - 1))
  for (const [at, cosine] of cosines.entries()) expect(Math.abs(cosine - expected.cosines[at])).toBeLessThan(tolerance)
  // Where float64 still holds squares, the plain matrix is the same numbers.
  const plain = await probe.perSampleGram(samples(count))
  expect(relativeError(plainGram(gram), plain)).toBeLessThan(tolerance)
}

test.each(Object.entries(PROBLEMS))('float64 knows the directions %s', async (_, problem) => {
  await expectScaled(createFloat64Trainer(optionsFor(problem)), problem, 1e-12)
})

test('float64 knows them down to 1e-290, and of batches too', async () => {
  const problem: Problem = { ...PROBLEMS['with a sample of no gradient'], scale: 6.5e-5, below: -285 }
  const probe = createFloat64Trainer(optionsFor(problem)).probe(0)
  const expected = await explicit(probe, 5)
  expect(Math.min(...expected.log10.filter(Number.isFinite))).toBeLessThan(problem.below)
  const gram = await probe.scaledPerSampleGram!(samples(5))
  expect((await probe.perSampleGram(samples(5))).every((entry) => entry === 0)).toBe(true)
  // Entries of small layers are subnormal there: a few digits go.
  expect(relativeError(cosinesOfGram(gram.products, 5).cosines, expected.cosines)).toBeLessThan(1e-9)
  for (const [i, log10] of log10Of(gram).entries()) if (i !== 2) expect(log10).toBeCloseTo(expected.log10[i], 8)
  const singles = Array.from({ length: 5 }, (_, i) => ({ indices: Int32Array.of(i), from: 'train' as const }))
  const batches = await probe.scaledBatchGram!(singles)
  expect(relativeError(cosinesOfGram(batches.products, 5).cosines, expected.cosines)).toBeLessThan(1e-12)
  expect(log10Of(batches)[2]).toBe(-Infinity)
})

const hasAdapter = await installNodeWebGpu()
if (!hasAdapter) process.stderr.write('scaledGram.test.ts: engines on WebGPU skipped, Dawn found no graphics adapter\n')

describe.runIf(hasAdapter)('on WebGPU', () => {
  let opened: OpenedDevice
  let lease: TfjsLease
  beforeAll(async () => {
    const device = await openDevice()
    if (device.type === 'noGpu') throw new Error(device.reason)
    opened = device
    lease = await leaseTfjs(opened)
  }, 60_000)
  afterAll(() => {
    lease.close()
    opened.device.destroy()
  })
  const engines = { fused: createFusedTrainer, network: createNetworkTrainer }
  const cases = Object.entries(engines).flatMap(([engine, create]) =>
    Object.entries(PROBLEMS).map(([name, problem]) => [engine, name, create, problem] as const),
  )
  test.each(cases)(
    '%s knows the directions %s',
    async (_engine, _name, create, problem) => {
      const trainer = await create(optionsFor(problem), opened)
      try {
        await expectScaled(trainer, problem, 1e-4)
      } finally {
        await trainer.dispose()
      }
    },
    60_000,
  )
})
