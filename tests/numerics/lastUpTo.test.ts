import { describe, expect, test } from 'vitest'
import { lastUpTo } from '../../src/numerics/lastUpTo.ts'

describe('lastUpTo', () => {
  test.each([0, 1, 2, 3, 8, 33])('finds what a plain search finds among %i values', (count) => {
    const values = Array.from({ length: count }, (_, i) => 2 * Math.floor(i / 2) + 1)
    for (let bound = -1; bound < count + 3; bound += 0.5) {
      expect(lastUpTo(count, (i) => values[i], bound)).toBe(values.findLastIndex((value) => value <= bound))
    }
  })
  test('looks at no value beyond the count', () => {
    expect(lastUpTo(2, (i) => [1, 2, 3][i], 9)).toBe(1)
  })
})
