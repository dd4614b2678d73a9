import { describe, expect, test } from 'vitest'
import { addTransposedTimes, times, timesTransposed } from '../../../src/engine/float64/matrixProducts.ts'
import { normals } from '../reference/problems.ts'

/** Odd and even, below and above the tile of 4 x 4. */
const SHAPES = [
  [1, 1, 1],
  [2, 4, 4],
  [3, 5, 7],
  [4, 9, 6],
  [5, 2, 11],
  [8, 8, 8],
  [11, 6, 9],
] as const

/** Sum over the inner index in order, as the obvious loop does. */
const plain = (rows: number, columns: number, inner: number, term: (r: number, c: number, t: number) => number): number[] =>
  Array.from({ length: rows * columns }, (_, at) => {
    let sum = 0
    for (let t = 0; t < inner; t++) sum += term(Math.floor(at / columns), at % columns, t)
    return sum
  })

describe.each(SHAPES)('a product of %i rows, %i inputs, %i outputs', (n, width, out) => {
  const h = normals(n * width, 'h')
  const w = normals(out * width, 'w')
  const d = normals(n * out, 'd')
  const scaled = (values: number[], start = 0): number[] => values.map((value) => start + 0.5 * value)

  test('timesTransposed has the bits of the triple loop, fresh or added', () => {
    const expected = plain(n, out, width, (i, o, k) => h[i * width + k] * w[o * width + k])
    const into = new Float64Array(n * out).fill(9)
    timesTransposed(h, w, n, width, out, 0.5, into, false)
    expect(Array.from(into)).toEqual(scaled(expected))
    into.fill(9)
    timesTransposed(h, w, n, width, out, 0.5, into, true)
    expect(Array.from(into)).toEqual(scaled(expected, 9))
  })
  test('times has the bits of the triple loop, fresh or added', () => {
    const expected = plain(n, width, out, (i, k, o) => d[i * out + o] * w[o * width + k])
    const into = new Float64Array(n * width).fill(9)
    times(d, w, n, out, width, 0.5, into, false)
    expect(Array.from(into)).toEqual(scaled(expected))
    into.fill(9)
    times(d, w, n, out, width, 0.5, into, true)
    expect(Array.from(into)).toEqual(scaled(expected, 9))
  })
  test('addTransposedTimes has the bits of the triple loop', () => {
    const expected = plain(out, width, n, (o, k, i) => d[i * out + o] * h[i * width + k])
    const into = new Float64Array(out * width).fill(9)
    addTransposedTimes(d, h, n, out, width, 0.5, into)
    expect(Array.from(into)).toEqual(scaled(expected, 9))
  })
  test('does not write beyond the rows it was given', () => {
    const into = new Float64Array((n + 1) * out).fill(7)
    timesTransposed(h, w, n, width, out, 1, into, false)
    expect(Array.from(into.subarray(n * out))).toEqual(Array.from({ length: out }, () => 7))
  })
})
