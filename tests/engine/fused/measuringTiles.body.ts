// Does a measurement depend on how threads share its rows, or the products of rows? On a software adapter they take more each, and no
// bit may change.
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { Probe, ScaledGram } from '../../../src/core/probe.ts'
import type { NoGpu, OpenedDevice } from '../../../src/engine/device.ts'
import { gramSide } from '../../../src/engine/fused/gramKernel.ts'
import { FusedPass } from '../../../src/engine/fused/pass.ts'
import { samples } from '../reference/problems.ts'
import { problemOptions, stack, withFused } from './trainingFixture.ts'

const set = samples(37)
const batches = [samples(37), samples(20)]

const QUESTIONS: Readonly<Record<string, (probe: Probe) => Promise<unknown>>> = {
  'losses and outputs': (probe) => probe.loss(set),
  'the gradient': (probe) => probe.gradient(set),
  'the Gram matrix of samples': (probe) => probe.perSampleGram(set),
  'pairs of batches': (probe) => probe.batchPairs([[batches[0], batches[1]]]),
}

/** Registers the tests; `open` is asked once. */
export function measuringTilesTests(open: () => Promise<OpenedDevice | NoGpu>): void {
  vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 })
  let opened: OpenedDevice
  beforeAll(async () => {
    const answer = await open()
    if (answer.type === 'noGpu') throw new Error(answer.reason)
    opened = answer
  })
  afterAll(() => {
    vi.restoreAllMocks()
    expect(opened.health.fault).toBeNull()
    opened.device.destroy()
  })

  test('a software adapter measures by whole rows, with the bits of shared ones', async () => {
    const options = problemOptions({ widths: stack(3, 6, 13, 3), activation: 'relu' })
    const create = vi.spyOn(FusedPass, 'create')
    const tilesOf = async (tile?: { rows: number; rowsPerThread: number }): Promise<{ answers: unknown[]; whole: boolean[] }> => {
      create.mockClear()
      const answers: unknown[] = []
      await withFused(
        opened,
        options,
        async (trainer) => {
          for (const ask of Object.values(QUESTIONS)) answers.push(await ask(trainer.probe(0)))
        },
        tile === undefined ? {} : { tile },
      )
      return { answers, whole: create.mock.calls.map(([, shape]) => shape.tile.wholeRows === true) }
    }
    const shared = await tilesOf({ rows: 8, rowsPerThread: 4 })
    const own = await tilesOf()
    expect(shared.whole).not.toContain(true)
    expect(own.whole).toHaveLength(shared.whole.length)
    if (opened.software) expect(own.whole).not.toContain(false)
    for (const [i, question] of Object.keys(QUESTIONS).entries())
      expect({ question, answer: own.answers[i] }).toEqual({ question, answer: shared.answers[i] })
  })

  // 98 rows: the last block of 32 has two, so most of its threads' rows are past the end.
  test('a software adapter takes products of samples by more rows a thread, with the bits of fewer', async () => {
    const many = samples(98)
    const options = problemOptions({ widths: stack(3, 6, 13, 3), activation: 'tanh', samples: 98 })
    const sides: number[] = []
    const gramOf = (software: boolean): Promise<ScaledGram> =>
      withFused({ ...opened, software }, options, (trainer) => trainer.probe(0).scaledPerSampleGram!(many))
    const side = vi.spyOn(FusedPass, 'create')
    const ofMore = await gramOf(true)
    const ofFewer = await gramOf(false)
    for (const [, shape] of side.mock.calls) if (shape.batchRows > 90) sides.push(gramSide(shape))
    expect(sides).toEqual([8, 4])
    expect(ofMore).toEqual(ofFewer)
    expect(ofMore.products.every((product) => Number.isFinite(product))).toBe(true)
    expect(ofMore.products.filter((product) => product === 0).length).toBe(0)
  })
}
