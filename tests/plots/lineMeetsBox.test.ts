import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { lineMeetsBox } from '../../src/plots/lineMeetsBox.ts'

const BOX = { x: 10, y: 20, width: 30, height: 8 }

describe('lineMeetsBox', () => {
  test.each([
    ['through', [0, 24, 100, 24], true],
    ['down through', [25, 0, 25, 100], true],
    ['within', [15, 22, 18, 26], true],
    ['over a corner', [0, 28, 20, 18], true],
    ['past a corner', [0, 20, 20, 5], false],
    ['above', [0, 10, 100, 19], false],
    ['along an edge', [0, 20, 100, 20], false],
    ['short of it', [0, 24, 9, 24], false],
    ['with its second part only', [0, 0, 0, 24, 100, 24], true],
    ['with a gap where it would', [0, 24, NaN, NaN, 100, 24], false],
    ['of one point', [25, 24], false],
  ])('says whether a line goes %s', (_, points, wanted) => {
    expect(lineMeetsBox(points, BOX)).toBe(wanted)
  })
  test('agrees with many points on the line', () => {
    const place = fc.double({ min: -20, max: 60, noNaN: true })
    fc.assert(
      fc.property(place, place, place, place, (x0, y0, x1, y1) => {
        const isInside = (t: number, edge: number) => {
          const [x, y] = [x0 + t * (x1 - x0), y0 + t * (y1 - y0)]
          return x > BOX.x + edge && x < BOX.x + BOX.width - edge && y > BOX.y + edge && y < BOX.y + BOX.height - edge
        }
        const steps = Array.from({ length: 400 }, (_, i) => i / 399)
        // Points are 0.3 apart at most.
        if (steps.some((t) => isInside(t, 0))) expect(lineMeetsBox([x0, y0, x1, y1], BOX)).toBe(true)
        else if (!steps.some((t) => isInside(t, -0.3))) expect(lineMeetsBox([x0, y0, x1, y1], BOX)).toBe(false)
      }),
      { seed: 20_261_123, numRuns: 300 },
    )
  })
})
