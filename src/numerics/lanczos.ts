// What are the extreme eigenvalues of a matrix that is only known by its products with vectors?
//
// Several independent Lanczos recursions run in lockstep, because an engine multiplies a block of vectors for
// little more than one. Full reorthogonalisation against the kept basis: without it float32 products lose
// orthogonality within ten steps and extremes appear twice. The basis is bounded in bytes; fewer steps are reported.
import type { Bytes } from '../core/units.ts'
import { DomainFault, ShapeFault } from '../core/faults.ts'
import type { RandomStream } from '../core/random.ts'
import { norm } from './logMagnitude.ts'
import { tridiagonalEigen } from './tridiagonalEigen.ts'

/** Multiplies `count` vectors, [count, dimension] row-major, by one symmetric matrix; the result has the same shape. */
export type BlockOperator = (block: Float64Array, count: number) => Promise<Float64Array>

/** Default bound on the memory of the basis of all recursions together. */
export const BASIS_LIMIT_BYTES: Bytes = 128 * 1024 * 1024

/** Residual bound over the eigenvalue's own size up to which it counts as converged. */
const OWN_SHARE = 1e-3
/** The same over the largest of the spectrum: what cannot be told from zero beside it has converged to zero. */
const LARGEST_SHARE = 1e-6

/**
 * Whether a Ritz value is known to three digits of its own, or is zero as far as the spectrum's scale can tell.
 *
 * Its own, because the ends of a Hessian differ by orders: 1e-3 of the largest may be all that the smallest is.
 *
 * @param largest |eigenvalue| of the spectrum.
 */
export function isConverged(value: number, residual: number, largest: number): boolean {
  return residual <= Math.max(OWN_SHARE * Math.abs(value), LARGEST_SHARE * largest)
}

/** How to run the recursions. */
export interface LanczosOptions {
  /** Wanted number of steps; at most `dimension` are done. */
  readonly steps: number
  /** Number of independent recursions (start vectors), 1 by default. */
  readonly recursions?: number
  /** Bound on the basis of all recursions together, `BASIS_LIMIT_BYTES` by default. */
  readonly basisLimitBytes?: Bytes
  /** Rejects the returned promise between two steps. */
  readonly signal?: AbortSignal
}

/** What one recursion found. */
export interface LanczosResult {
  /** [steps] diagonal of the tridiagonal matrix. */
  readonly alphas: Float64Array
  /** [steps] couplings; the last one leads out of the basis and scales the residual bounds. */
  readonly betas: Float64Array
  /** [steps] ascending. */
  readonly ritzValues: Float64Array
  /** [steps] quadrature weights, squares of the first components; they sum to 1. */
  readonly ritzWeights: Float64Array
  /** [steps] |beta_k s_k|: an eigenvalue lies within this of the Ritz value. Infinite precision of the operator assumed. */
  readonly residuals: Float64Array
  /** [steps] see `isConverged`. */
  readonly converged: readonly boolean[]
  readonly requestedSteps: number
  /** Why it ended: all steps done, the basis was full, or the start vector's invariant subspace was complete (values exact). */
  readonly endedBy: 'steps' | 'memory' | 'invariant'
}

/**
 * Ritz values with residual bounds from random unit start vectors.
 *
 * With steps = dimension the Ritz values are all eigenvalues that the start vector touches.
 * Source: Lanczos 1950; Paige 1971 (residual bounds); Daniel et al. 1976 (reorthogonalisation).
 *
 * @param dimension length P of the vectors.
 * @param stream gives the start vectors (normal entries); one recursion after the other.
 * @throws {DomainFault} when steps or dimension is not a positive integer, or a product is not finite.
 * @throws {ShapeFault} when the operator returns another length.
 */
export async function lanczos(
  operator: BlockOperator,
  dimension: number,
  stream: RandomStream,
  options: LanczosOptions,
): Promise<readonly LanczosResult[]> {
  const { steps: requestedSteps, recursions = 1, basisLimitBytes = BASIS_LIMIT_BYTES, signal } = options
  for (const [name, value] of [
    ['steps', requestedSteps],
    ['dimension', dimension],
    ['recursions', recursions],
  ] as const) {
    if (!(Number.isInteger(value) && value >= 1))
      throw new DomainFault(`lanczos: ${name} out of range, got ${value}, expected a positive integer`)
  }
  const affordable = Math.max(1, Math.floor(basisLimitBytes / (8 * dimension * recursions)))
  const steps = Math.min(requestedSteps, dimension, affordable)
  const runs = Array.from({ length: recursions }, () => new Recursion(randomUnitVector(stream, dimension), steps))
  for (let step = 0; step < steps; step++) {
    signal?.throwIfAborted()
    const active = runs.filter((run) => !run.isInvariant)
    if (active.length === 0) break
    const block = new Float64Array(active.length * dimension)
    active.forEach((run, row) => block.set(run.newest(), row * dimension))
    const products = await operator(block, active.length)
    if (products.length !== block.length) {
      throw new ShapeFault(`lanczos: operator returned ${products.length} entries, expected ${block.length}`)
    }
    active.forEach((run, row) => run.advance(products.slice(row * dimension, (row + 1) * dimension)))
  }
  const limited = steps < Math.min(requestedSteps, dimension)
  return runs.map((run) => run.result(requestedSteps, limited))
}

/** Bytes of basis that this many steps need. */
export function lanczosBasisBytes(dimension: number, steps: number, recursions = 1): Bytes {
  return 8 * dimension * Math.min(steps, dimension) * recursions
}

/** Uniformly distributed on the unit sphere. */
export function randomUnitVector(stream: RandomStream, dimension: number): Float64Array {
  const vector = Float64Array.from({ length: dimension }, () => stream.normal())
  const length = norm(vector)
  for (let i = 0; i < dimension; i++) vector[i] /= length
  return vector
}

class Recursion {
  isInvariant = false
  private readonly basis: Float64Array[]
  private readonly alphas: number[] = []
  private readonly betas: number[] = []
  private readonly steps: number
  private largest = 0

  constructor(start: Float64Array, steps: number) {
    this.basis = [start]
    this.steps = steps
  }

  newest(): Float64Array {
    return this.basis[this.basis.length - 1]
  }

  /** Takes the product with the newest vector (and overwrites it). */
  advance(product: Float64Array): void {
    const before = norm(product)
    if (!Number.isFinite(before))
      throw new DomainFault(`lanczos: product ${this.alphas.length} is not finite, got norm ${before}, expected finite numbers`)
    const alpha = dot(product, this.newest())
    this.alphas.push(alpha)
    let length = before
    // Once is enough unless most of the vector was removed ("twice is enough", Kahan and Parlett).
    for (let pass = 0; pass < 2; pass++) {
      for (const vector of this.basis) subtractProjection(product, vector)
      const left = norm(product)
      const lostMuch = left < 0.7 * length
      length = left
      if (!lostMuch) break
    }
    this.largest = Math.max(this.largest, before)
    this.isInvariant = length <= 1e-13 * this.largest
    this.betas.push(this.isInvariant ? 0 : length)
    if (this.isInvariant || this.alphas.length === this.steps) return
    for (let i = 0; i < product.length; i++) product[i] /= length
    this.basis.push(product)
  }

  result(requestedSteps: number, limited: boolean): LanczosResult {
    const alphas = Float64Array.from(this.alphas)
    const betas = Float64Array.from(this.betas)
    const count = alphas.length
    const eigen = tridiagonalEigen(alphas, betas.subarray(0, count - 1))
    const residuals = eigen.last.map((s) => Math.abs(betas[count - 1] * s))
    const size = Math.max(Math.abs(eigen.values[0]), Math.abs(eigen.values[count - 1]))
    return {
      alphas,
      betas,
      ritzValues: eigen.values,
      ritzWeights: eigen.first.map((s) => s * s),
      residuals,
      converged: Array.from(residuals, (residual, i) => isConverged(eigen.values[i], residual, size)),
      requestedSteps,
      endedBy: this.isInvariant ? 'invariant' : limited ? 'memory' : 'steps',
    }
  }
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i]
  return sum
}

function subtractProjection(target: Float64Array, unit: Float64Array): void {
  const share = dot(target, unit)
  if (share === 0) return
  for (let i = 0; i < target.length; i++) target[i] -= share * unit[i]
}
