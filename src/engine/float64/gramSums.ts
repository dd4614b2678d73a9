// How do explicit per-sample gradients enter a Gram matrix? A strip of rows at a time, the upper half as a mirror image.
import { timesTransposed } from './matrixProducts.ts'

/** Rows of a strip; even, for the tiles of the product. */
const STRIP = 32

/** into [count, count] += vectors [count, width] times their transpose. */
export async function addGram(
  vectors: Float64Array,
  count: number,
  width: number,
  into: Float64Array,
  pause: () => Promise<void>,
): Promise<void> {
  for (let start = 0; start < count; start += STRIP) {
    const end = Math.min(count, start + STRIP)
    const products = new Float64Array((end - start) * end)
    timesTransposed(vectors.subarray(start * width, end * width), vectors, end - start, width, end, 1, products, false)
    for (let p = start; p < end; p++) {
      for (let q = 0; q <= p; q++) addBoth(into, count, p, q, products[(p - start) * end + q])
    }
    await pause()
  }
}

/** Adds an inner product at (p, q) and, off the diagonal, at (q, p). */
export function addBoth(gram: Float64Array, count: number, p: number, q: number, value: number): void {
  gram[p * count + q] += value
  if (q !== p) gram[q * count + p] += value
}
