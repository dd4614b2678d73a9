// The exponents that a pass's magnitudes call for, without a GPU: a made-up pass of known true sizes.
import { describe, expect, test } from 'vitest'
import type { Extent } from '../../../src/engine/network/extents.ts'
import { plainRange, powerOfTwo, replan, type RangePlan, type Replanned } from '../../../src/engine/network/rangePlan.ts'

/** What float32 shows of an array of true size 2^size stored with an exponent; null is an array of zeros. */
function seen(size: number | null, exponent: number): Extent {
  const stored = size === null ? Number.NEGATIVE_INFINITY : size + exponent
  if (stored < -126) return { largest: 0, squares: 0, absolutes: 0, exponent: 0 }
  if (stored > 127) return { largest: Infinity, squares: Infinity, absolutes: Infinity, exponent: 126 }
  return { largest: 2 ** stored, squares: 1, absolutes: 1, exponent: stored }
}

interface Sizes {
  readonly input: readonly (number | null)[]
  readonly delta: readonly (number | null)[]
  readonly bias?: readonly (number | null)[]
}

function pass(sizes: Sizes, plan: RangePlan, deltasOnly = false): Replanned {
  const { input, delta, bias = delta.map(() => null) } = sizes
  return replan(
    plan,
    {
      input: [null, ...input.map((size, l) => seen(size, plan.input[l + 1]))],
      delta: delta.map((size, l) => seen(size, plan.delta[l])),
      bias: bias.map((size) => (size === null ? null : seen(size, 0))),
    },
    deltasOnly,
  )
}

/** Passes until the plan settles. */
function settle(sizes: Sizes): { outcome: Replanned; passes: number } {
  let outcome = pass(sizes, plainRange(sizes.delta.length))
  let passes = 1
  while (!outcome.settled && passes < 10) {
    outcome = pass(sizes, outcome.plan)
    passes++
  }
  return { outcome, passes }
}

const ramp = (count: number, slope: number) => Array.from({ length: count }, (_, i) => Math.round(slope * (i + 1)))
const reversed = (values: number[]) => values.toReversed()

describe('replan', () => {
  test('leaves an ordinary network alone after one pass, dead layers included', () => {
    const { outcome, passes } = settle({ input: [0, -20, null, null], delta: [null, null, 3, 24] })
    expect(passes).toBe(1)
    expect(outcome.plan).toEqual(plainRange(4))
    expect([...outcome.lost]).toEqual([0, 0, 0, 0])
  })
  test('brings vanishing arrays of 300 layers into range in three passes', () => {
    const { outcome, passes } = settle({ input: ramp(300, -1.3), delta: reversed(ramp(300, -1.3)) })
    expect(outcome.settled).toBe(true)
    expect(passes).toBeLessThanOrEqual(3)
    expect(Math.abs(outcome.plan.input[300] - 390)).toBeLessThanOrEqual(8)
    expect(Math.abs(outcome.plan.delta[0] - 390)).toBeLessThanOrEqual(8)
    expect(outcome.lost.every((flag) => flag === 0)).toBe(true)
  })
  test('brings exploding arrays into range too', () => {
    const { outcome } = settle({ input: ramp(200, 2.2), delta: reversed(ramp(200, 2.2)) })
    expect(outcome.settled).toBe(true)
    expect(outcome.plan.input[200]).toBeLessThan(-430)
  })
  test('tells what the pass lost', () => {
    const { lost } = pass({ input: ramp(10, -20), delta: reversed(ramp(10, -1)) }, plainRange(10))
    // 2^-140 and below are gone: inputs 7 .. 9.
    expect([...lost]).toEqual([0, 0, 0, 0, 0, 0, 0, 1, 1, 1])
  })
  test('leaves activations alone where only deltas may be scaled', () => {
    const sizes = { input: ramp(100, 1), delta: reversed(ramp(100, 1.3)) }
    const first = pass(sizes, plainRange(100), true)
    const second = pass(sizes, first.plan, true)
    expect(second.plan.input).toEqual(plainRange(100).input)
    expect(second.plan.delta[0]).toBeLessThan(-120)
    expect(pass({ input: ramp(100, 1), delta: reversed(ramp(100, 0.1)) }, plainRange(100), true).settled).toBe(true)
  })
  test('keeps a bias that meets a scaled input far from overflow', () => {
    const { outcome } = settle({ input: [-100, -100], delta: [0, 0], bias: [null, -10] })
    expect(outcome.plan.input[1]).toBe(70)
    expect(outcome.settled).toBe(true)
  })
})

test('powerOfTwo stays a normal float32', () => {
  expect([-500, -1, 0, 500].map(powerOfTwo)).toEqual([2 ** -126, 0.5, 1, 2 ** 126])
})

describe('replan for a loss whose delta shrinks with exp(-margin)', () => {
  const tailed = (sizes: Sizes, plan: RangePlan) =>
    replan(
      plan,
      {
        input: [null, ...sizes.input.map((size, l) => seen(size, plan.input[l + 1]))],
        delta: sizes.delta.map((size, l) => seen(size, plan.delta[l])),
        bias: sizes.delta.map(() => null),
      },
      false,
      true,
    )
  const settleTailed = (sizes: Sizes) => {
    let outcome = tailed(sizes, plainRange(sizes.delta.length))
    let passes = 1
    while (!outcome.settled && passes < 10) {
      outcome = tailed(sizes, outcome.plan)
      passes++
    }
    return { outcome, passes }
  }

  test('raises the deltas until a tail far below float32 shows', () => {
    const { outcome, passes } = settleTailed({ input: [0, 0], delta: [-391, -390] })
    expect(outcome.settled).toBe(true)
    expect(passes).toBeLessThanOrEqual(6)
    expect(Math.abs(outcome.plan.delta[1] - 390)).toBeLessThanOrEqual(8)
    expect([...outcome.lost]).toEqual([0, 0])
  })
  test('takes a delta for 0 that shows nothing at the last raise', () => {
    const { outcome } = settleTailed({ input: [0, 0], delta: [null, null] })
    expect(outcome.settled).toBe(true)
    expect([...outcome.lost]).toEqual([0, 0])
  })
  test('leaves an ordinary network alone after one pass', () => {
    const { outcome, passes } = settleTailed({ input: [0, 0], delta: [null, -3] })
    expect(passes).toBe(1)
    expect(outcome.plan).toEqual(plainRange(2))
  })
})

describe('replan of what saturated activations may have made 0', () => {
  const near = { value: false, slope: false }
  const lostOf = (input: readonly (number | null)[], delta: readonly (number | null)[], faded: readonly (typeof near)[]) => [
    ...replan(plainRange(delta.length), {
      input: [null, ...input.map((size) => seen(size, 0))],
      delta: delta.map((size) => seen(size, 0)),
      bias: delta.map(() => null),
      faded,
    }).lost,
  ]

  test('says that deltas behind a slope that float32 has not are lost, and not those behind a true zero', () => {
    const far = { value: false, slope: true }
    expect(lostOf([0, 0, 0], [null, null, 0], [near, far, near])).toEqual([1, 1, 0])
    expect(lostOf([0, 0, 0], [null, null, 0], [far, near, near])).toEqual([0, 0, 0])
    expect(lostOf([0, 0, 0], [-3, -2, 0], [far, far, near])).toEqual([0, 0, 0])
  })
  test('says that layers whose input faded are lost, until something is there again', () => {
    const far = { value: true, slope: false }
    expect(lostOf([null, null, 0], [0, 0, 0], [far, near, near])).toEqual([0, 1, 1])
    expect(lostOf([null, 0, 0], [0, 0, 0], [near, far, near])).toEqual([0, 0, 0])
  })
})
