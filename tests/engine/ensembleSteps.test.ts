// The order of chunks, replays and frozen seeds, on an ensemble of counters: seed s gains s + 1 a step and is finite below its bound.
import { describe, expect, test } from 'vitest'
import { trainSteps, type ChunkOutcome, type SteppedEnsemble } from '../../src/engine/ensembleSteps.ts'
import { unknownNorms } from '../../src/engine/blankNorms.ts'

interface Counted extends ChunkOutcome {
  readonly values: readonly number[]
}

/** `bounds[s]`: the loss of seed s is infinite from this value on; `walls[s]`: an update to this value is not finite. */
function counters(bounds: readonly number[], walls: readonly number[], most: number) {
  const divergedAt = new Int32Array(bounds.length).fill(-1)
  let values: readonly number[] = bounds.map(() => 0)
  let step = 0
  const calls: string[] = []
  const ensemble: SteppedEnsemble<Counted> = {
    divergedAt,
    get step() {
      return step
    },
    chunkAt: async (batches, start) => batches.slice(start, start + most),
    async run(chunk, wantsNorms) {
      calls.push(`run ${chunk.length}`)
      const losses: number[] = []
      let next = values
      for (let index = 0; index < chunk.length; index++) {
        losses.push(...next.map((value, seed) => (value < bounds[seed] ? value : Infinity)))
        next = next.map((value, seed) => (divergedAt[seed] < 0 ? value + seed + 1 : value))
      }
      const told = wantsNorms ? { layerNorms: values.map((_, seed) => ({ ...unknownNorms(1), seed })), layerNormsDuration: 7 } : null
      return {
        losses: Float64Array.from(losses),
        finite: Uint8Array.from(next, (value, seed) => (value < walls[seed] ? 1 : 0)),
        told,
        values: next,
      }
    },
    record: (steps) => calls.push(`record ${steps}`),
    keep(outcome, steps) {
      calls.push(`keep ${steps}`)
      values = outcome.values
      step += steps
    },
    takeBack: () => calls.push('takeBack'),
    freeze(seeds) {
      calls.push(`freeze ${seeds.join(' ')}`)
      for (const seed of seeds) divergedAt[seed] = step
    },
    passOver(steps) {
      step += steps
    },
  }
  return { ensemble, calls, values: () => values }
}

const batches = (count: number): Int32Array[] => Array.from({ length: count }, () => Int32Array.of(0))

describe('trainSteps', () => {
  test('keeps chunk after chunk while all seeds are finite', async () => {
    const { ensemble, calls, values } = counters([99, 99], [99, 99], 3)
    const report = await trainSteps(ensemble, batches(5), 1, false)
    expect(report).toEqual({ losses: Float64Array.of(0, 0, 1, 2, 2, 4, 3, 6, 4, 8), diverged: [] })
    expect(calls).toEqual(['run 3', 'record 3', 'keep 3', 'run 2', 'record 2', 'keep 2'])
    expect([ensemble.step, ...values()]).toEqual([5, 5, 10])
  })
  test('takes back a chunk with a bad loss, freezes the seed at its last finite weights and trains the others as if it were not there', async () => {
    const { ensemble, calls, values } = counters([99, 5], [99, 99], 4)
    const { losses, diverged } = await trainSteps(ensemble, batches(6), 1, false)
    // The loss is met at 6, before which three updates were done; it is told.
    expect(diverged).toEqual([{ seedIndex: 1, step: 3 }])
    expect([...losses]).toEqual([0, 0, 1, 2, 2, 4, 3, Infinity, 4, NaN, 5, NaN])
    expect([ensemble.step, ...values()]).toEqual([6, 6, 6])
    const replayed = 'run 1, keep 1, run 1, keep 1, run 1, keep 1, run 1, takeBack, freeze 1, run 1, keep 1'
    expect(calls.join(', ')).toBe(`run 4, record 4, takeBack, ${replayed}, run 2, record 2, keep 2`)
  })
  test('freezes a seed before the update that leaves the finite numbers, though the loss was finite', async () => {
    const { ensemble, values } = counters([99, 99], [99, 5], 9)
    const { losses, diverged } = await trainSteps(ensemble, batches(4), 1, false)
    expect(diverged).toEqual([{ seedIndex: 1, step: 2 }])
    expect([...losses]).toEqual([0, 0, 1, 2, 2, 4, 3, NaN])
    expect([...values()]).toEqual([4, 4])
  })
  test('counts on when nobody is left, and runs nothing', async () => {
    const { ensemble, calls } = counters([99, 99], [2, 4], 9)
    const { diverged } = await trainSteps(ensemble, batches(5), 1, false)
    expect(diverged).toEqual([
      { seedIndex: 0, step: 1 },
      { seedIndex: 1, step: 1 },
    ])
    expect(ensemble.step).toBe(5)
    const before = calls.length
    expect(await trainSteps(ensemble, batches(2), 1, true)).toEqual({
      losses: new Float64Array(4).fill(NaN),
      diverged: [],
      layerNorms: [unknownNorms(1), unknownNorms(1)],
      layerNormsDuration: 0,
    })
    expect([ensemble.step, calls.length]).toEqual([7, before])
  })
  test('tells the norms of the first chunk, also where it is taken back, and none where there is no batch', async () => {
    const { ensemble } = counters([2], [99], 4)
    const report = await trainSteps(ensemble, batches(4), 1, true)
    expect(report.layerNorms).toEqual([{ ...unknownNorms(1), seed: 0 }])
    expect(report.layerNormsDuration).toBe(7)
    expect(await trainSteps(ensemble, [], 1, true)).toEqual({ losses: new Float64Array(0), diverged: [] })
  })
})
