// What is the smallest eigenvalue of J J^T, when it is too small to be seen in J J^T?
//
// Rounding of the product hides everything below 1e-16 of the largest eigenvalue. The singular values of J itself are
// good to 1e-16 of the largest singular value, so their squares reach 1e-32: J^T = Q R, and [[0, R], [R^T, 0]] has +-sigma.
import { ShapeFault } from '../core/faults.ts'
import type { Probe } from '../core/probe.ts'
import { norm } from '../numerics/logMagnitude.ts'

/** Below this share of the largest eigenvalue the entries of J J^T know nothing of the smallest. */
const UNSEEN: Readonly<Record<Probe['precision'], number>> = { float64: 1e-11, float32: 1e-4 }

/** True where the smallest eigenvalue of the formed kernel is rounding and the Jacobian should be asked. */
export function needsJacobian(lambdaMin: number, lambdaMax: number, precision: Probe['precision']): boolean {
  return lambdaMin < UNSEEN[precision] * lambdaMax
}

/**
 * Ascending squares of the singular values of a Jacobian, as many as it has rows; exact zeros where rows exceed columns.
 *
 * @param jacobian [rows, columns] row-major.
 * @param eigenvalues of a symmetric matrix, ascending.
 * @throws {ShapeFault} when jacobian does not hold rows x columns entries.
 */
export async function squaredSingularValues(
  jacobian: Float64Array,
  rows: number,
  columns: number,
  eigenvalues: (matrix: Float64Array, n: number) => Promise<Float64Array>,
): Promise<Float64Array> {
  if (jacobian.length !== rows * columns) {
    throw new ShapeFault(`squaredSingularValues: jacobian holds ${jacobian.length} entries, expected ${rows} x ${columns}`)
  }
  const triangle = triangularFactor(jacobian, rows, columns)
  const mirrored = new Float64Array(4 * rows * rows)
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < rows; j++) {
      mirrored[i * 2 * rows + rows + j] = triangle[i * rows + j]
      mirrored[(rows + j) * 2 * rows + i] = triangle[i * rows + j]
    }
  }
  const both = await eigenvalues(mirrored, 2 * rows)
  const squares = both.subarray(rows).map((value) => Math.max(0, value) ** 2)
  // With fewer columns than rows the missing singular values are zero by counting, not by rounding.
  return squares.fill(0, 0, Math.max(0, rows - columns))
}

/** A remainder that shrinks to less than half in every one of so many projections is rounding and has no direction. */
const PROJECTIONS = 4

/** [rows, rows] L of J = L Q^T, lower triangular, by Gram-Schmidt on the rows, each projected until its remainder stays. */
function triangularFactor(jacobian: Float64Array, rows: number, columns: number): Float64Array {
  const factor = new Float64Array(rows * rows)
  const basis = new Map<number, Float64Array>()
  for (let i = 0; i < rows; i++) {
    const row = jacobian.slice(i * columns, (i + 1) * columns)
    let length = norm(row)
    for (let pass = 0; pass < PROJECTIONS && length > 0; pass++) {
      const before = length
      for (const [j, unit] of basis) {
        let share = 0
        for (let k = 0; k < columns; k++) share += row[k] * unit[k]
        factor[i * rows + j] += share
        for (let k = 0; k < columns; k++) row[k] -= share * unit[k]
      }
      length = norm(row)
      // A direction made of rounding leans on the others: later rows would be counted along both.
      if (length >= before / 2) break
      if (pass === PROJECTIONS - 1) length = 0
    }
    factor[i * rows + i] = length
    if (length > 0)
      basis.set(
        i,
        row.map((entry) => entry / length),
      )
  }
  return factor
}
