import { describe, expect, test } from 'vitest'
import { StepClock } from '../../src/engine/stepClock.ts'

describe('StepClock', () => {
  test('cuts 50 ms of work by its guess, from 1 step to 4096', () => {
    expect(new StepClock(5).chunk).toBe(10)
    expect(new StepClock(1000).chunk).toBe(1)
    expect(new StepClock(1e-9).chunk).toBe(4096)
  })
  test('comes half way to each measurement', () => {
    const clock = new StepClock(1)
    clock.record(10, 90)
    expect(clock.chunk).toBe(10)
  })
  test('learns nothing from what is below a timer tick', () => {
    const clock = new StepClock(5)
    clock.record(3, 0)
    clock.record(0, 100)
    expect(clock.chunk).toBe(10)
  })
})
