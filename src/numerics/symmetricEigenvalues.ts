// What are all the eigenvalues of a dense symmetric matrix?
//
// Householder reduction to tridiagonal form, then implicit QL; values only, in float64, because vectors would
// cost three times as much and nobody asks for them. Works on one triangle, row by row, so that memory is
// read in order: 1500 x 1500 takes seconds, run it in the second worker.
import { DomainFault, ShapeFault } from '../core/faults.ts'
import { binaryExponent } from './logMagnitude.ts'
import { tridiagonalEigenvalues } from './tridiagonalEigen.ts'

/**
 * Eigenvalues of a symmetric matrix in ascending order.
 *
 * Error at most a few 1e-16 times the largest; the input is scaled, so 1e-200 is an ordinary size. Reads the
 * lower triangle only and leaves the input as it is.
 * Source: Householder 1958; Martin, Reinsch, Wilkinson 1968.
 *
 * @param matrix [n, n] row-major.
 * @throws {ShapeFault} when matrix does not hold n^2 entries.
 * @throws {DomainFault} when an entry is not finite.
 */
export function symmetricEigenvalues(matrix: Float64Array, n: number): Float64Array {
  if (matrix.length !== n * n) {
    throw new ShapeFault(`symmetricEigenvalues: matrix holds ${matrix.length} entries, expected n^2 = ${n * n}`)
  }
  if (n === 0) return new Float64Array(0)
  let largest = 0
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      const size = Math.abs(matrix[i * n + j])
      if (!Number.isFinite(size))
        throw new DomainFault(`symmetricEigenvalues: entry [${i}, ${j}] is not finite, got ${matrix[i * n + j]}, expected finite numbers`)
      if (size > largest) largest = size
    }
  }
  if (largest === 0) return new Float64Array(n)
  const exponent = binaryExponent(largest)
  const lower = scaledLowerTriangle(matrix, n, exponent)
  const { diagonal, offDiagonal } = tridiagonalised(lower)
  const values = tridiagonalEigenvalues(diagonal, offDiagonal)
  const up = powerPair(exponent)
  for (let i = 0; i < n; i++) values[i] = values[i] * up[0] * up[1]
  return values
}

/** 2 ** exponent as a product of two factors that both exist in float64. */
function powerPair(exponent: number): [number, number] {
  const half = Math.trunc(exponent / 2)
  return [2 ** half, 2 ** (exponent - half)]
}

/** Rows 0 .. i of the lower triangle, divided by 2 ** exponent, rows ordered by ascending diagonal. */
function scaledLowerTriangle(matrix: Float64Array, n: number, exponent: number): Float64Array[] {
  const down = powerPair(-exponent)
  // The reduction works from the last row up: it keeps small eigenvalues of graded matrices only when the large rows come last.
  const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => Math.abs(matrix[i * n + i]) - Math.abs(matrix[j * n + j]))
  return order.map((source, i) => {
    const row = new Float64Array(i + 1)
    for (let j = 0; j <= i; j++) {
      const other = order[j]
      const entry = source >= other ? matrix[source * n + other] : matrix[other * n + source]
      row[j] = entry * down[0] * down[1]
    }
    return row
  })
}

/** Destroys the rows. */
function tridiagonalised(rows: Float64Array[]): { diagonal: Float64Array; offDiagonal: Float64Array } {
  const n = rows.length
  const diagonal = new Float64Array(n)
  const offDiagonal = new Float64Array(Math.max(0, n - 1))
  const p = new Float64Array(n)
  for (let i = n - 1; i > 0; i--) {
    const v = rows[i]
    diagonal[i] = v[i]
    offDiagonal[i - 1] = reflectInto(v, i)
    const half = v[i]
    if (half !== 0) applyReflection(rows, i, v, half, p)
  }
  diagonal[0] = rows[0][0]
  return { diagonal, offDiagonal }
}

/**
 * Turns the first `length` entries of v into a Householder vector that moves them onto their last one.
 * Returns that coupling and leaves half the squared length of the vector in v[length] (0: nothing to do).
 */
function reflectInto(v: Float64Array, length: number): number {
  let scale = 0
  for (let k = 0; k < length - 1; k++) scale = Math.max(scale, Math.abs(v[k]))
  const pivot = v[length - 1]
  if (scale === 0) {
    v[length] = 0
    return pivot
  }
  scale = Math.max(scale, Math.abs(pivot))
  let square = 0
  for (let k = 0; k < length; k++) {
    v[k] /= scale
    square += v[k] * v[k]
  }
  const scaledPivot = v[length - 1]
  const target = scaledPivot >= 0 ? -Math.sqrt(square) : Math.sqrt(square)
  v[length - 1] = scaledPivot - target
  v[length] = square - scaledPivot * target
  return scale * target
}

/** rows <- (1 - v v'/half) rows (1 - v v'/half) on the leading `size` block; p is scratch. */
function applyReflection(rows: readonly Float64Array[], size: number, v: Float64Array, half: number, p: Float64Array): void {
  p.fill(0, 0, size)
  for (let j = 0; j < size; j++) {
    const row = rows[j]
    const vj = v[j]
    let sum = 0
    for (let k = 0; k < j; k++) {
      sum += row[k] * v[k]
      p[k] += row[k] * vj
    }
    p[j] += sum + row[j] * vj
  }
  let projection = 0
  for (let j = 0; j < size; j++) {
    p[j] /= half
    projection += p[j] * v[j]
  }
  const correction = projection / (2 * half)
  for (let j = 0; j < size; j++) p[j] -= correction * v[j]
  for (let j = 0; j < size; j++) {
    const row = rows[j]
    const vj = v[j]
    const pj = p[j]
    for (let k = 0; k <= j; k++) row[k] -= vj * p[k] + pj * v[k]
  }
}
