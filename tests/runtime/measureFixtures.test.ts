// Are the numbers that we hand to others right? Every fixture on both backends, against a program that shares no code.
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { installNodeWebGpu } from '../../src/cli/nodeWebGpu.ts'
import { readPublicAsset } from '../../src/cli/readPublicAsset.ts'
import { validateExperiment } from '../../src/core/parseExperiment.ts'
import { MEASURED_FIELDS, type JsonNumber, type Measured, type Snapshot } from '../../src/core/snapshot.ts'
import { loadDataset } from '../../src/data/loadDataset.ts'
import { createArm } from '../../src/runtime/arm.ts'
import { chooseTrainer } from '../../src/runtime/chooseTrainer.ts'
import { measureProblem, type CreateTrainer } from '../../src/runtime/problem/measureProblem.ts'
import { parseProblem } from '../../src/runtime/problem/parseProblem.ts'
import { assembleSnapshot, snapshotOf } from '../../src/runtime/snapshot.ts'
import { trainArms } from '../../src/runtime/trainArms.ts'
import { dot, IndependentNetwork } from './independentNetwork.ts'

const FOLDER = new URL('../fixtures/experiments/', import.meta.url)
const FUSED = new Set(['mlp-tanh-teacher-adam.json'])
const FIXTURES = readdirSync(FOLDER).filter((name) => name.endsWith('.json'))
const hasGpu = await installNodeWebGpu()
if (!hasGpu) process.stdout.write('measure fixtures: no WebGPU in Node here, the comparison of backends is skipped\n')

const engineFor =
  (engine: 'float64' | 'network' | 'fused'): CreateTrainer =>
  async (options, modelKind) =>
    await chooseTrainer({ ...options, modelKind, engine, allowGpu: engine !== 'float64' })

const known = new Map<string, Promise<Snapshot>>()

function measured(name: string): Promise<Snapshot> {
  const found = known.get(name) ?? measure(name)
  known.set(name, found)
  return found
}

async function measure(name: string): Promise<Snapshot> {
  const { step, experiment: written } = JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8')) as { step: number; experiment: unknown }
  const experiment = validateExperiment(written)
  const dataset = await loadDataset(experiment.data, { seed: experiment.seed, readAsset: readPublicAsset })
  const arm = await createArm('A', { ...experiment, engine: 'float64' }, dataset, { createTrainer: chooseTrainer }, false)
  if (step > 0) await trainArms([arm], 0, step, () => performance.now())
  const snapshot = await assembleSnapshot({ experiment, arm, seedIndex: 0, step, createTrainer: engineFor('float64') })
  await arm.trainer.dispose()
  // What others read is the text, not the object.
  return JSON.parse(JSON.stringify(snapshot)) as Snapshot
}

const flat = (value: unknown): number[] =>
  Array.isArray(value)
    ? value.flatMap(flat)
    : typeof value === 'object' && value !== null
      ? Object.values(value).flatMap(flat)
      : [value as number]

/** Euclidean length; a spread into Math.hypot would overflow the stack. */
function length(values: readonly number[]): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0))
}

/** |a - b| / |b| over all entries. */
function distance(given: unknown, expected: unknown): number {
  const a = flat(given)
  const b = flat(expected)
  expect(a.length).toBe(b.length)
  const difference = length(a.map((value, i) => value - b[i]))
  return difference === 0 ? 0 : difference / length(b)
}

const sortedSum = (values: readonly JsonNumber[]): number => values.reduce<number>((sum, value) => sum + (value as number), 0)

describe.each(FIXTURES)('measure %s', (name) => {
  test('agrees with a program that knows only the JSON', { timeout: 60_000 }, async () => {
    const { problem, measured: m } = await measured(name)
    const twin = new IndependentNetwork(problem)
    const all = Array.from({ length: twin.count }, (_, i) => i)
    // Both are float64: only the order of sums differs, a few hundred roundings.
    const EXACT = 1e-11
    expect(distance(m.loss, twin.share(twin.count) * all.reduce((sum, i) => sum + twin.sampleLoss(i), 0))).toBeLessThan(EXACT)
    expect(
      distance(
        m.outputs,
        all.map((i) => twin.output(i)),
      ),
    ).toBeLessThan(EXACT)
    const gradient = twin.gradient(all)
    let offset = 0
    for (const [layer, size] of twin.layerSizes.entries()) {
      const block = gradient.slice(offset, offset + size)
      offset += size
      expect(distance(m.gradNorm?.perLayer[layer], length(block))).toBeLessThan(EXACT)
      expect(distance(m.gradNorm?.perLayerMeanAbs[layer], block.reduce((sum, g) => sum + Math.abs(g), 0) / size)).toBeLessThan(EXACT)
      expect(m.gradNorm?.log10PerLayer[layer]).toBeCloseTo(Math.log10(length(block)), 9)
    }
    const perSample = all.map((i) => twin.sampleGradient(i))
    const gram = perSample.map((a) => perSample.map((b) => dot(a, b)))
    expect(distance(m.perSample?.gram, gram)).toBeLessThan(EXACT)
    const total = flat(gram).reduce((sum, value) => sum + value, 0)
    expect(distance(m.perSample?.diversity, gram.reduce((sum, row, i) => sum + row[i], 0) / total)).toBeLessThan(1e-8)
    if (twin.count > 1) {
      const smallest = Math.min(...gram.flatMap((row, i) => row.filter((_, j) => j !== i)))
      expect(m.perSample?.eta).toBeCloseTo(Math.max(0, -smallest), 9)
      const cosines = problem.pairs.map(([a, b]) => {
        const [u, v] = [twin.gradient(a), twin.gradient(b)]
        return dot(u, v) / Math.sqrt(dot(u, u)) / Math.sqrt(dot(v, v))
      })
      expect(distance(m.batchGradients?.pairCosines, cosines)).toBeLessThan(1e-9)
    }
    const kernel = twin.kernel()
    expect(distance(m.kernel?.matrix, kernel)).toBeLessThan(EXACT)
    expect(distance(m.plRatio, dot(gradient, gradient) / (2 * (m.loss as number)))).toBeLessThan(1e-9)
    const start = flat(twin.kernel(twin.startWeights))
    const moved = length(flat(kernel).map((value, i) => value - start[i])) / length(start)
    expect(Math.abs((m.drift?.kernelRelFro as number) - moved)).toBeLessThan(1e-10)
    expect(m.drift?.weightDistance).toBeCloseTo(length(twin.weights.map((w, i) => w - twin.startWeights[i])), 10)
  })

  test('has the curvature of finite differences', { timeout: 60_000 }, async () => {
    const { problem, measured: m } = await measured(name)
    const twin = new IndependentNetwork(problem)
    expect(m.hessian?.method).toBe('exact')
    const hessian = twin.hessian()
    const trace = hessian.reduce((sum, row, i) => sum + row[i], 0)
    const frobenius = length(flat(hessian))
    // Central differences with step 1e-5: truncation and rounding are both about 1e-10 of the gradient's scale.
    const tolerance = 1e-6 * frobenius + 1e-9
    expect(Math.abs((m.hessian?.trace as number) - trace)).toBeLessThan(tolerance)
    expect(Math.abs((m.hessian?.frobenius as number) - frobenius)).toBeLessThan(tolerance)
    const eigenvalues = m.hessian?.eigenvalues ?? []
    expect(Math.abs(sortedSum(eigenvalues) - trace)).toBeLessThan(tolerance)
    expect(Math.abs(length(flat(eigenvalues)) - frobenius)).toBeLessThan(tolerance)
    // The largest eigenvalue is a Rayleigh quotient that no vector beats: power iteration on the twin's matrix finds it.
    const extreme =
      Math.abs(m.hessian?.lambdaMax as number) > Math.abs(m.hessian?.lambdaMin as number) ? m.hessian?.lambdaMax : m.hessian?.lambdaMin
    let vector = hessian.map((_, i) => Math.sin(1 + i))
    let quotient = 0
    for (let i = 0; i < 300; i++) {
      const image = hessian.map((row) => dot(row, vector))
      quotient = dot(vector, image) / dot(vector, vector)
      const size = length(image)
      vector = image.map((value) => value / (size === 0 ? 1 : size))
    }
    // Power iteration stalls where both ends are equally large; then only the size is settled.
    expect(Math.abs(Math.abs(quotient) - Math.abs(extreme as number))).toBeLessThan(1e-3 * Math.abs(extreme as number) + 1e-9)
  })

  test('gives the same numbers when its problem is measured again', { timeout: 60_000 }, async () => {
    const { problem, measured: m } = await measured(name)
    const again = snapshotOf(await measureProblem(parseProblem(problem), engineFor('float64'), 7))
    expect(JSON.parse(JSON.stringify(again.measured))).toEqual(m)
    expect(JSON.parse(JSON.stringify(again.problem))).toEqual(problem)
  })

  // The software adapter takes seconds to compile each fused kernel, so only one fixture goes through them here.
  const engines = FUSED.has(name) ? (['network', 'fused'] as const) : (['network'] as const)
  test.skipIf(!hasGpu).each(engines)('is the same on WebGPU, engine %s', { timeout: 180_000 }, async (engine) => {
    const { problem, measured: exact } = await measured(name)
    const fields = engine === 'fused' ? MEASURED_FIELDS.filter((field) => field !== 'outputHessianNorms') : MEASURED_FIELDS
    const gpu = await measureProblem(parseProblem(problem), engineFor(engine), 7, fields)
    const m = JSON.parse(JSON.stringify(gpu.measured)) as Measured
    expect(gpu.description.engine).toBe(problem.model.kind === 'chain' ? 'chain' : engine)
    // float32 against float64 through at most 12 layers: 1e-6 a layer, cancellation in the cosines of small batches.
    const CLOSE = 1e-4
    for (const field of ['loss', 'outputs', 'plRatio'] as const) expect(distance(m[field], exact[field])).toBeLessThan(CLOSE)
    expect(distance(m.gradNorm?.perLayer, exact.gradNorm?.perLayer)).toBeLessThan(CLOSE)
    expect(distance(m.gradNorm?.log10PerLayer, exact.gradNorm?.log10PerLayer)).toBeLessThan(CLOSE)
    expect(distance(m.perSample?.gram, exact.perSample?.gram)).toBeLessThan(CLOSE)
    expect(distance(m.batchGradients?.cosine ?? [], exact.batchGradients?.cosine ?? [])).toBeLessThan(CLOSE)
    expect(distance(m.kernel?.matrix, exact.kernel?.matrix)).toBeLessThan(CLOSE)
    expect(distance(m.hessian?.eigenvalues, exact.hessian?.eigenvalues)).toBeLessThan(CLOSE)
    expect(distance(m.hessian?.blockFrobenius, exact.hessian?.blockFrobenius)).toBeLessThan(CLOSE)
    expect(distance(m.optimizerStep?.weights, exact.optimizerStep?.weights)).toBeLessThan(CLOSE)
    if (exact.outputHessianNorms !== undefined && engine === 'network')
      expect(distance(m.outputHessianNorms, exact.outputHessianNorms)).toBeLessThan(CLOSE)
  })
})
