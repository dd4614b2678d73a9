// The small parts of a run: schedule, time budget, pace, queue of samples, checkpoints, replies. Each title finishes its subject's sentence.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DEFAULT_EXPERIMENT } from '../../src/core/defaults.ts'
import type { LossSample, Sample } from '../../src/core/sample.ts'
import type { StreamBody } from '../../src/protocol/addressed.ts'
import { createCheckpoints } from '../../src/runtime/checkpoint.ts'
import { largestIndex } from '../../src/runtime/divergedLayer.ts'
import { createPacing } from '../../src/runtime/pacing.ts'
import { createReplies, TAKEN_BACK, type Answer } from '../../src/runtime/replies.ts'
import { createSampleQueue, MAX_WAITING_BYTES, mergedLosses } from '../../src/runtime/sampleQueue.ts'
import { isDue, nextDue } from '../../src/runtime/schedule.ts'
import { createTimeBudget } from '../../src/runtime/timeBudget.ts'
import { bytesOf, transferablesOf } from '../../src/runtime/transferables.ts'

describe('the schedule', () => {
  test('is step 0, the powers of two before the first period, then every period', () => {
    const due = Array.from({ length: 61 }, (_, step) => step).filter((step) => isDue(step, 20))
    expect(due).toEqual([0, 1, 2, 4, 8, 16, 20, 40, 60])
  })
  test('is never for a period of 0', () => {
    expect([isDue(0, 0), isDue(7, 0), nextDue(7, 0)]).toEqual([false, false, Infinity])
  })
  test('names as the next due step the first one that is due', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 500 }), fc.integer({ min: 1, max: 130 }), (step, every) => {
        let twin = step + 1
        while (!isDue(twin, every)) twin++
        expect(nextDue(step, every)).toBe(twin)
      }),
      { seed: 20_260_303, numRuns: 300 },
    )
  })
})

describe('the time budget', () => {
  /** A run of 10 ms chunks; each instrument is asked for after each. Shares of the whole time, instrument by instrument. */
  function sharesOf(share: number, costs: Readonly<Record<string, number>>): number[] {
    const budget = createTimeBudget<string>(share)
    const spent = Object.keys(costs).map(() => 0)
    let training = 0
    while (training < 60_000) {
      training += 10
      budget.earn(10, Object.keys(costs))
      Object.entries(costs).forEach(([name, cost], i) => {
        if (!budget.mayMeasure(name)) return
        budget.spend(name, cost)
        spent[i] += cost
      })
    }
    const total = spent.reduce((sum, time) => sum + time, training)
    return spent.map((time) => time / total)
  }
  test.each([
    [0.5, { a: 3, b: 3 }],
    [0.5, { a: 400, b: 900 }],
    [0.2, { a: 50, b: 2 }],
    [0.5, { a: 0.1, b: 2000, c: 30 }],
  ])('keeps all instruments together to a share of %d, whatever they cost: %o', (share, costs) => {
    const used = sharesOf(share, costs).reduce((sum, part) => sum + part, 0)
    // The last measurement of each may be overdrawn: 2 s of 120.
    expect(used).toBeLessThan(share + 0.02)
    // Used up, but where the cheap ones want less than all and the savings are capped.
    expect(used).toBeGreaterThan(share * 0.85 - (Math.max(...Object.values(costs)) < 5 ? share * 0.7 : 0))
  })
  test('does not let an expensive instrument silence a cheap one, and gives it what that one leaves', () => {
    const [cheap, expensive] = sharesOf(0.5, { cheap: 1, expensive: 2000 })
    // 1 ms after each 10 ms of training is all that the cheap one wants.
    expect(cheap).toBeGreaterThan(0.04)
    expect(expensive).toBeGreaterThan(0.4)
  })
  test('never refuses at a share of 1 and always at 0', () => {
    const [all, none] = [createTimeBudget<'a'>(1), createTimeBudget<'a'>(0)]
    all.spend('a', 1e9)
    none.earn(1e9, ['a'])
    expect([all.mayMeasure('a'), none.mayMeasure('a')]).toEqual([true, false])
  })
  test('forgets what was earned long ago, and keeps debts when the share changes', () => {
    const budget = createTimeBudget<'a'>(0.5)
    budget.earn(3_600_000, ['a'])
    budget.spend('a', 100)
    budget.setShare(0.9)
    expect(budget.mayMeasure('a')).toBe(false)
  })
})

describe('the pace', () => {
  test('gives as many steps as were asked for per second, evenly', () => {
    const pacing = createPacing()
    let [now, step] = [0, 0]
    while (now < 10_000) {
      const { steps, wait } = pacing.allowance(now, step, 40)
      expect(steps).toBeLessThanOrEqual(2)
      step += steps
      now += steps === 0 ? wait : 1
    }
    // 10 s at 40 steps a second, the first one at once.
    expect(Math.abs(step - 401)).toBeLessThanOrEqual(1)
  })
  test('does not rush after a long pause or a long measurement', () => {
    const pacing = createPacing()
    pacing.allowance(0, 0, 10)
    expect(pacing.allowance(60_000, 1, 10).steps).toBe(1)
    expect(pacing.allowance(60_001, 2, 10).steps).toBe(0)
  })
  test('knows no bound without a pace', () => {
    expect(createPacing().allowance(0, 0, null)).toEqual({ steps: Infinity, wait: 0 })
  })
})

const losses = (arm: 'A' | 'B', step: number, values: number[], seedCount = 1): LossSample => ({
  type: 'loss',
  arm,
  step,
  seedCount,
  values: Float64Array.from(values),
})
const marker = (step: number): Sample => ({ type: 'unavailable', arm: 'A', step, instrument: 'cosines', reason: 'oneSample' })

describe('the queue of samples', () => {
  test('joins consecutive losses of an arm and keeps the order of everything else', () => {
    const merged = mergedLosses([
      losses('A', 0, [1, 2]),
      losses('B', 0, [9]),
      marker(2),
      losses('A', 2, [3]),
      losses('B', 1, [8]),
      marker(3),
    ])
    expect(merged).toEqual([losses('A', 0, [1, 2, 3]), losses('B', 0, [9, 8]), marker(2), marker(3)])
  })
  test('does not join across a gap or another number of seeds', () => {
    const apart = [losses('A', 0, [1]), losses('A', 2, [3]), losses('A', 3, [4, 5], 2)]
    expect(mergedLosses(apart)).toEqual(apart)
  })
  test('gives one message at a time and ignores a stale acknowledgement', () => {
    const queue = createSampleQueue()
    queue.push(marker(1))
    expect(queue.take()).toMatchObject({ sequence: 1 })
    queue.push(marker(2))
    expect(queue.take()).toBeNull()
    queue.acknowledge(7)
    expect(queue.take()).toBeNull()
    queue.acknowledge(1)
    expect(queue.take()).toEqual({ sequence: 2, samples: [marker(2)] })
    queue.acknowledge(2)
    expect(queue.isIdle()).toBe(true)
  })
  test('is full only while something is unanswered', () => {
    const queue = createSampleQueue()
    queue.push(marker(1))
    queue.take()
    queue.push({ ...losses('A', 0, []), values: new Float64Array(MAX_WAITING_BYTES / 8 + 1) })
    expect(queue.isFull()).toBe(true)
    queue.acknowledge(1)
    expect(queue.isFull()).toBe(false)
  })
})

describe('checkpoints', () => {
  /** A clock that stands still but for the checkpoints, each of which takes `cost`. */
  function taken(cost: number) {
    const clock = { now: 1000, step: 0 }
    const posted: StreamBody[] = []
    const checkpoints = createCheckpoints({ now: () => clock.now }, { post: (message) => posted.push(message) }, async () => {
      clock.now += cost
      return { step: clock.step, experiment: DEFAULT_EXPERIMENT, payload: { weights: new Float64Array(3) } }
    })
    checkpoints.begin()
    return { clock, posted, checkpoints }
  }
  test.each([
    ['every 2 s', 10, 2000],
    ['20 times their own cost apart where that is longer', 150, 3000],
  ])('are %s', async (_, cost, interval) => {
    const { clock, posted, checkpoints } = taken(cost)
    clock.now += 2000
    await checkpoints.takeIfDue()
    expect(posted).toHaveLength(1)
    expect(posted[0]).toMatchObject({ type: 'checkpointed', duration: cost, bytes: 24 })
    clock.now += interval - 1
    await checkpoints.takeIfDue()
    expect(posted).toHaveLength(1)
    clock.now += 1
    await checkpoints.takeIfDue()
    expect(posted).toHaveLength(2)
  })
  test('are taken at once where the run stands elsewhere than the last one, and never at step 0', async () => {
    const { clock, posted, checkpoints } = taken(10)
    await checkpoints.takeIfMoved(0)
    expect(posted).toEqual([])
    clock.step = 5
    await checkpoints.takeIfMoved(5)
    await checkpoints.takeIfMoved(5)
    expect(posted).toMatchObject([{ checkpoint: { step: 5 } }])
    clock.step = 6
    await checkpoints.takeIfMoved(6)
    expect(posted).toHaveLength(2)
  })
})

describe('replies', () => {
  const request = { type: 'snapshot', requestId: 7, runId: 1, epoch: 0, arm: 'A', seedIndex: 0 } as const
  const answersTo = async (work: () => Promise<unknown>): Promise<Answer[]> => {
    const answers: Answer[] = []
    await createReplies((answer) => answers.push(answer)).respond(request, work)
    return answers
  }
  test('hold what the work gave, or its fault in words', async () => {
    expect(await answersTo(async () => 5)).toEqual([{ requestId: 7, ok: true, value: 5 }])
    const failed = await answersTo(async () => {
      throw new Error('no room')
    })
    expect(failed).toMatchObject([{ requestId: 7, ok: false }])
    expect(JSON.stringify(failed)).toContain('no room')
  })
  test('say that the request was taken back where its work was cut short', async () => {
    const cut = await answersTo(async () => {
      throw new DOMException('it was taken back', 'AbortError')
    })
    expect(cut).toEqual([{ requestId: 7, ok: false, fault: { type: 'unsupported', detail: TAKEN_BACK } }])
  })
  test('refuse requests that never come to their turn, and are silent on commands', () => {
    const answers: Answer[] = []
    const { refuse } = createReplies((answer) => answers.push(answer))
    refuse({ type: 'measureNow', instrument: 'hessian', runId: 1, epoch: 0 })
    expect(answers).toEqual([])
    refuse(request)
    expect(answers).toEqual([{ requestId: 7, ok: false, fault: { type: 'unsupported', detail: 'The run has ended.' } }])
  })
})

test('transferablesOf lists every buffer once, however deep, and bytesOf counts them', () => {
  const shared = new Float64Array(4)
  const message = { a: [shared, { b: new Int32Array(3) }], c: shared, d: 'text', e: null, empty: new Float64Array(0) }
  expect(transferablesOf(message)).toHaveLength(2)
  expect(bytesOf(message)).toBe(32 + 12 + 32)
})

test('largestIndex prefers what is not a number to any number', () => {
  expect(largestIndex(Float64Array.of(1, 5, -Infinity, 2))).toBe(1)
  expect(largestIndex(Float64Array.of(1, 5, NaN, 7))).toBe(2)
})
