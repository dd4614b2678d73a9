// How many digits are left behind many layer norms, and how many could be?
//
// A deep tanh network with norms amplifies every rounding on its way forward, so no float32 computation agrees with float64 to 1e-5
// there. What can be asked is that the kernels lose no more than the problem: the band is how far float64 itself moves when every weight
// moves by half a unit of its last place in float32, one rounding where the kernels make a dozen. Two units are the other extreme: the
// difference between them nearly vanishes in the norm, and a kernel that subtracts nearly equal numbers loses percents where the band is
// a millionth.
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Activation } from '../../../src/core/experiment.ts'
import type { Probe } from '../../../src/core/probe.ts'
import type { NoGpu, OpenedDevice } from '../../../src/engine/device.ts'
import { createFloat64Trainer } from '../../../src/engine/float64/float64Trainer.ts'
import { partsOf } from '../../../src/engine/fused/layout.ts'
import { liveFusedBytes } from '../../../src/engine/fused/ownedBuffers.ts'
import { relativeError } from '../reference/closeness.ts'
import { normals, optimizerOf, samples } from '../reference/problems.ts'
import type { Blocks } from './blocks.ts'
import { probeFixture, type ProbeFixture } from './probeFixture.ts'
import { everyOther, type Extent } from './everyOther.ts'
import { stack } from './trainingFixture.ts'

const set = samples(21, 'probe')

/** Roundings that the kernels make for each weight (products, sums, the norm, the activation), as a multiple of the band. */
const ROUNDINGS = 8
/** Of a part's own largest entry, for two units: some units of the last place a layer. */
const CLOSE_PART = 1e-4

const PAIRS: readonly (readonly [string, Activation, number, Omit<Blocks, 'norm' | 'eps'>])[] = [
  ['tanh', 'tanh', 6, { span: 0 }],
  ['twelve layers of tanh', 'tanh', 12, { span: 0 }],
  ['swish', 'swish', 6, { span: 0 }],
  ['tanh and skips behind it', 'tanh', 8, { span: 2, placement: 'postAct' }],
  ['sigmoids and skips before them', 'sigmoid', 6, { span: 1, placement: 'preAct' }],
]

const QUESTIONS: Readonly<Record<string, (probe: Probe) => Promise<Float64Array>>> = {
  'the gradient': (probe) => probe.gradient(set),
  'a product with the Hessian': (probe) => probe.hessianVectors(normals(probe.parameterCount, 'v'), 1, set),
}

/** Largest difference of any of these float64 answers from the wanted one, each with other weights that round to the same float32. */
async function bandOf(fixture: ProbeFixture, ask: (probe: Probe) => Promise<Float64Array>, wanted: Float64Array): Promise<number> {
  const { context, spec, dataset } = fixture
  const weights = await context.readParameters()
  let band = 0
  for (const name of ['first', 'second', 'third']) {
    const signs = normals(weights.length, name)
    const moved = weights.map((weight, i) => weight * (1 + Math.sign(signs[i]) * 2 ** -25))
    const options = { spec, dataset, probeCount: context.probeCount, optimizer: optimizerOf({}), initialWeights: [moved], reason: '' }
    band = Math.max(band, relativeError(await ask(createFloat64Trainer(options).probe(0)), wanted))
  }
  return band
}

/** Registers the tests; `open` is asked once. */
export function normAccuracyTests(open: () => Promise<OpenedDevice | NoGpu>, extent: Extent = 'all'): void {
  vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })
  let opened: OpenedDevice
  beforeAll(async () => {
    const answer = await open()
    if (answer.type === 'noGpu') throw new Error(answer.reason)
    opened = answer
  })
  afterAll(() => {
    expect(opened.health.fault).toBeNull()
    expect(liveFusedBytes()).toBe(0)
    opened.device.destroy()
  })

  describe.each(everyOther([1, 1.3], extent))('a fused probe of 64 layers of 32 units with norms and tanh, gain %d', (gain) => {
    test.each(Object.keys(QUESTIONS))('measures %s as exactly as float32 weights define it', async (question) => {
      const fixture = probeFixture(opened, {
        widths: stack(64, 32),
        choices: { activation: 'tanh' },
        gain,
        blocks: { norm: true, span: 0 },
      })
      try {
        const ask = QUESTIONS[question]
        const wanted = await ask(fixture.reference)
        const band = await bandOf(fixture, ask, wanted)
        expect(relativeError(await ask(fixture.probe), wanted)).toBeLessThan(ROUNDINGS * band)
        // That such a band is needed: half a unit of the last place, 3e-8, becomes this much.
        if (question !== 'the gradient') expect(band).toBeGreaterThan(3e-5)
      } finally {
        fixture.destroy()
      }
    })
  })

  describe.each(everyOther(PAIRS, extent))('a fused probe of norms of two units, %s', (_name, activation, depth, blocks) => {
    test.each(Object.keys(QUESTIONS))('measures %s of every layer as float64 does', async (question) => {
      const fixture = probeFixture(opened, {
        widths: stack(depth, 2, 5, 3),
        choices: { activation },
        gain: 1.2,
        blocks: { ...blocks, norm: true, eps: 1e-5 },
      })
      try {
        const ask = QUESTIONS[question]
        const [own, wanted] = [await ask(fixture.probe), await ask(fixture.reference)]
        for (const { layer, part, start, end } of partsOf(fixture.spec)) {
          // The mean takes a bias before a norm away: what float64 finds there is rounding.
          if (part === 1 && layer < depth - 1) continue
          expect(relativeError(own.subarray(start, end), wanted.subarray(start, end)), `part ${part} of layer ${layer}`).toBeLessThan(
            CLOSE_PART,
          )
        }
      } finally {
        fixture.destroy()
      }
    })
  })

  test('a norm of two units lets less through of larger signals, by the cube of their size, far beyond what float64 resolves', async () => {
    const fixture = probeFixture(opened, { widths: stack(3, 2, 5, 3), gain: 1.2, blocks: { norm: true, span: 0 } })
    try {
      const weights = await fixture.context.readParameters()
      const [matrix, bias] = partsOf(fixture.spec)
      const normOf = async (size: number): Promise<number> => {
        fixture.setWeights(weights.map((weight, i) => (i < bias.end ? weight * size : weight)))
        const gradient = await fixture.probe.gradient(set)
        return Math.hypot(...gradient.subarray(matrix.start, matrix.end))
      }
      // The second beyond the window in which tiles have no exponent.
      const [inside, beyond] = [await normOf(2 ** 18), await normOf(2 ** 30)]
      expect(Math.log2(inside / beyond)).toBeCloseTo(36, 4)
    } finally {
      fixture.destroy()
    }
  })
}
