// Networks whose output weights never train: training leaves them, and every answer is that of the same function with fewer weights.
import { afterAll, describe, expect, test } from 'vitest'
import { installNodeWebGpu } from '../../src/cli/nodeWebGpu.ts'
import { DEFAULT_MLP, DEFAULT_OPTIMIZER } from '../../src/core/defaults.ts'
import type { Experiment, OptimizerSettings } from '../../src/core/experiment.ts'
import { layerParameterCount, parameterCount, trainedCount } from '../../src/core/networkSpec.ts'
import type { LayerNorms, Probe, SampleSet } from '../../src/core/probe.ts'
import { networkSpec } from '../../src/core/resolve.ts'
import { loadDataset } from '../../src/data/loadDataset.ts'
import { cosinesOfPairs } from '../../src/diagnostics/gradientCosines.ts'
import { createTrainer } from '../../src/engine/createTrainer.ts'
import { initialWeights } from '../../src/engine/initialWeights.ts'
import type { Trainer } from '../../src/engine/trainer.ts'
import { namedStream } from '../../src/numerics/streams.ts'
import { trainableProbe } from '../../src/runtime/problem/trainableProbe.ts'

const hasGpu = await installNodeWebGpu()
if (!hasGpu) process.stdout.write('fixed output: no WebGPU in Node here, the layer engine is skipped\n')

const SHALLOW: Experiment = {
  ...DEFAULT_MLP,
  model: { ...DEFAULT_MLP.model, depth: 3, width: 5, activation: 'tanh', outputWeights: 'signs' },
  init: { ...DEFAULT_MLP.init, scheme: 'lecunNormal' },
  data: { ...DEFAULT_MLP.data, kind: 'gaussian', inputs: 4, outputs: 2, trainCount: 12, testCount: 0 },
  loss: { kind: 'squaredError', reduction: 'mean' },
  seed: 5,
}
const dataset = await loadDataset(SHALLOW.data, { seed: 5, readAsset: () => Promise.reject(new Error('no files')) })
const spec = networkSpec(SHALLOW, dataset)
const opened: Trainer[] = []

async function trainerOf(
  engine: 'float64' | 'network',
  isFixed = true,
  optimizer: OptimizerSettings = DEFAULT_OPTIMIZER,
): Promise<Trainer> {
  const { fixedOutput: _, ...whole } = spec
  const options = {
    spec: isFixed ? spec : whole,
    dataset,
    probeCount: 12,
    optimizer,
    initialWeights: [initialWeights(spec, SHALLOW.init, SHALLOW.model, 5, 0)],
    noiseSeed: 5,
  }
  const trainer = await createTrainer({ options, kind: 'mlp', preference: engine, allowGpu: engine === 'network' })
  opened.push(trainer)
  return trainer
}
afterAll(async () => {
  for (const trainer of opened) await trainer.dispose()
})

const set = (...indices: number[]): SampleSet => ({ indices: Int32Array.from(indices), from: 'probe' })
const all = set(...Array.from({ length: 12 }, (_, i) => i))
const stream = namedStream(1, 'fixed output')

/** Every answer that has the shape of the parameters, or sums over them. */
async function answersOf(probe: Probe): Promise<Readonly<Record<string, Float64Array>>> {
  const block = Float64Array.from({ length: 2 * probe.parameterCount }, (_, i) => Math.sin(i + 1))
  const norms = await probe.gradientNorms(all)
  return {
    norms: norms.mantissa.map((mantissa, l) => mantissa * 2 ** norms.exponent[l]),
    means: norms.meanAbsMantissa.map((mantissa, l) => mantissa * 2 ** norms.meanAbsExponent[l]),
    gradient: await probe.gradient(all),
    perSampleGram: await probe.perSampleGram(all),
    batchGram: await probe.batchGram([set(0, 1, 2), set(3, 4), all]),
    // Each gradient of a pair may be divided by a power of two of its own; the cosine is what is left.
    batchPairs: cosinesOfPairs(await probe.batchPairs([[set(0, 1), set(2, 3)]])).cosines,
    kernelGram: await probe.kernelGram(all),
    jacobian: await probe.outputJacobian(all),
    hessian: await probe.hessianVectors(block, 2, all),
    outputHessian: await probe.outputHessianVectors(block, 2, all, { sample: 3, output: 1 }),
    weights: await probe.weights(),
  }
}

describe('a network with fixed output weights', () => {
  test('has signs in its last layer, over the root of the width, and no bias there', () => {
    const last = spec.layers[2]
    expect(last).toMatchObject({ kind: 'dense', bias: false, forwardScale: 1 / Math.sqrt(5) })
    expect(trainedCount(spec)).toBe(parameterCount(spec) - layerParameterCount(last))
    const flat = initialWeights(spec, SHALLOW.init, SHALLOW.model, 5, 0)
    const constants = flat.subarray(trainedCount(spec))
    expect(new Set(constants)).toEqual(new Set([-1, 1]))
    // The layers before are drawn as without it.
    const trained = { ...SHALLOW, model: { ...SHALLOW.model, outputWeights: 'trained' } } as const
    const plain = initialWeights(networkSpec(trained, dataset), trained.init, trained.model, 5, 0)
    expect([...flat.subarray(0, trainedCount(spec))]).toEqual([...plain.subarray(0, trainedCount(spec))])
  })
  test('is trained whole where it is a single layer, a chain or a CNN', () => {
    for (const model of [{ depth: 1 }, { kind: 'chain' }, { kind: 'cnn' }] as const)
      expect(networkSpec({ ...SHALLOW, model: { ...SHALLOW.model, ...model } }, dataset).fixedOutput).toBeUndefined()
  })
})

const ENGINES = hasGpu ? (['float64', 'network'] as const) : (['float64'] as const)

describe.each(ENGINES)('on the engine %s', (engine) => {
  test('every answer is that of the whole network with the last layer cut out', { timeout: 120_000 }, async () => {
    const own = await answersOf((await trainerOf(engine)).probe(0))
    // Slow and explicit: gradients of all layers, of which the last is thrown away.
    const twin = await answersOf(trainableProbe((await trainerOf('float64', false)).probe(0), [true, true, false]))
    const within = engine === 'float64' ? 1e-12 : 2e-5
    for (const [name, expected] of Object.entries(twin)) {
      expect([name, own[name].length]).toEqual([name, expected.length])
      const size = Math.sqrt(expected.reduce((sum, value) => sum + value * value, 0))
      const off = Math.sqrt(expected.reduce((sum, value, i) => sum + (value - own[name][i]) ** 2, 0))
      expect([name, off / size < within]).toEqual([name, true])
    }
  })

  test('everything by layer leaves the last one out', { timeout: 120_000 }, async () => {
    const probe = (await trainerOf(engine)).probe(0)
    const norms = await probe.gradientNorms(all)
    const lengths = [norms.exponent, norms.meanAbsExponent, norms.underflow, await probe.preactivations(all), probe.layers].map(
      ({ length }) => length,
    )
    expect(lengths).toEqual([2, 2, 2, 2, 2])
    expect([...(await probe.constants!())].every((value) => Math.abs(value) === 1)).toBe(true)
  })

  test.each(['sgd', 'momentum', 'nesterov', 'rmsprop', 'adam', 'perturbed'] as const)(
    '%s moves the other layers and leaves the constants bit by bit',
    { timeout: 120_000 },
    async (kind) => {
      const trainer = await trainerOf(engine, true, { ...DEFAULT_OPTIMIZER, kind, eps: 0, lr: 0.01 })
      const before = await trainer.checkpoint()
      const batch = Int32Array.from({ length: 4 }, () => stream.integer(12))
      await trainer.train([batch, batch, batch])
      const after = await trainer.checkpoint()
      const cut = trainedCount(spec)
      expect([...after.weights[0].subarray(cut)]).toEqual([...before.weights[0].subarray(cut)])
      expect(after.weights[0].subarray(0, cut).some((weight, i) => weight !== before.weights[0][i])).toBe(true)
      // Both engines draw the same noise and see the same gradient.
      const exact = await trainerOf('float64', true, { ...DEFAULT_OPTIMIZER, kind, eps: 0, lr: 0.01 })
      await exact.train([batch, batch, batch])
      const reference = (await exact.checkpoint()).weights[0]
      after.weights[0].forEach((weight, i) => expect(weight).toBeCloseTo(reference[i], engine === 'float64' ? 14 : 4))
    },
  )

  test('the norms that a step tells are those of the layers that train', { timeout: 120_000 }, async () => {
    const trainer = await trainerOf(engine)
    const batch = Int32Array.of(0, 3, 5, 7)
    const asked = await trainer.probe(0).gradientNorms({ indices: batch, from: 'train' })
    const { layerNorms } = await trainer.train([batch], { layerNorms: true })
    const sizes = ({ mantissa, exponent }: LayerNorms) => Array.from(mantissa, (value, l) => value * 2 ** exponent[l])
    expect(sizes(asked)).toHaveLength(2)
    // Other sums of the same float32 or float64 numbers.
    sizes(layerNorms![0]).forEach((size, l) => expect(size / sizes(asked)[l]).toBeCloseTo(1, engine === 'float64' ? 10 : 4))
    expect(layerNorms![0].mantissa).toHaveLength(2)
  })

  test('a checkpoint goes on where it was', { timeout: 120_000 }, async () => {
    const batches = [Int32Array.of(0, 1, 2), Int32Array.of(3, 4, 5), Int32Array.of(6, 7, 8)]
    const one = await trainerOf(engine, true, { ...DEFAULT_OPTIMIZER, kind: 'adam', lr: 0.01 })
    await one.train(batches.slice(0, 1))
    const middle = await one.checkpoint()
    await one.train(batches.slice(1))
    const other = await trainerOf(engine, true, { ...DEFAULT_OPTIMIZER, kind: 'adam', lr: 0.01 })
    await other.restore(middle)
    await other.train(batches.slice(1))
    expect([...(await other.probe(0).weights())]).toEqual([...(await one.probe(0).weights())])
  })
})

test('its tangent has its kernel at the start and moves the same layers', async () => {
  const starts = initialWeights(spec, SHALLOW.init, SHALLOW.model, 5, 0)
  const options = { spec: { ...spec, linearised: true }, dataset, probeCount: 12, optimizer: DEFAULT_OPTIMIZER, initialWeights: [starts] }
  const tangent = await createTrainer({ options, kind: 'mlp', preference: 'float64', allowGpu: false })
  opened.push(tangent)
  const own = await tangent.probe(0).kernelGram(all)
  const network = await (await trainerOf('float64')).probe(0).kernelGram(all)
  own.forEach((value, i) => expect(value).toBeCloseTo(network[i], 12))
  const batch = Int32Array.of(0, 1, 2, 3)
  await tangent.train([batch, batch])
  const [weights] = (await tangent.checkpoint()).weights
  expect([...weights.subarray(trainedCount(spec))]).toEqual([...starts.subarray(trainedCount(spec))])
  // The kernel of a linear function stands still.
  const later = await tangent.probe(0).kernelGram(all)
  later.forEach((value, i) => expect(value).toBeCloseTo(own[i], 12))
})

test('the fused kernels say in words why they do not take it', async () => {
  const { fusedObstacle } = await import('../../src/engine/fused/layout.ts')
  expect(fusedObstacle(spec)).toBe('output weights that never train')
})
