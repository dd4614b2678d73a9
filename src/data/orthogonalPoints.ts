// Which points do not disturb each other at all? Orthogonal ones: a step on one leaves every other loss as it was.
//
// Exactly orthogonal, not up to rounding: the coordinates fall into blocks of 1, 4, 16, 64, 256 or 1024, and each block holds
// a Hadamard matrix whose entries are powers of two. So every inner product is 0 to the last bit in float32, in any order.
import { DomainFault } from '../core/faults.ts'
import type { RandomStream } from '../core/random.ts'

/** At most d orthogonal points exist in d dimensions; splits share one basis and never a point. */
export interface OrthogonalBasis {
  readonly inputs: number
  /** Writes unit vector number `index` (below `inputs`) to `out` from `outAt` on. */
  write(index: number, out: Float32Array, outAt: number): void
}

/**
 * An orthonormal basis in random order, with coordinates in random order and with random signs.
 *
 * Source: GC, remark on logistic regression with orthogonal data (the basis is ours, the paper states none).
 *
 * @throws {DomainFault} when inputs is not a positive whole number.
 */
export function drawOrthogonalBasis(inputs: number, stream: RandomStream): OrthogonalBasis {
  if (!Number.isInteger(inputs) || inputs < 1) {
    throw new DomainFault(`drawOrthogonalBasis: inputs is ${inputs}, expected a whole number from 1`)
  }
  const order = stream.permutation(inputs)
  const coordinates = stream.permutation(inputs)
  const signs = Int8Array.from({ length: inputs }, () => (stream.integer(2) === 0 ? -1 : 1))
  return {
    inputs,
    write(index, out, outAt) {
      const row = order[index]
      const { start, size } = blockOf(row, inputs)
      out.fill(0, outAt, outAt + inputs)
      const scale = 1 / Math.sqrt(size)
      for (let i = 0; i < size; i++) {
        const at = coordinates[start + i]
        out[outAt + at] = signs[at] * scale * (isOdd((row - start) & i) ? -1 : 1)
      }
    },
  }
}

/** The largest powers of 4 that fit, one after the other: their roots are powers of 2, so that entries are exact. */
function blockOf(row: number, inputs: number): { readonly start: number; readonly size: number } {
  let start = 0
  for (;;) {
    let size = 1
    while (4 * size <= inputs - start) size *= 4
    if (row < start + size) return { start, size }
    start += size
  }
}

/** True when an odd number of bits is set. */
function isOdd(bits: number): boolean {
  let rest = bits
  let odd = false
  while (rest !== 0) {
    odd = !odd
    rest &= rest - 1
  }
  return odd
}
