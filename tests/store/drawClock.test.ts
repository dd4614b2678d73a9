// Does a frame stay short, and does every plot still get its turn?
import { describe, expect, test } from 'vitest'
import { createDrawClock } from '../../src/store/drawClock.ts'

/** A window whose frames and time are moved by hand. */
function handWindow() {
  let now = 0
  let frames: (() => void)[] = []
  let alarms: { id: number; at: number; action: () => void }[] = []
  let lastAlarm = 0
  let becomesVisible: (() => void) | null = null
  const document = { hidden: false, addEventListener: (_: string, listener: () => void) => (becomesVisible = listener) }
  const view = {
    document,
    performance: { now: () => now },
    requestAnimationFrame: (draw: () => void) => frames.push(draw),
    setTimeout: (action: () => void, delay: number) => {
      alarms.push({ id: ++lastAlarm, at: now + delay, action })
      return lastAlarm
    },
    clearTimeout: (id: number) => (alarms = alarms.filter((alarm) => alarm.id !== id)),
  } as unknown as Window
  return {
    view,
    spend: (milliseconds: number) => {
      now += milliseconds
      const due = alarms.filter(({ at }) => at <= now)
      alarms = alarms.filter(({ at }) => at > now)
      for (const { action } of due) action()
    },
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
        return true
      })
    return { hand, clock, drawn }
  }

  test('draws everything in one frame while that is quick, however often it was asked', () => {
    const { hand, clock, drawn } = scene([0.6, 0.6, 0.6])
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

  test('draws everything at once where it must, and no picture is lost by that', () => {
    const { hand, clock, drawn } = scene([6, 6, 6])
    clock.drawNow()
    expect(drawn).toEqual([0, 1, 2])
    hand.frame()
    expect(drawn).toEqual([0, 1, 2, 0])
  })

  test('draws nothing while hidden, catches up when shown, and forgets who has left', () => {
    const hand = handWindow()
    const clock = createDrawClock(hand.view)
    const drawn: string[] = []
    const leave = clock.register(() => drawn.push('gone') > 0)
    clock.register(() => drawn.push('here') > 0)
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

  test('lets a small plot rest after a picture, the large one never, and draws the last picture of both', () => {
    const hand = handWindow()
    const clock = createDrawClock(hand.view)
    const drawn: string[] = []
    let isNew = true
    clock.register(() => drawn.push('large') > 0)
    clock.register(() => isNew && drawn.push('small') > 0, 100)
    for (let at = 0; at < 160; at += 16) {
      clock.request()
      hand.frame()
      hand.spend(16)
    }
    expect(drawn.filter((name) => name === 'large')).toHaveLength(10)
    expect(drawn.filter((name) => name === 'small')).toHaveLength(2)
    // Nothing is asked any more: the picture that waits comes by itself, once.
    hand.spend(100)
    hand.frame()
    hand.spend(500)
    hand.frame()
    expect(drawn.filter((name) => name === 'small')).toHaveLength(3)
    expect(hand.asked()).toBe(0)
    // What had nothing to draw need not rest.
    isNew = false
    clock.request()
    hand.frame()
    isNew = true
    clock.request()
    hand.frame()
    expect(drawn.filter((name) => name === 'small')).toHaveLength(4)
  })

  test('never lets two pictures that are not quick share a frame, and gives turns by how long each may rest', () => {
    const hand = handWindow()
    const clock = createDrawClock(hand.view)
    const drawn: string[] = []
    const painter = (name: string) => () => {
      drawn.push(name)
      hand.spend(3)
      return true
    }
    clock.register(painter('large'), 30)
    for (const name of ['a', 'b', 'c', 'd']) clock.register(painter(name), 100)
    for (let count = 0; count < 60; count++) {
      const before = drawn.length
      clock.request()
      hand.frame()
      expect(drawn.length - before).toBeLessThanOrEqual(1)
      hand.spend(16 - 3 * (drawn.length - before))
    }
    // One second of sixty frames: room for 62 pictures, of which 73 are wished.
    const times = (name: string) => drawn.filter((other) => other === name).length
    expect(times('large')).toBeGreaterThanOrEqual(20)
    for (const name of ['a', 'b', 'c', 'd']) expect(times(name)).toBeGreaterThanOrEqual(7)
  })

  test('wakes for the plot whose rest ends first, whoever went to rest first', () => {
    const hand = handWindow()
    const clock = createDrawClock(hand.view)
    const drawn: string[] = []
    clock.register(() => drawn.push('small') > 0, 100)
    clock.register(() => drawn.push('large') > 0, 30)
    hand.frame()
    clock.request()
    hand.frame()
    expect(drawn).toEqual(['small', 'large'])
    hand.spend(31)
    hand.frame()
    expect(drawn).toEqual(['small', 'large', 'large'])
    hand.spend(70)
    hand.frame()
    expect(drawn).toEqual(['small', 'large', 'large', 'small'])
    hand.spend(1000)
    expect(hand.asked()).toBe(0)
  })
})
