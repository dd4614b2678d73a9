// How does a 28 x 28 picture become 14 x 14 or 7 x 7? By the mean of each block, so that total brightness is kept.
//
// The block is summed in integers and divided once, so the result is the correctly rounded float32 of the exact mean:
// with block 1 it is exactly pixel / maxPixel.
import { ShapeFault } from '../core/faults.ts'

/** A stack of grey images of equal size with integer pixels. */
export interface PixelStack {
  readonly height: number
  readonly width: number
  readonly maxPixel: number
  /** [count, height * width] row-major. */
  readonly pixels: Uint8Array
}

/**
 * Means over `block` x `block` squares, scaled to [0, 1], of the chosen images.
 *
 * @param rows which images, in the order of the result.
 * @param out where to write: [rows.length, (height / block) * (width / block)] row-major, from entry `offset` on.
 * @throws {ShapeFault} when the block does not divide both sides, or `out` is too short.
 */
export function averagePool(images: PixelStack, rows: ArrayLike<number>, block: number, out: Float32Array, offset = 0): void {
  const { height, width, pixels } = images
  if (!Number.isInteger(block) || block < 1 || height % block !== 0 || width % block !== 0) {
    throw new ShapeFault(`averagePool: block is ${block}, expected a divisor of ${height} and ${width}`)
  }
  const outSize = (height / block) * (width / block)
  if (out.length < offset + rows.length * outSize) {
    throw new ShapeFault(`averagePool: out holds ${out.length} entries, expected at least ${offset + rows.length * outSize}`)
  }
  const divisor = block * block * images.maxPixel
  let place = offset
  for (let i = 0; i < rows.length; i++) {
    const first = rows[i] * height * width
    for (let top = 0; top < height; top += block) {
      for (let left = 0; left < width; left += block) {
        let sum = 0
        for (let y = top; y < top + block; y++) {
          for (let at = first + y * width + left, end = at + block; at < end; at++) sum += pixels[at]
        }
        out[place++] = sum / divisor
      }
    }
  }
}
