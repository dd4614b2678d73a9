// How do explicit per-sample gradients enter a Gram matrix? A square at a time, which the cache holds; the upper half as a mirror image.
import { timesTransposed } from './matrixProducts.ts'

/** Rows and columns of a square; a multiple of the tiles of the product. */
const SIDE = 32

/** into [count, count] += vectors [count, width] times their transpose. */
export async function addGram(
  vectors: Float64Array,
  count: number,
  width: number,
  into: Float64Array,
  pause: () => Promise<void>,
): Promise<void> {
  const products = new Float64Array(SIDE * SIDE)
  const rowsOf = (start: number, end: number) => vectors.subarray(start * width, end * width)
  for (let first = 0; first < count; first += SIDE) {
    const end = Math.min(count, first + SIDE)
    for (let second = 0; second <= first; second += SIDE) {
      const stop = Math.min(count, second + SIDE)
      const columns = stop - second
      timesTransposed(rowsOf(first, end), rowsOf(second, stop), end - first, width, columns, 1, products, false)
      for (let p = first; p < end; p++) {
        for (let q = second; q < stop && q <= p; q++) addBoth(into, count, p, q, products[(p - first) * columns + q - second])
      }
    }
    await pause()
  }
}

/** Adds an inner product at (p, q) and, off the diagonal, at (q, p). */
export function addBoth(gram: Float64Array, count: number, p: number, q: number, value: number): void {
  gram[p * count + q] += value
  if (q !== p) gram[q * count + p] += value
}
