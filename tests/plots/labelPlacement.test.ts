// Do names at line ends keep off each other, and move no more than they must?
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { placeLabels } from '../../src/plots/labelPlacement.ts'

const labels = fc.array(fc.tuple(fc.double({ min: -50, max: 450, noNaN: true }), fc.double({ min: 4, max: 20, noNaN: true })), {
  minLength: 1,
  maxLength: 8,
})

/** Rounding of sums of a few hundred pixels. */
const EPSILON = 1e-6

describe('placeLabels', () => {
  test('leaves labels alone that are far apart', () => {
    expect(placeLabels([100, 10, 50], [12, 12, 12], 0, 200)).toEqual([100, 10, 50])
  })

  test('moves two equal labels by half a height each', () => {
    expect(placeLabels([50, 50], [12, 12], 0, 100)).toEqual([44, 56])
  })

  test('keeps labels inside the range at both ends', () => {
    expect(placeLabels([-30], [10], 0, 100)).toEqual([5])
    expect(placeLabels([130], [10], 0, 100)).toEqual([95])
  })

  test('spreads labels evenly where they cannot all fit', () => {
    expect(placeLabels([5, 5, 5, 5], [10, 10, 10, 10], 0, 20)).toEqual([2.5, 7.5, 12.5, 17.5])
  })

  test('never lets two labels overlap, keeps their order and the range', () => {
    fc.assert(
      fc.property(labels, (items) => {
        const wanted = items.map(([at]) => at)
        const heights = items.map(([, height]) => height)
        const places = placeLabels(wanted, heights, 0, 400)
        const order = wanted.map((_, index) => index).sort((a, b) => places[a] - places[b])
        for (const [rank, index] of order.entries()) {
          expect(places[index] - heights[index] / 2).toBeGreaterThanOrEqual(-EPSILON)
          expect(places[index] + heights[index] / 2).toBeLessThanOrEqual(400 + EPSILON)
          const before = rank === 0 ? index : order[rank - 1]
          expect(rank === 0 || wanted[before] <= wanted[index]).toBe(true)
          expect(rank === 0 || places[index] - places[before] >= (heights[index] + heights[before]) / 2 - EPSILON).toBe(true)
        }
      }),
      { seed: 3, numRuns: 300 },
    )
  })

  test('costs no more than any of a thousand random allowed placements', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 20, max: 180, noNaN: true }), { minLength: 2, maxLength: 4 }),
        fc.infiniteStream(fc.double({ min: 5, max: 195, noNaN: true })),
        (wanted, random) => {
          const heights = wanted.map(() => 10)
          const cost = (places: readonly number[]) => places.reduce((sum, place, index) => sum + (place - wanted[index]) ** 2, 0)
          const best = cost(placeLabels(wanted, heights, 0, 200))
          const order = wanted.map((_, index) => index).sort((a, b) => wanted[a] - wanted[b])
          let cheapest = Infinity
          for (let trial = 0; trial < 40; trial++) {
            const sorted = wanted.map(() => random.next().value as number).sort((a, b) => a - b)
            const apart = sorted.every((value, index) => index === 0 || value - sorted[index - 1] >= 10)
            const places = wanted.map((_, index) => sorted[order.indexOf(index)])
            if (apart) cheapest = Math.min(cheapest, cost(places))
          }
          expect(best).toBeLessThanOrEqual(cheapest + EPSILON)
        },
      ),
      { seed: 4, numRuns: 200 },
    )
  })
})
