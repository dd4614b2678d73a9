// Does an axis stay still until it must move, and tell when it does?
import { describe, expect, test } from 'vitest'
import { createAxisMemory, settleDomain } from '../../src/plots/axisMemory.ts'

const growth = { grid: 1, headroom: 1 }

describe('settleDomain', () => {
  test('fits the first data to the grid without a cue', () => {
    const memory = createAxisMemory()
    expect(settleDomain(memory, -4.3, -0.3, growth)).toEqual([-5, 0])
    expect(memory.rescaled).toBe(false)
  })

  test('gives a single value one step of the grid', () => {
    expect(settleDomain(createAxisMemory(), -2, -2, growth)).toEqual([-2, -1])
  })

  test('does not move while data stay inside', () => {
    const memory = createAxisMemory()
    settleDomain(memory, -5, 0, growth)
    expect(settleDomain(memory, -4.9, -1, growth)).toEqual([-5, 0])
    expect(memory.rescaled).toBe(false)
  })

  test('grows with headroom on the side that data left, with a cue that lasts one call', () => {
    const memory = createAxisMemory()
    settleDomain(memory, -5, 0, growth)
    expect(settleDomain(memory, -5.1, 0, growth)).toEqual([-7, 0])
    expect(memory.rescaled).toBe(true)
    settleDomain(memory, -5.1, 0, growth)
    expect(memory.rescaled).toBe(false)
  })

  test('needs fewer changes than decades to follow a loss down 12 decades', () => {
    const memory = createAxisMemory()
    let changes = 0
    for (let low = 0; low >= -12; low -= 0.1) {
      settleDomain(memory, low, 0, growth)
      if (memory.rescaled) changes++
    }
    expect(changes).toBeLessThanOrEqual(8)
  })

  test('shrinks only after 90 quiet draws in a row', () => {
    const memory = createAxisMemory()
    settleDomain(memory, -20, 0, growth)
    const quiet = (draws: number) => {
      for (let k = 0; k < draws; k++) settleDomain(memory, -3, 0, growth)
    }
    quiet(89)
    settleDomain(memory, -19, 0, growth)
    quiet(89)
    expect(memory.domain).toEqual([-20, 0])
    quiet(1)
    expect(memory.domain).toEqual([-4, 1])
    expect(memory.rescaled).toBe(true)
  })
})
