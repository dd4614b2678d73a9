import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { affordable, interleaved, interleavedUnevenly, repeated } from '../../src/cli/bench/timing.ts'

describe('interleaved', () => {
  test('warms every case once, then takes turns and turns the order round', async () => {
    const calls: string[] = []
    const caseOf = (name: string) => ({ name, run: async () => calls.push(name) })
    const times = await interleaved([caseOf('a'), caseOf('b')], 3)
    expect(calls.join('')).toBe('ab ab ba ab'.replaceAll(' ', ''))
    // A run answers with its place in the order of all calls: the warm-up is not among the times.
    expect(times).toEqual([
      [3, 6, 7],
      [4, 5, 8],
    ])
  })
})

describe('interleavedUnevenly', () => {
  afterEach(() => vi.restoreAllMocks())

  test('lets what is long sit out the later rounds', async () => {
    let clock = 0
    vi.spyOn(performance, 'now').mockImplementation(() => clock)
    const taking = (duration: number) => ({ name: '', run: async () => (clock += duration) })
    const [short, long] = await interleavedUnevenly([taking(1), taking(6000)], 5)
    expect([short.length, long.length]).toEqual([5, 3])
    // The long one ran in the first rounds, so that they can be compared round by round.
    expect(Math.max(...long)).toBeLessThan(Math.max(...short))
  })
})

describe('repeated', () => {
  // A clock that only the work moves: a busy machine cannot change what is counted.
  let clock = 0
  let calls = 0
  const taking = (duration: number) =>
    repeated('work', () => {
      calls++
      clock += duration
    })
  beforeEach(() => {
    clock = 0
    calls = 0
    vi.spyOn(performance, 'now').mockImplementation(() => clock)
  })
  afterEach(() => vi.restoreAllMocks())

  test('finds its count once and then gives the time of one call', async () => {
    const short = taking(0.5)
    await short.run()
    const before = calls
    expect(await short.run()).toBe(0.5)
    // 40 halves of a millisecond fill 20 ms.
    expect(calls - before).toBe(40)
    await short.run()
    expect(calls - before).toBe(80)
  })
  test('does not count the first call, which compiles', async () => {
    let first = true
    const compiling = repeated('work', () => {
      calls++
      clock += first ? 1000 : 10
      first = false
    })
    expect(await compiling.run()).toBe(10)
    const before = calls
    await compiling.run()
    expect(calls - before).toBe(2)
  })
  test('calls something long only once a round', async () => {
    const long = taking(25)
    await long.run()
    const before = calls
    expect(await long.run()).toBe(25)
    expect(calls - before).toBe(1)
  })
  test('ends where the clock stands still', async () => {
    const nothing = taking(0)
    expect(await nothing.run()).toBe(0)
    expect(calls).toBeLessThan(10_000)
  })
})

test('affordable repeats quick work as often as wanted, slow work for eight seconds, and never fewer than five times', () => {
  expect([1, 100, 320].map((each) => affordable(each, 25))).toEqual([25, 25, 25])
  expect([500, 1000, 1600].map((each) => affordable(each, 25))).toEqual([16, 8, 5])
  expect(affordable(60_000, 25)).toBe(5)
  // What wants fewer gets no more.
  expect(affordable(60_000, 3)).toBe(3)
})
