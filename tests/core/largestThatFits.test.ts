import { describe, expect, test } from 'vitest'
import { largestThatFits } from '../../src/core/largestThatFits.ts'

describe('largestThatFits', () => {
  test.each([1, 2, 3, 7, 8, 99, 2000])('finds every bound below %i', (from) => {
    for (let bound = 1; bound < from; bound++) expect(largestThatFits(from, (value) => value <= bound)).toBe(bound)
  })
  test('is null when not even 1 fits, and 1 when there is nothing smaller', () => {
    expect(largestThatFits(64, () => false)).toBeNull()
    expect(largestThatFits(1, () => false)).toBeNull()
    expect(largestThatFits(1, () => true)).toBe(1)
  })
  test('never tries the number that does not fit, and few of the others', () => {
    const tried: number[] = []
    const found = largestThatFits(1024, (value) => {
      tried.push(value)
      return true
    })
    expect(found).toBe(1023)
    expect(tried).not.toContain(1024)
    expect(tried.length).toBeLessThanOrEqual(11)
  })
})
