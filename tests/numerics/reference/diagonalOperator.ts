// A symmetric operator whose spectrum is written on it.
import type { BlockOperator } from '../../../src/numerics/lanczos.ts'

/** Multiplies each row of the block by diag(values). */
export function diagonalOperator(values: Float64Array): BlockOperator {
  const n = values.length
  return async (block, count) => Float64Array.from({ length: count * n }, (_, k) => block[k] * values[k % n])
}
