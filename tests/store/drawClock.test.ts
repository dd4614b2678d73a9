// Does a frame stay short, and does every plot still get its turn?
import { describe, expect, test } from 'vitest'
import { createDrawClock } from '../../src/store/drawClock.ts'

/** A window whose frames and time are moved by hand. */
function handWindow() {
  let now = 0
  let frames: (() => void)[] = []
  let becomesVisible: (() => void) | null = null
  const document = { hidden: false, addEventListener: (_: string, listener: () => void) => (becomesVisible = listener) }
  const view = {
    document,
    performance: { now: () => now },
    requestAnimationFrame: (draw: () => void) => frames.push(draw),
  } as unknown as Window
  return {
    view,
    spend: (milliseconds: number) => (now += milliseconds),
    asked: () => frames.length,
    frame: () => {
      const due = frames
      frames = []
      for (const draw of due) draw()
    },
    hide: (hidden: boolean) => {
      document.hidden = hidden
      becomesVisible?.()
    },
  }
}

describe('createDrawClock', () => {
  const scene = (costs: readonly number[]) => {
    const hand = handWindow()
    const clock = createDrawClock(hand.view)
    const drawn: number[] = []
    for (const [name, cost] of costs.entries())
      clock.register(() => {
        drawn.push(name)
        hand.spend(cost)
      })
    return { hand, clock, drawn }
  }

  test('draws everything in one frame while that is quick, however often it was asked', () => {
    const { hand, clock, drawn } = scene([1, 1, 1])
    clock.request()
    clock.request()
    expect(hand.asked()).toBe(1)
    hand.frame()
    expect(drawn).toEqual([0, 1, 2])
    expect(hand.asked()).toBe(0)
  })

  test('leaves for the next frame what does not fit, and draws it first even when it is asked again', () => {
    const { hand, clock, drawn } = scene([6, 6, 6])
    hand.frame()
    expect(drawn).toEqual([0])
    clock.request()
    hand.frame()
    clock.request()
    hand.frame()
    expect(drawn).toEqual([0, 1, 2])
    hand.frame()
    expect(drawn.slice(3)).toEqual([0])
  })

  test('draws nothing while hidden, catches up when shown, and forgets who has left', () => {
    const hand = handWindow()
    const clock = createDrawClock(hand.view)
    const drawn: string[] = []
    const leave = clock.register(() => drawn.push('gone'))
    clock.register(() => drawn.push('here'))
    leave()
    hand.frame()
    expect(drawn).toEqual(['here'])
    hand.hide(true)
    clock.request()
    expect(hand.asked()).toBe(0)
    hand.hide(false)
    hand.frame()
    expect(drawn).toEqual(['here', 'here'])
  })
})
