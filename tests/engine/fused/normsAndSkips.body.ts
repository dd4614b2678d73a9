// Layer norms and skips of every span and placement on the fused engine, against float64.
//
// Width 6 leaves two columns of padding that a row's mean must not see. Gammas and betas are drawn like biases: at 1 and 0 half of the
// terms would vanish.
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Activation } from '../../../src/core/experiment.ts'
import { parameterCount, type DenseNetworkSpec } from '../../../src/core/networkSpec.ts'
import type { NoGpu, OpenedDevice } from '../../../src/engine/device.ts'
import { createFloat64Trainer } from '../../../src/engine/float64/float64Trainer.ts'
import { partsOf } from '../../../src/engine/fused/layout.ts'
import { liveFusedBytes } from '../../../src/engine/fused/ownedBuffers.ts'
import type { TrainerOptions } from '../../../src/engine/trainer.ts'
import { relativeError } from '../reference/closeness.ts'
import { normals, optimizerOf, samples } from '../reference/problems.ts'
import { withBlocks, type Blocks } from './blocks.ts'
import { everyOther, type Extent } from './everyOther.ts'
import { batchesOf, problemOptions, stack, withFused, type TrainingProblem } from './trainingFixture.ts'

interface Choices extends Blocks {
  readonly activation: Activation
  readonly bias?: boolean
}

const CASES: readonly (readonly [string, Choices])[] = [
  ['layer norm', { activation: 'tanh', norm: true, span: 0 }],
  ['skips of span 1 behind relus', { activation: 'relu', norm: false, span: 1, placement: 'postAct' }],
  ['skips of span 2 before tanh', { activation: 'tanh', norm: false, span: 2, placement: 'preAct' }],
  [
    'layer norm without biases and skips of span 2 behind swish',
    { activation: 'swish', norm: true, span: 2, placement: 'postAct', bias: false },
  ],
  ['layer norm and skips of span 3 before relus', { activation: 'relu', norm: true, span: 3, placement: 'preAct' }],
]
const HIDDEN = 7
const TILE = { tile: { rows: 8, rowsPerThread: 2 } }

function optionsOf(choices: Choices, problem: Partial<TrainingProblem> = {}): TrainerOptions & { readonly spec: DenseNetworkSpec } {
  const { activation, bias = true } = choices
  const plain = problemOptions({ widths: stack(HIDDEN + 1, 6, 5, 3), activation, bias, gain: 2, samples: 24, ...problem })
  const spec = withBlocks(plain.spec, choices)
  const weights = normals(parameterCount(spec), 'norms and skips')
  for (const { layer, part, start, end } of partsOf(spec)) {
    const scale = part === 0 ? Math.sqrt((problem.gain ?? 2) / spec.layers[layer].fanIn) : 0.3
    for (let i = start; i < end; i++) weights[i] = Math.fround((part === 2 ? 1 : 0) + scale * weights[i])
  }
  return { ...plain, spec, initialWeights: [weights] }
}

export function fusedNormAndSkipTests(open: () => Promise<OpenedDevice | NoGpu>, extent: Extent = 'all'): void {
  vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })
  let opened: OpenedDevice

  beforeAll(async () => {
    const device = await open()
    if (device.type === 'noGpu') throw new Error(device.reason)
    opened = device
  })
  afterAll(() => {
    expect(opened.health.fault).toBeNull()
    expect(liveFusedBytes()).toBe(0)
  })

  describe('a fused network', () => {
    test.each(everyOther(CASES, extent))('with %s trains and measures as float64 does', async (_name, choices) => {
      const options = { ...optionsOf(choices), optimizer: optimizerOf({ kind: 'adam', lr: 0.01, eps: 1e-6 }) }
      const reference = createFloat64Trainer(options)
      const set = samples(19)
      const pair = [samples(5), { indices: Int32Array.of(7, 9, 11), from: 'test' as const }] as const
      await withFused(
        opened,
        options,
        async (trainer) => {
          const [own, wanted] = [trainer.probe(0), reference.probe(0)]
          const argumentsOf = (layers: readonly Float32Array[]): number[] => layers.flatMap((layer) => [...layer])
          expect(relativeError(argumentsOf(await own.preactivations(set)), argumentsOf(await wanted.preactivations(set)))).toBeLessThan(
            3e-6,
          )
          // Float32 rounding through eight layers; norms divide by deviations, which are not small here.
          expect(relativeError((await own.loss(set)).perSample, (await wanted.loss(set)).perSample)).toBeLessThan(5e-6)
          const [gradient, expected] = [await own.gradient(set), await wanted.gradient(set)]
          for (const { start, end, layer, part } of partsOf(options.spec)) {
            // Part by part: a wrong gamma would drown among the weights.
            const error = relativeError(gradient.subarray(start, end), expected.subarray(start, end))
            expect(error, `layer ${layer}, part ${part}`).toBeLessThan(3e-5)
          }
          const [norms, wantedNorms] = [await own.gradientNorms(set), await wanted.gradientNorms(set)]
          for (const [l, mantissa] of norms.mantissa.entries()) {
            expect(Math.abs(mantissa * 2 ** (norms.exponent[l] - wantedNorms.exponent[l]) - wantedNorms.mantissa[l])).toBeLessThan(1e-5)
          }
          expect(relativeError(await own.batchPairs([pair]), await wanted.batchPairs([pair]))).toBeLessThan(2e-5)
          const batches = batchesOf(4, 13, 24)
          const [report, losses] = [await trainer.train(batches), (await reference.train(batches)).losses]
          expect(relativeError(report.losses, losses)).toBeLessThan(1e-5)
          expect(relativeError(await own.weights(), await wanted.weights())).toBeLessThan(2e-5)
          const [slots, wantedSlots] = [(await trainer.checkpoint()).slots[0], (await reference.checkpoint()).slots[0]]
          for (const [index, slot] of slots.entries()) expect(relativeError(slot, wantedSlots[index])).toBeLessThan(5e-5)
        },
        TILE,
      )
    })

    test('with skips keeps deltas far outside float32 on the way to the first layer', async () => {
      // Branches add 1e-3 of themselves and the skip is 0.01: each layer takes two orders of magnitude.
      const plain = problemOptions({ widths: stack(60, 6), activation: 'tanh', gain: 1, biasSize: 0, samples: 12 })
      const spec: DenseNetworkSpec = {
        ...plain.spec,
        layers: plain.spec.layers.map((layer, l) =>
          l > 0 && l < 59 ? { ...layer, skip: { from: l, placement: 'postAct', scale: 0.01, branchScale: 0.001 } } : layer,
        ),
      }
      const options = { ...plain, spec }
      const set = samples(9)
      const wanted = await createFloat64Trainer(options).probe(0).gradientNorms(set)
      const norms = await withFused(opened, options, async (trainer) => trainer.probe(0).gradientNorms(set), TILE)
      const log10 = ({ mantissa, exponent }: typeof norms): number[] =>
        Array.from(mantissa, (value, l) => Math.log10(value) + exponent[l] * Math.log10(2))
      expect(Math.min(...log10(wanted))).toBeLessThan(-100)
      for (const [l, value] of log10(norms).entries()) expect(Math.abs(value - log10(wanted)[l]), `layer ${l}`).toBeLessThan(1e-4)
    })

    test('with norms and skips gives the same bits with every tile', async () => {
      const options = optionsOf(CASES[3][1])
      let first: unknown = null
      for (const tile of [
        { rows: 4, rowsPerThread: 1 },
        { rows: 8, rowsPerThread: 4 },
        { rows: 16, rowsPerThread: 4 },
      ]) {
        const bits = await withFused(
          opened,
          options,
          async (trainer) => ({ losses: (await trainer.train(batchesOf(2, 21, 24))).losses, state: await trainer.checkpoint() }),
          { tile },
        )
        first ??= bits
        expect(bits).toEqual(first)
      }
    })
  })
}
