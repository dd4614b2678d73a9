// Each title finishes the sentence "tileExtent ...".
import { expect, test } from 'vitest'
import { tileExtent } from '../../../src/engine/network/correlate.ts'

const covered = (length: number, most: number) => Math.ceil(length / tileExtent(length, most)) * tileExtent(length, most)

test('divides what can be divided: the images of the families leave no overlap', () => {
  for (const length of [1, 4, 7, 8, 14, 16, 28, 32]) expect(covered(length, 8)).toBe(length)
  expect([7, 14, 32].map((length) => tileExtent(length, 8))).toEqual([7, 7, 8])
})

test('is never longer than the image or the most, and no other extent of at least half of that covers with less', () => {
  for (let length = 1; length <= 40; length++) {
    for (let most = 1; most <= 8; most++) {
      const largest = Math.min(length, most)
      expect(tileExtent(length, most)).toBeLessThanOrEqual(largest)
      for (let other = Math.ceil(largest / 2); other <= largest; other++) {
        expect(covered(length, most)).toBeLessThanOrEqual(Math.ceil(length / other) * other)
      }
    }
  }
})
