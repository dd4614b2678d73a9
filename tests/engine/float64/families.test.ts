// Does every network that an experiment can ask for train, with the right slope and curvature along a direction?
import { describe, expect, test } from 'vitest'
import { DEFAULT_MLP } from '../../../src/core/defaults.ts'
import { activationSchema, modelSchema, type ModelSettings } from '../../../src/core/experiment.ts'
import { isWeighted, networkWidths } from '../../../src/core/networkSpec.ts'
import { networkSpec } from '../../../src/core/resolve.ts'
import { createFloat64Trainer } from '../../../src/engine/float64/float64Trainer.ts'
import { initialWeights } from '../../../src/engine/initialWeights.ts'
import { directionalDerivative, relativeError } from '../reference/closeness.ts'
import { normals, optionsOf, randomDataset, samples, SEED } from '../reference/problems.ts'

const COUNT = 4
const SET = samples(COUNT)
const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, value, k) => sum + value * b[k], 0)

/** Smooth throughout: no gate can flip within a difference. */
const SMOOTH: Partial<ModelSettings> = { activation: 'tanh', width: 2, pooling: 'average', branchScale: 0.7 }
const CASES: readonly (readonly [string, Partial<ModelSettings>])[] = [
  ...modelSchema.entries.family.options.flatMap((family) => [
    [family, { kind: 'cnn', family, depth: 8 }] as const,
    [`${family}, batch norm, skips of span 2`, { kind: 'cnn', family, depth: 11, norm: 'batch', skipSpan: 2 }] as const,
    [
      `${family}, layer norm, skips of span 3 before the activation`,
      { kind: 'cnn', family, depth: 11, norm: 'layer', skipSpan: 3, skipPlacement: 'preAct', padding: 'circular' },
    ] as const,
  ]),
  ['an MLP, batch norm, skips of span 1', { kind: 'mlp', depth: 6, width: 4, norm: 'batch', skipSpan: 1 }],
  ['an MLP, layer norm, skips of span 3', { kind: 'mlp', depth: 8, width: 4, norm: 'layer', skipSpan: 3, parameterization: 'ntk' }],
  ...activationSchema.options.map((activation) => [`an MLP of ${activation}`, { kind: 'mlp', depth: 4, width: 5, activation }] as const),
]

describe.each(CASES)('%s', (_, change) => {
  const model: ModelSettings = { ...DEFAULT_MLP.model, ...SMOOTH, ...change }
  const data = {
    inputWidth: 36,
    outputWidth: model.family === 'imageToImage' && model.kind === 'cnn' ? 36 : 3,
    imageShape: [1, 6, 6] as const,
  }
  const spec = networkSpec({ ...DEFAULT_MLP, model, loss: { kind: 'squaredError', reduction: 'mean' } }, data)
  const { inputWidth, outputWidth } = networkWidths(spec)
  const dataset = randomDataset(COUNT, inputWidth, outputWidth, 'squaredError')
  const start = initialWeights(spec, { scheme: 'lecunNormal', tau: 1, gain: 1 }, model, SEED, 0)
  const trainerAt = (w: Float64Array) => createFloat64Trainer(optionsOf(spec, dataset, [w], { kind: 'sgd', lr: 1e-3 }))
  const kinks = model.activation === 'relu'

  test('has the slope and the curvature of its training loss along a direction', async () => {
    const direction = normals(start.length, 'direction', kinks ? 1e-3 : 0.1)
    const probe = trainerAt(start).probe(0)
    const lossAt = async (w: Float64Array) => (await trainerAt(w).train([SET.indices])).losses
    const [slope] = await directionalDerivative(lossAt, start, direction, 1e-3)
    // Truncation (step 1e-4 in weights) and rounding of a loss of order 1; a relu must meet no kink on the way.
    expect(relativeError([dot(await probe.gradient(SET), direction)], [slope])).toBeLessThan(1e-6)
    const bent = await directionalDerivative((w) => trainerAt(w).probe(0).gradient(SET), start, direction, 1e-3)
    expect(relativeError(await probe.hessianVectors(direction, 1, SET), bent)).toBeLessThan(1e-6)
  })
  test('answers every question with finite numbers, one a weighted layer where layers are meant', async () => {
    const trainer = trainerAt(start)
    await trainer.train([SET.indices, SET.indices])
    const probe = trainer.probe(0)
    const weighted = spec.layers.filter(isWeighted).length
    const norms = await probe.gradientNorms(SET)
    expect([probe.layers.length, norms.mantissa.length, (await probe.preactivations(SET)).length]).toEqual([weighted, weighted, weighted])
    const gram = await probe.perSampleGram(SET)
    const kernel = await probe.kernelGram(samples(2))
    expect([...gram, ...kernel, ...norms.mantissa].every(Number.isFinite)).toBe(true)
    for (let i = 0; i < COUNT; i++) expect(gram[i * COUNT + i]).toBeGreaterThan(0)
  })
})
