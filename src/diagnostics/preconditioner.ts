// Which curvature does an adaptive optimizer feel?
//
// P^(-1/2) H P^(-1/2) with P = sqrt(v) + eps: symmetric, with the eigenvalues of P^(-1) H. The inverse roots are scaled by
// their largest, so that an eps of 1e-150 does not leave float64; the factor is given back.
import type { OptimizerSettings } from '../core/experiment.ts'

export interface Preconditioner {
  /** [P] P^(-1/2) divided by its largest entry: 0 .. 1. */
  readonly roots: Float64Array
  /** The square of what was divided out: eigenvalues have to be multiplied by it. */
  readonly factor: number
}

/** Null for optimizers without second moments, before the first update, and where the factor would leave float64. */
export function preconditionerOf(
  optimizer: OptimizerSettings & { readonly eps: number },
  secondMoments: Float64Array | null,
): Preconditioner | null {
  if (secondMoments === null || secondMoments.every((v) => v === 0)) return null
  const denominators = secondMoments.map((v) => Math.sqrt(v) + optimizer.eps)
  const smallest = denominators.reduce((least, value) => Math.min(least, value), Infinity)
  const factor = 1 / smallest
  if (!(smallest > 0 && Number.isFinite(factor))) return null
  return { roots: denominators.map((value) => Math.sqrt(smallest / value)), factor }
}

/** Rows of a block scaled entry by entry: block [count, P] times diag(roots). */
export function scaledColumns(block: Float64Array, roots: Float64Array): Float64Array {
  return block.map((entry, at) => entry * roots[at % roots.length])
}

/** diag(roots) H diag(roots) of a dense [P, P] matrix. */
export function preconditionedMatrix(matrix: Float64Array, roots: Float64Array): Float64Array {
  const n = roots.length
  return matrix.map((entry, at) => entry * roots[Math.floor(at / n)] * roots[at % n])
}
