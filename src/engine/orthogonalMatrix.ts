// How does one draw an orthogonal matrix without a preferred direction?
//
// Gram-Schmidt on Gaussian rows, a second pass where much was lost: its triangular factor has a positive diagonal,
// which is what makes the result uniform (Haar); a library's QR would need its signs repaired first.
import type { RandomStream } from '../core/random.ts'

/**
 * A random [rows, columns] row-major matrix with orthonormal rows (rows <= columns) or orthonormal columns (rows > columns).
 *
 * Every entry has variance 1 / max(rows, columns). Source: Saxe et al. 2014; Mezzadri 2007 for the signs.
 */
export function orthogonalMatrix(rows: number, columns: number, stream: RandomStream): Float64Array {
  const count = Math.min(rows, columns)
  const length = Math.max(rows, columns)
  const basis: Float64Array[] = []
  while (basis.length < count) {
    const vector = Float64Array.from({ length }, () => stream.normal())
    let before = norm(vector)
    for (let pass = 0; pass < 2; pass++) {
      for (const other of basis) subtractProjection(vector, other)
      const after = norm(vector)
      // "Twice is enough" (Kahan): only what was mostly lost needs the second pass.
      if (after > 0.5 * before) break
      before = after
    }
    const size = norm(vector)
    if (size === 0) continue
    basis.push(vector.map((value) => value / size))
  }
  const matrix = new Float64Array(rows * columns)
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < length; j++) matrix[rows <= columns ? i * columns + j : j * columns + i] = basis[i][j]
  }
  return matrix
}

function subtractProjection(vector: Float64Array, unit: Float64Array): void {
  let projection = 0
  for (let j = 0; j < vector.length; j++) projection += vector[j] * unit[j]
  for (let j = 0; j < vector.length; j++) vector[j] -= projection * unit[j]
}

function norm(vector: Float64Array): number {
  let square = 0
  for (let j = 0; j < vector.length; j++) square += vector[j] * vector[j]
  return Math.sqrt(square)
}
