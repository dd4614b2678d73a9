// averagePool
import { describe, expect, test } from 'vitest'
import { averagePool, type PixelStack } from '../../src/data/averagePooling.ts'
import { namedStream } from '../../src/numerics/streams.ts'

const stream = namedStream(11, 'averagePool')
const stack: PixelStack = { height: 28, width: 28, maxPixel: 255, pixels: Uint8Array.from({ length: 5 * 784 }, () => stream.integer(256)) }

/** The obvious loop: one output pixel at a time, adding up fractions. */
function meanOfBlock(image: number, block: number, y: number, x: number): number {
  let sum = 0
  for (let i = 0; i < block; i++) {
    for (let j = 0; j < block; j++) sum += stack.pixels[image * 784 + (y * block + i) * 28 + x * block + j] / 255
  }
  return sum / (block * block)
}

describe('averagePool', () => {
  test.each([2, 4])('agrees with the obvious loop for blocks of %i', (block) => {
    const side = 28 / block
    const out = new Float32Array(2 * side * side)
    averagePool(stack, [3, 1], block, out)
    for (const [place, image] of [3, 1].entries()) {
      for (let y = 0; y < side; y++) {
        for (let x = 0; x < side; x++) {
          // One rounding to float32 of a number below 1: half of 2^-24, and the loop's own float64 rounding is far below.
          expect(Math.abs(out[(place * side + y) * side + x] - meanOfBlock(image, block, y, x))).toBeLessThan(2 ** -24)
        }
      }
    }
  })

  test('is pixel / maxPixel without pooling, rounded once', () => {
    const out = new Float32Array(784)
    averagePool(stack, [4], 1, out)
    expect(out).toEqual(Float32Array.from(stack.pixels.subarray(4 * 784), (pixel) => pixel / 255))
  })

  test('keeps the mean brightness of a picture', () => {
    const brightness = [1, 2, 4].map((block) => {
      const out = new Float32Array((28 / block) ** 2)
      averagePool(stack, [0], block, out)
      return out.reduce((sum, x) => sum + x, 0) / out.length
    })
    // Roundings of up to 784 float32 numbers below 1 average out well below 2^-24 each.
    expect(brightness[1]).toBeCloseTo(brightness[0], 7)
    expect(brightness[2]).toBeCloseTo(brightness[0], 7)
  })

  test('gives 1 for a white and 0 for a black picture', () => {
    const out = new Float32Array(2)
    averagePool({ height: 2, width: 2, maxPixel: 16, pixels: Uint8Array.of(16, 16, 16, 16, 0, 0, 0, 0) }, [0, 1], 2, out)
    expect(out).toEqual(Float32Array.of(1, 0))
  })

  test('writes from the offset on and nothing else', () => {
    const out = new Float32Array(4).fill(-1)
    averagePool({ height: 1, width: 2, maxPixel: 4, pixels: Uint8Array.of(1, 3) }, [0], 1, out, 1)
    expect(out).toEqual(Float32Array.of(-1, 0.25, 0.75, -1))
  })

  test('refuses a block that does not divide the picture', () => {
    expect(() => averagePool(stack, [0], 3, new Float32Array(784))).toThrow(/divisor of 28/)
  })

  test('refuses an output that is too short', () => {
    expect(() => averagePool(stack, [0, 1], 2, new Float32Array(391))).toThrow(/at least 392/)
  })
})
