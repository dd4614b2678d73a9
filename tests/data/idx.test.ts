// parseIdx
import { expect, test } from 'vitest'
import { parseIdx } from '../../src/data/idx.ts'
import { faultOf } from './faultOf.ts'

const images = Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6)

test('parseIdx reads shape and values', () => {
  expect(parseIdx(images, 'a')).toEqual({ shape: [2, 1, 3], values: Uint8Array.of(1, 2, 3, 4, 5, 6) })
})

test.each([
  ['nothing', new Uint8Array(0), 'start like an IDX'],
  ['another signature', Uint8Array.of(1, ...images.slice(1)), 'start like an IDX'],
  ['floats', images.with(2, 13), 'type 13'],
  ['no dimensions', images.with(3, 0), '0 dimensions'],
  ['more dimensions than bytes', images.slice(0, 12), '3 dimensions'],
  ['a missing value', images.slice(0, -1), '5 values where its header announces 2 x 1 x 3'],
  ['sizes beyond all memory', images.with(4, 255).with(8, 255), 'announces'],
])('parseIdx refuses %s', async (_what, bytes, words) => {
  const fault = await faultOf(() => parseIdx(bytes, 'a.idx'))
  expect(fault).toMatchObject({ type: 'dataCorrupt', file: 'a.idx' })
  expect(fault.detail).toContain(words)
})
