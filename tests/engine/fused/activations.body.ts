// Every activation of the table on the fused engine: the same steps, norms and products as float64, and padding that stays 0.
//
// Width 5 leaves three columns of padding; one network a pair of activations, hidden and at the output, because compiling is slow.
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Activation, LossSettings } from '../../../src/core/experiment.ts'
import type { NoGpu, OpenedDevice } from '../../../src/engine/device.ts'
import { createFloat64Trainer } from '../../../src/engine/float64/float64Trainer.ts'
import { fusedLayout, packParameters } from '../../../src/engine/fused/layout.ts'
import { PassChoice } from '../../../src/engine/fused/passChoice.ts'
import { submitAndRead } from '../../../src/engine/fused/readback.ts'
import { ResidentNetwork } from '../../../src/engine/fused/residentNetwork.ts'
import { biasExponentsOf } from '../../../src/engine/fused/slotExchange.ts'
import { relativeError } from '../reference/closeness.ts'
import { normals, optimizerOf, samples } from '../reference/problems.ts'
import { everyOther, type Extent } from './everyOther.ts'
import { batchesOf, problemOptions, withFused } from './trainingFixture.ts'

const MEAN = { kind: 'squaredError', reduction: 'mean' } as const
const LOGISTIC: LossSettings = { kind: 'logistic', reduction: 'sum' }
const PAIRS: readonly (readonly [hidden: Activation, output: Activation, loss: LossSettings])[] = [
  ['sigmoid', 'softplus', MEAN],
  ['softplus', 'identity', LOGISTIC],
  ['softsign', 'elu', MEAN],
  ['elu', 'arctan', LOGISTIC],
  ['arctan', 'gelu', MEAN],
  ['gelu', 'sigmoid', MEAN],
]
const TILE = { rows: 8, rowsPerThread: 2 }
const WHOLE_ROWS = { ...TILE, wholeRows: true } as const

export function fusedActivationTests(open: () => Promise<OpenedDevice | NoGpu>, extent: Extent = 'all'): void {
  vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })
  let opened: OpenedDevice

  beforeAll(async () => {
    const device = await open()
    if (device.type === 'noGpu') throw new Error(device.reason)
    opened = device
  })
  afterAll(() => {
    expect(opened.health.fault).toBeNull()
  })

  describe('a fused network', () => {
    test.each(everyOther(PAIRS, extent))(
      'of %s layers and %s outputs learns and curves as float64 does',
      async (activation, outputActivation, loss) => {
        const options = problemOptions({ widths: [3, 5, 5, 5, 2], activation, outputActivation, loss, gain: 2, samples: 24 })
        const settings = { ...options, optimizer: optimizerOf({ kind: 'sgd', lr: 0.05 }) }
        const reference = createFloat64Trainer(settings)
        const batches = batchesOf(3, 13, 24)
        const set = samples(11)
        const block = normals(2 * reference.parameterCount, 'v')
        const ofRows = await withFused(opened, settings, async (trainer) => (await trainer.train(batches)).losses, { tile: WHOLE_ROWS })
        await withFused(
          opened,
          settings,
          async (trainer) => {
            const [report, expected] = [await trainer.train(batches), await reference.train(batches)]
            // Float32 rounding of values, slopes and three updates; a fitted tail adds 4e-7.
            expect(relativeError(report.losses, expected.losses)).toBeLessThan(3e-6)
            expect(ofRows).toEqual(report.losses)
            const [own, wanted] = [trainer.probe(0), reference.probe(0)]
            expect(relativeError(await own.weights(), await wanted.weights())).toBeLessThan(3e-6)
            expect(relativeError(await own.perSampleGram(set), await wanted.perSampleGram(set))).toBeLessThan(1e-5)
            expect(relativeError(await own.hessianVectors(block, 2, set), await wanted.hessianVectors(block, 2, set))).toBeLessThan(1e-5)
          },
          { tile: TILE },
        )
      },
    )

    test.each([
      ['sigmoid', TILE],
      ['softplus', TILE],
      ['sigmoid', WHOLE_ROWS],
    ] as const)('of %s, which is not 0 at 0, leaves its padding 0 (%#)', async (activation, tile) => {
      const { spec, dataset, initialWeights } = problemOptions({
        widths: [3, 5, 5, 2],
        activation,
        outputActivation: activation,
        samples: 24,
      })
      const network = new ResidentNetwork(opened, spec, dataset, initialWeights)
      const pass = await new PassChoice(opened, network, tile).create('sgd', 13)
      try {
        pass.start(biasExponentsOf(spec, initialWeights), null, 0, new Int32Array(1).fill(-1))
        await pass.run(batchesOf(3, 13, 24), optimizerOf({ kind: 'sgd', lr: 0.5 }), 0, 1)
        const [read] = await submitAndRead(opened, opened.device.createCommandEncoder(), [network.region(0)])
        const layout = fusedLayout(spec)
        const isEntry = new Float32Array(4 * layout.seedQuads)
        packParameters(spec, layout, new Float64Array(layout.parameterCount).fill(1), isEntry)
        const padding = new Float32Array(read).filter((_, i) => isEntry[i] === 0)
        expect(padding.length).toBeGreaterThan(0)
        expect(padding.every((value) => value === 0)).toBe(true)
      } finally {
        pass.destroy()
        network.destroy()
      }
    })

    test.each(everyOther(['tanh', 'arctan', 'softsign', 'elu', 'gelu', 'softplus', 'sigmoid'] as const, extent))(
      'evaluates %s to a few roundings from 1e-6 to 1e6',
      async (activation) => {
        // One layer whose only weight is 1: the outputs are the activation itself.
        const inputs = [...Array(200).keys()].map((i) => Math.fround((i % 2 === 0 ? 1 : -1) * 10 ** (-6 + (12 * i) / 199)))
        const options = problemOptions({ widths: [1, 1], outputActivation: activation, bias: false, samples: 200 })
        const split = { ...options.dataset.train, inputs: Float32Array.from(inputs) }
        const settings = { ...options, dataset: { ...options.dataset, train: split }, initialWeights: [Float64Array.of(1)] }
        const set = samples(200)
        const expected = (await createFloat64Trainer(settings).probe(0).loss(set)).outputs
        const measured = await withFused(opened, settings, async (trainer) => (await trainer.probe(0).loss(set)).outputs, { tile: TILE })
        for (const [i, wanted] of expected.entries()) {
          // Below 1e-30 of a tail nothing is left to learn from; exp of a large argument loses its share of digits.
          if (Math.abs(wanted) < 1e-30) continue
          const allowed = 1e-6 * (1 + Math.min(90, Math.abs(inputs[i])) / 3)
          expect(Math.abs(measured[i] / wanted - 1), `${activation}(${inputs[i]})`).toBeLessThan(allowed)
        }
      },
    )
  })
}
