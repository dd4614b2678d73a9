// Do words about nothing stay inside their plot, however small?
import { describe, expect, test } from 'vitest'
import { emptyMarks, emptyWords } from '../../src/plots/emptyState.ts'
import { SMALL_BOX } from './plotSamples.ts'
import { marksOf } from './words.ts'

describe('emptyMarks', () => {
  const words = emptyWords('cosines', 'oneSample')
  const lines = (height: number) => marksOf(emptyMarks(words, { ...SMALL_BOX, width: 200, height, text: 1.64 }), 'text')
  test('stays inside the box: the body goes first, then the circle, and the head stays', () => {
    for (const height of [400, 260, 170, 120, 80, 60]) {
      const texts = lines(height)
      expect(texts.some(({ bold }) => bold === true)).toBe(true)
      for (const { y, size } of texts) {
        expect(y - size).toBeGreaterThanOrEqual(-1)
        // A descender is a quarter of the size.
        expect(y + size / 4).toBeLessThanOrEqual(height + 1)
      }
    }
  })
  test('explains where there is room', () => {
    expect(lines(400).some(({ bold }) => bold !== true)).toBe(true)
    expect(lines(120).some(({ bold }) => bold !== true)).toBe(false)
  })
})
