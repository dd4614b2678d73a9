// Is a long pass left often enough, wherever the work is, and do its bits not notice?
//
// Nothing is timed: work is counted in multiplications, and a clock that jumps makes every place to give way a turn of the event loop.
import { afterEach, describe, expect, test, vi } from 'vitest'
import { DEFAULT_OPTIMIZER } from '../../../src/core/defaults.ts'
import type { NetworkSpec } from '../../../src/core/networkSpec.ts'
import type { Probe, SampleSet } from '../../../src/core/probe.ts'
import { convPasses } from '../../../src/engine/float64/convLayer.ts'
import { densePasses } from '../../../src/engine/float64/denseLayer.ts'
import { createFloat64Trainer } from '../../../src/engine/float64/float64Trainer.ts'
import { createLinearisedTrainer } from '../../../src/engine/float64/linearisedTrainer.ts'
import { createNetwork } from '../../../src/engine/float64/network.ts'
import { forward } from '../../../src/engine/float64/networkPasses.ts'
import { createTape } from '../../../src/engine/float64/tape.ts'
import { inParts, piecesOfPart, Stretch, whole, type Parts } from '../../../src/engine/parts.ts'
import type { Trainer } from '../../../src/engine/trainer.ts'
import { conv, dense, norm, withHead } from '../reference/layers.ts'
import { normals, optionsOf, randomDataset, randomWeights } from '../reference/problems.ts'

afterEach(() => vi.restoreAllMocks())

function* counting(parts: number): Parts<number> {
  for (let i = 0; i < parts; i++) yield
  return parts
}

describe('parts', () => {
  test('give their result whether anybody gives way or not', async () => {
    let turns = 0
    expect(whole(counting(5))).toBe(5)
    expect(await inParts(counting(5), async () => void turns++)).toBe(5)
    expect(turns).toBe(5)
  })
  test('end where the pause throws', async () => {
    let turns = 0
    const pause = async (): Promise<void> => {
      if (++turns === 3) throw new Error('taken back')
    }
    await expect(inParts(counting(100), pause)).rejects.toThrow('taken back')
    expect(turns).toBe(3)
  })
  test('are as long as ten million multiplications, in whole tiles', () => {
    const stretch = new Stretch()
    expect([4e6, 4e6, 4e6, 4e6].map((work) => stretch.isLong(work))).toEqual([false, false, true, false])
    expect([piecesOfPart(1e6), piecesOfPart(3e6), piecesOfPart(1e9), piecesOfPart(0)]).toEqual([8, 3, 1, 1e7])
  })
})

/** Every pass of a layer at once and in pieces of 1 to 5 channels; rows too where each adds its own. */
const KINDS = [
  { name: 'dense', passes: densePasses(dense(7, 9, { forwardScale: 0.7, biasScale: 0.3 })), inputs: [7, 7], outputs: [9, 9] },
  { name: 'conv', passes: convPasses(conv(3, 6, 5, { forwardScale: 0.7 })), inputs: [3, 75], outputs: [6, 150] },
  {
    name: 'circular conv of stride 2',
    passes: convPasses(conv(4, 5, 6, { stride: 2, paddingMode: 'circular' })),
    inputs: [4, 144],
    outputs: [5, 45],
  },
] as const
const ROWS = 6

describe.each(KINDS)('a $name layer', ({ name, passes, inputs, outputs }) => {
  const [inChannels, inWidth] = inputs
  const [outChannels, outWidth] = outputs
  const block = normals(4000, 'block')
  const direction = normals(4000, 'direction')
  const [input, moved] = [normals(ROWS * inWidth, 'input'), normals(ROWS * inWidth, 'moved')]
  const [delta, deltaTangent] = [normals(ROWS * outWidth, 'delta'), normals(ROWS * outWidth, 'delta tangent')]
  const pieces = (channels: number, each: (first: number, count: number) => void): void => {
    for (let first = 0, size = 1; first < channels; first += size, size = (size % 5) + 1) each(first, Math.min(size, channels - first))
  }
  const isCut = name === 'dense' ? [outChannels] : [outChannels, inChannels]

  test('has the same gradient to the bit when it is cut by outputs', () => {
    const [atOnce, cut] = [new Float64Array(4000), new Float64Array(4000)]
    passes.weightGradient(input, delta, ROWS, atOnce)
    pieces(outChannels, (first, count) => passes.weightGradient(input, delta, ROWS, cut, first, count))
    expect(cut).toEqual(atOnce)
  })
  test('has the same values, tangents and deltas to the bit when rows and channels are cut', () => {
    const results = [inWidth, inWidth, outWidth, outWidth].map((width) => [new Float64Array(ROWS * width), new Float64Array(ROWS * width)])
    const [[back, backCut], [bent, bentCut], [z, zCut], [tangent, tangentCut]] = results
    passes.forward(block, input, ROWS, z)
    passes.tangent(block, direction, input, moved, ROWS, tangent)
    passes.backward(block, delta, ROWS, back)
    passes.backwardTangent(block, direction, delta, deltaTangent, ROWS, bent)
    const parts = (channels: number, each: (first: number, count: number) => void) =>
      isCut.length === 1 ? each(0, channels) : pieces(channels, each)
    for (const [from, rows] of [
      [0, 4],
      [4, 2],
    ]) {
      const at = (values: Float64Array, width: number) => values.subarray(from * width)
      parts(outChannels, (first, count) => {
        passes.forward(block, at(input, inWidth), rows, at(zCut, outWidth), first, count)
        passes.tangent(block, direction, at(input, inWidth), at(moved, inWidth), rows, at(tangentCut, outWidth), first, count)
      })
      parts(inChannels, (first, count) => {
        passes.backward(block, at(delta, outWidth), rows, at(backCut, inWidth), first, count)
        passes.backwardTangent(block, direction, at(delta, outWidth), at(deltaTangent, outWidth), rows, at(bentCut, inWidth), first, count)
      })
    }
    for (const [atOnce, cut] of results) expect(cut).toEqual(atOnce)
  })
})

test.each(KINDS.filter(({ passes }) => passes.addsByRow))(
  'a $name layer has the same gradient to the bit when it is cut by rows',
  ({ passes, inputs: [, inWidth], outputs: [, outWidth] }) => {
    const [input, delta] = [normals(ROWS * inWidth, 'input'), normals(ROWS * outWidth, 'delta')]
    const [atOnce, cut] = [new Float64Array(4000), new Float64Array(4000)]
    passes.weightGradient(input, delta, ROWS, atOnce)
    for (const [from, rows] of [
      [0, 1],
      [1, 3],
      [4, 2],
    ])
      passes.weightGradient(input.subarray(from * inWidth), delta.subarray(from * outWidth), rows, cut)
    expect(cut).toEqual(atOnce)
  },
)

/** Multiplications of one pass of one row. */
const workOf = (spec: NetworkSpec) => createNetwork(spec).layers.reduce((sum, { work }) => sum + work, 0)
/** One row of it is 16 million multiplications: more than a part, so that channels are cut too. */
const IMAGES = withHead([conv(2, 32, 16), conv(32, 192, 16), conv(192, 4, 16, { kernel: 1, padding: 0 })])
const NORMED = withHead([conv(2, 24, 16, { norm: norm('batch') }), conv(24, 96, 16, { norm: norm('batch') }), conv(96, 2, 16)])
const WIDE: NetworkSpec = withHead([dense(512, 1024), dense(1024, 1024)])

const trainerOf = (spec: NetworkSpec, rows: number, linear: boolean): Trainer => {
  const { inputWidth, outputWidth } = createNetwork(spec)
  const options = {
    ...optionsOf(spec, randomDataset(rows, inputWidth, outputWidth, 'squaredError'), [randomWeights(spec, 'start', 0.02)]),
    optimizer: { ...DEFAULT_OPTIMIZER, kind: 'sgd' as const, lr: 1e-3 },
  }
  return linear ? createLinearisedTrainer(options) : createFloat64Trainer(options)
}
const setOf = (rows: number): SampleSet => ({ indices: Int32Array.from({ length: rows }, (_, i) => i), from: 'train' })

/** From now on every look at the clock finds a second gone, and turns of the event loop are counted. */
function countTurns(): { readonly turns: () => number; readonly at: (turn: number, act: () => void) => void } {
  let now = 0
  let turns = 0
  let appointment: { readonly turn: number; readonly act: () => void } | null = null
  vi.spyOn(performance, 'now').mockImplementation(() => (now += 1000))
  const native = globalThis.setTimeout
  vi.spyOn(globalThis, 'setTimeout').mockImplementation((done: () => void) =>
    native(() => {
      turns++
      if (appointment?.turn === turns) appointment.act()
      done()
    }, 0),
  )
  return { turns: () => turns, at: (turn, act) => (appointment = { turn, act }) }
}

type Measure = (probe: Probe, set: SampleSet, signal: AbortSignal) => Promise<unknown>

/** Each with the passes over all rows that it takes at least. */
const MEASURES: readonly (readonly [string, number, Measure])[] = [
  ['loss', 1, (probe, set, signal) => probe.loss(set, signal)],
  ['gradient', 3, (probe, set, signal) => probe.gradient(set, signal)],
  ['gradientNorms', 3, (probe, set, signal) => probe.gradientNorms(set, signal)],
  ['batchPairs', 6, (probe, set, signal) => probe.batchPairs([[set, set]], signal)],
  ['batchGram', 6, (probe, set, signal) => probe.batchGram([set, set], signal)],
  ['perSampleGram', 2, (probe, set, signal) => probe.perSampleGram(set, signal)],
  ['hessianVectors', 6, (probe, set, signal) => probe.hessianVectors(new Float64Array(probe.parameterCount).fill(1), 1, set, signal)],
]

describe.each([
  ['a convolutional network', IMAGES, 2, false],
  ['a network with batch norm', NORMED, 4, false],
  ['a wide dense network', WIDE, 16, false],
  ['a linear model', IMAGES, 2, true],
] as const)('%s', (_name, spec, rows, linear) => {
  const work = rows * workOf(spec)
  const set = setOf(rows)

  test.each(MEASURES)(
    'lets messages in every twenty million multiplications of its %s',
    { timeout: 60_000 },
    async (_what, passes, measure) => {
      const probe = trainerOf(spec, rows, linear).probe(0)
      const { turns } = countTurns()
      await measure(probe, set, new AbortController().signal)
      expect(turns()).toBeGreaterThanOrEqual(Math.floor((passes * work) / 2e7))
    },
  )
  test.each(MEASURES)('ends its %s at the turn in which it is taken back', { timeout: 60_000 }, async (_what, _passes, measure) => {
    const probe = trainerOf(spec, rows, linear).probe(0)
    const { turns, at } = countTurns()
    const controller = new AbortController()
    at(2, () => controller.abort(new Error('taken back')))
    await expect(measure(probe, set, controller.signal)).rejects.toThrow('taken back')
    expect(turns()).toBe(2)
  })
  test('trains a single member with turns in between, to the same bits', { timeout: 60_000 }, async () => {
    const [alone, watched] = [trainerOf(spec, rows, linear), trainerOf(spec, rows, linear)]
    const { losses } = await alone.train([set.indices])
    let turns = 0
    countTurns()
    const report = await watched.train([set.indices], { between: async () => void turns++ })
    expect(turns).toBeGreaterThanOrEqual(Math.floor((3 * work) / 2e7))
    expect(report.losses).toEqual(losses)
    expect(await watched.probe(0).weights()).toEqual(await alone.probe(0).weights())
  })
})

test('a pass over a small network is one part', () => {
  const network = createNetwork(withHead([dense(4, 8), dense(8, 8)]))
  const parts = forward(network, normals(network.parameterCount, 'weights'), 5, createTape(network, 5))
  expect(parts.next().done).toBe(true)
})
