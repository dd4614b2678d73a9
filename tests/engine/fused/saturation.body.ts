// What does a saturated network still say? Margins of hundreds leave losses and gradients of 1e-130, and dead layers leave zeros.
//
// Inputs pass through weights of 1 and 2, so that float32 holds every margin exactly: what is compared is the head alone.
import { describe, expect, test, vi } from 'vitest'
import type { Activation, LossSettings } from '../../../src/core/experiment.ts'
import { parameterCount, type DenseNetworkSpec } from '../../../src/core/networkSpec.ts'
import type { LayerNorms, Probe } from '../../../src/core/probe.ts'
import { partsOf } from '../../../src/engine/fused/layout.ts'
import type { Tile } from '../../../src/engine/fused/kernelShape.ts'
import type { NoGpu, OpenedDevice } from '../../../src/engine/device.ts'
import { createFusedProbe } from '../../../src/engine/fused/fusedProbe.ts'
import { createFloat64Trainer } from '../../../src/engine/float64/float64Trainer.ts'
import type { TrainerOptions } from '../../../src/engine/trainer.ts'
import { relativeError } from '../reference/closeness.ts'
import { datasetOf, denseSpec, normals, optionsOf, samples } from '../reference/problems.ts'
import { withBlocks, type Blocks } from './blocks.ts'
import { everyOther, type Extent } from './everyOther.ts'
import { deviceOfFile } from './deviceOfFile.ts'
import { probeFixture } from './probeFixture.ts'
import { problemOptions, stack, withFused } from './trainingFixture.ts'

const TILE = { rows: 8, rowsPerThread: 2 }
const WHOLE_ROWS = { ...TILE, wholeRows: true } as const

const log10 = ({ mantissa, exponent }: LayerNorms): number[] =>
  Array.from(mantissa, (value, l) => Math.log10(value) + exponent[l] * Math.log10(2))

type Settings = TrainerOptions & { readonly spec: DenseNetworkSpec }

/**
 * Layers of two units, f = (x1 + 2 x2, x1), of inputs that are the margins wanted.
 *
 * @param skip adds a layer whose block passes its input on; then threads share their rows in every kernel.
 */
function saturated(
  kind: LossSettings['kind'],
  inputs: readonly number[],
  output: Activation = 'identity',
  skip: 'with a skip' | 'plain' = 'plain',
): Settings {
  const widths = skip === 'plain' ? [2, 2, 2] : [2, 2, 2, 2]
  const plain = denseSpec(widths, { activation: 'identity', outputActivation: output, bias: false, loss: { kind, reduction: 'mean' } })
  const spec = skip === 'plain' ? plain : withBlocks(plain, { norm: false, span: 1, scale: 1, branchScale: 1 })
  const targets = inputs.map((_, i) => (i % 2 === 0 || kind === 'logistic' ? 1 : 0))
  const middle = skip === 'plain' ? [] : [0, 0, 0, 0]
  return { ...optionsOf(spec, datasetOf(2, 2, inputs, targets), [Float64Array.of(1, 0, 0, 1, ...middle, 1, 2, 1, 0)]), spec }
}

/** Of 1e-130, and rows of one tile that are 1e-17 to 1e-25 of each other. */
const SATURATED: readonly (readonly [string, Tile, Settings])[] = [
  ['logistic, margins from 20 to 60', WHOLE_ROWS, saturated('logistic', [20, 1, 30, 2, 60, 3, 25, 0.5])],
  ['logistic, margins of 300 and more', WHOLE_ROWS, saturated('logistic', [300, 4, 350, 5, 310, 17])],
  ['softmax, gaps of 300 and more', WHOLE_ROWS, saturated('softmaxCrossEntropy', [3, 150, 9, 175, -4, 153])],
  ['softmax, gaps from 20 to 60', WHOLE_ROWS, saturated('softmaxCrossEntropy', [1, 10, 2, 30, 3, 12])],
  ['logistic, margins of 300 and more, beside a skip', TILE, saturated('logistic', [300, 4, 350, 5, 310, 17], 'identity', 'with a skip')],
  ['softmax behind softplus, beside a skip', TILE, saturated('softmaxCrossEntropy', [30, 150, 9, 175, 40, 153], 'softplus', 'with a skip')],
  ['logistic behind softplus', WHOLE_ROWS, saturated('logistic', [300, 4, 350, 5, 310, 17], 'softplus')],
]

/** Every measurement of one pair of probes. */
async function agree(own: Probe, wanted: Probe, parameters: number, rows: number): Promise<void> {
  const set = samples(rows)
  const [losses, expectedLosses] = [(await own.loss(set)).perSample, (await wanted.loss(set)).perSample]
  for (const [i, loss] of expectedLosses.entries()) expect(Math.abs(losses[i] / loss - 1), `loss ${i}`).toBeLessThan(1e-5)
  const [norms, expectedNorms] = [log10(await own.gradientNorms(set)), log10(await wanted.gradientNorms(set))]
  for (const [l, norm] of expectedNorms.entries()) expect(Math.abs(norms[l] - norm), `layer ${l}: ${norms[l]}`).toBeLessThan(1e-5)
  expect(relativeError(await own.gradient(set), await wanted.gradient(set))).toBeLessThan(1e-5)
  const block = normals(2 * parameters, 'v')
  expect(relativeError(await own.hessianVectors(block, 2, set), await wanted.hessianVectors(block, 2, set))).toBeLessThan(1e-5)
  const [gram, expectedGram] = [await own.scaledPerSampleGram!(set), await wanted.scaledPerSampleGram!(set)]
  const cosines = ({ products }: typeof gram): number[] =>
    Array.from(products, (value, at) => {
      const [i, j] = [Math.floor(at / rows), at % rows]
      return value / Math.sqrt(products[i * rows + i]) / Math.sqrt(products[j * rows + j])
    })
  expect(relativeError(cosines(gram), cosines(expectedGram))).toBeLessThan(1e-5)
}

/**
 * Layers of two units whose first arguments are `size` times -1 .. -1.3, where float32 has no slope left; sample 0 is an ordinary one.
 *
 * @param output of the last layer; its arguments are the inputs where the hidden activation is the identity.
 */
function farOut(activation: Activation, size: number, output: Activation = 'identity'): Settings {
  const spec = denseSpec([2, 2, 2, 2], { activation, outputActivation: output, bias: false })
  const inputs = [-0.5, 0.25, ...[1, 1.1, 1.2, 1.3, 1.05, 1.25].map((x) => Math.fround(-x * size))]
  const weights = activation === 'identity' ? [1, 0, 0, 1] : [0.5, -0.25, 0.75, 1]
  const last = activation === 'identity' ? [1, 0, 0, 1] : [1, 0.5, -0.5, 2]
  return {
    ...optionsOf(spec, datasetOf(2, 2, inputs, [0, 0, 1, 0.5, 0.25, -1, 2, 1]), [Float64Array.of(1, 0, 0, 1, ...weights, ...last)]),
    spec,
  }
}

/** The same stack with a block around its second layer, whose arguments are far out: its own slopes let nothing through, and what the skip sends past them is whole. */
function farInBlock(activation: Activation, size: number, placement: 'preAct' | 'postAct'): Settings {
  const spec = withBlocks(denseSpec([2, 2, 2, 2], { activation, bias: false }), { norm: false, span: 1, placement })
  const inputs = [0, 0, 1, 1.1, 1.2, 1.3, 1.05, 1.25].map(Math.fround)
  const block = [-1, -0.25, -0.5, -1].map((weight) => weight * size)
  const weights = Float64Array.of(1, 0, 0, 1, ...block, 1, 0.5, -0.5, 2)
  return { ...optionsOf(spec, datasetOf(2, 2, inputs, [0, 0, 1, 0.5, 0.25, -1, 2, 1]), [weights]), spec }
}

/** Slopes of 1e-100. */
const FAR_OUT: readonly (readonly [string, Tile, Settings])[] = [
  ['tanh, whole rows', WHOLE_ROWS, farOut('tanh', 115)],
  ['swish', TILE, farOut('swish', 230)],
  ['gelu, whole rows', WHOLE_ROWS, farOut('gelu', 21)],
  ['elu', TILE, farOut('elu', 230)],
  ['sigmoid in front of the rest, behind a skip', TILE, farInBlock('sigmoid', 520, 'preAct')],
  ['tanh beside a skip', TILE, farInBlock('tanh', 140, 'postAct')],
  ['tanh3 outputs, whole rows', WHOLE_ROWS, farOut('identity', 115, 'tanh3')],
  ['softplus, whole rows', WHOLE_ROWS, farOut('softplus', 230)],
  ['sigmoid outputs', TILE, farOut('identity', 230, 'sigmoid')],
]

/** Blocks whose saturated tanh or dead relus let nothing through. */
const DEAD: readonly (readonly [string, Activation, Blocks])[] = [
  ['saturated tanh in blocks before it', 'tanh', { norm: false, span: 2, placement: 'preAct', scale: 1e4, branchScale: 10 }],
  ['dead relus in blocks behind them', 'relu', { norm: false, span: 1, placement: 'postAct', scale: 100, branchScale: 100 }],
]

export function fusedSaturationTests(open: () => Promise<OpenedDevice | NoGpu>, extent: Extent = 'all'): void {
  vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 })
  const held = deviceOfFile(open)

  describe('a fused network', () => {
    test.each(everyOther(DEAD, extent))('stays a number through %s', async (_name, activation, blocks) => {
      const plain = problemOptions({ widths: stack(12, 4), activation, gain: 4, biasSize: 0.5, samples: 6 })
      const spec = withBlocks(plain.spec, blocks)
      const start = normals(parameterCount(spec), 'dead').map((weight) => Math.fround(2 * weight))
      // Of relus the first of each layer is dead, the others are alive.
      for (const { start: first, end, layer, part } of partsOf(spec)) {
        if (activation !== 'relu' || layer === 0) continue
        const own = part === 0 ? spec.layers[layer].fanIn : 1
        for (let i = first; i < end; i++) start[i] = Math.abs(start[i]) * (i < first + own ? -1 : 1)
      }
      const options = { ...plain, spec, initialWeights: [start] }
      const wanted = createFloat64Trainer(options).probe(0)
      const set = samples(6)
      const count = parameterCount(spec)
      // The first vector moves the bias of a dead unit in the middle of the stack.
      const dead = partsOf(spec).find(({ layer, part }) => layer === 6 && part === 1)!.start
      const block = normals(2 * count, 'v').map((value, i) => (i >= count ? value : i === dead ? 1 : 0))
      await withFused(
        held.opened,
        options,
        async (trainer) => {
          const probe = trainer.probe(0)
          expect(relativeError(await probe.perSampleGram(set), await wanted.perSampleGram(set))).toBeLessThan(1e-4)
          expect(relativeError(await probe.kernelGram(set), await wanted.kernelGram(set))).toBeLessThan(1e-4)
          expect(relativeError(await probe.hessianVectors(block, 2, set), await wanted.hessianVectors(block, 2, set))).toBeLessThan(1e-4)
        },
        { tile: TILE },
      )
    })

    test.each(everyOther(SATURATED, extent))('measures what saturated outputs leave: %s', async (_name, tile, options) => {
      const wanted = createFloat64Trainer(options).probe(0)
      await withFused(
        held.opened,
        options,
        async (trainer) => {
          const rows = options.dataset.train.count
          await expect(agree(trainer.probe(0), wanted, parameterCount(options.spec), rows)).resolves.toBeUndefined()
        },
        { tile },
      )
    })

    test.each(everyOther(FAR_OUT, extent))('sends back what float32 cannot say: %s', async (_name, tile, options) => {
      const wanted = createFloat64Trainer(options).probe(0)
      const set = { indices: Int32Array.of(1, 2, 3), from: 'train' as const }
      await withFused(
        held.opened,
        options,
        async (trainer) => {
          const probe = trainer.probe(0)
          const [norms, expected] = [await probe.gradientNorms(set), log10(await wanted.gradientNorms(set))]
          expect(Math.min(...expected)).toBeLessThan(-95)
          // An argument of 230 rounded to float32 leaves 1e-5 of its exponential.
          for (const [l, norm] of expected.entries()) expect(Math.abs(log10(norms)[l] - norm), `layer ${l}`).toBeLessThan(2e-5)
          expect([...norms.underflow]).toEqual([0, 0, 0])
          const expectParts = (own: Float64Array, all: Float64Array): void => {
            for (const { start, end, layer } of partsOf(options.spec)) {
              expect(relativeError(own.subarray(start, end), all.subarray(start, end)), `layer ${layer}`).toBeLessThan(5e-5)
            }
          }
          expectParts(await probe.gradient(set), await wanted.gradient(set))
          if (options.spec.layers[0].activation === 'identity') return
          // The second vector moves the last weight alone: many tangents are 0.
          const count = parameterCount(options.spec)
          const block = normals(2 * count, 'v').map((value, i) => (i < count ? value : i === 2 * count - 1 ? 1 : 0))
          const [own, products] = [await probe.hessianVectors(block, 2, set), await wanted.hessianVectors(block, 2, set)]
          expectParts(own.subarray(0, count), products.subarray(0, count))
          expectParts(own.subarray(count), products.subarray(count))
        },
        { tile },
      )
    })

    test.each(
      everyOther(
        [
          ['swish', -230],
          ['tanh', -115],
        ] as const,
        extent,
      ),
    )('curves by what float32 cannot say where threads share their rows: %s', async (activation, bias) => {
      const fixture = probeFixture(held.opened, { widths: [3, 5, 5, 2], choices: { activation }, gain: 1 })
      const { context, spec, dataset } = fixture
      const shared = createFusedProbe({ ...context, sharesRows: true })
      try {
        const weights = Float64Array.from(await context.readParameters())
        const parts = partsOf(spec)
        const first = parts.find(({ layer, part }) => layer === 0 && part === 1)!
        weights.fill(bias, first.start, first.end)
        fixture.setWeights(weights)
        const wanted = createFloat64Trainer(optionsOf(spec, dataset, [weights])).probe(0)
        const block = normals(2 * weights.length, 'v')
        const [own, products] = [await shared.hessianVectors(block, 2, samples(11)), await wanted.hessianVectors(block, 2, samples(11))]
        for (const at of [0, weights.length]) {
          for (const { start, end, layer, part } of parts) {
            const [mine, theirs] = [own, products].map((all) => all.subarray(at + start, at + end))
            expect(relativeError(mine, theirs), `layer ${layer}, part ${part}`).toBeLessThan(5e-5)
          }
        }
        expect(Math.max(...products.subarray(first.start, first.end).map(Math.abs))).toBeLessThan(1e-90)
      } finally {
        shared.destroy()
        fixture.destroy()
      }
    })

    test.each([
      ['gelu', TILE, [1, 1, 1]],
      ['tanh', WHOLE_ROWS, [1, 0, 0]],
    ] as const)('says underflow, not 0, where %s is beyond all exponents', async (activation, tile, flags) => {
      await withFused(
        held.opened,
        farOut(activation, 1e5),
        async (trainer) => {
          const { mantissa, underflow } = await trainer.probe(0).gradientNorms({ indices: Int32Array.of(1, 2, 3), from: 'train' })
          expect([...underflow]).toEqual(flags)
          expect(Array.from(mantissa, (value) => (value === 0 ? 1 : 0))).toEqual(flags)
        },
        { tile },
      )
    })

    test('curves by 1e-130 where a single layer is wrong by a margin of 300, and by nothing beyond 1e5', async () => {
      const spec = denseSpec([1, 1], { bias: false, loss: { kind: 'logistic', reduction: 'mean' } })
      const dataset = datasetOf(1, 1, [-300, 300, -2e5], [1, 1, 1])
      const options = optionsOf(spec, dataset, [Float64Array.of(1)])
      const wanted = createFloat64Trainer(options).probe(0)
      await withFused(
        held.opened,
        options,
        async (trainer) => {
          const probe = trainer.probe(0)
          for (const index of [0, 1, 2]) {
            const set = { indices: Int32Array.of(index), from: 'train' as const }
            const one = Float64Array.of(1)
            const [own, expected] = [await probe.hessianVectors(one, 1, set), await wanted.hessianVectors(one, 1, set)]
            expect(relativeError(own, expected)).toBeLessThan(1e-5)
            expect(expected[0]).toBeLessThan(1e-120)
            expect(relativeError(await probe.gradient(set), await wanted.gradient(set))).toBeLessThan(1e-5)
          }
        },
        { tile: WHOLE_ROWS },
      )
    })
  })
}
