// The slow, obvious twin of the eigenvalue solvers: cyclic Jacobi rotations until nothing is left off the diagonal.
//
// Slower by a factor of ten, but it keeps small eigenvalues of graded positive definite matrices to relative precision.

/** Ascending eigenvalues of a symmetric matrix, [n, n] row-major. */
export function jacobiEigenvalues(matrix: Float64Array, n: number): Float64Array {
  const a = matrix.slice()
  for (let sweep = 0; sweep < 60; sweep++) {
    let rotated = false
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) {
        const apq = a[p * n + q]
        const app = a[p * n + p]
        const aqq = a[q * n + q]
        if (apq === 0 || Math.abs(apq) <= 1e-17 * Math.sqrt(Math.abs(app)) * Math.sqrt(Math.abs(aqq))) continue
        rotated = true
        const theta = (aqq - app) / (2 * apq)
        const t = Math.abs(theta) > 1e150 ? 1 / (2 * theta) : Math.sign(theta || 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1))
        const c = 1 / Math.sqrt(t * t + 1)
        const s = t * c
        for (let k = 0; k < n; k++) {
          if (k === p || k === q) continue
          const akp = a[k * n + p]
          const akq = a[k * n + q]
          a[k * n + p] = a[p * n + k] = c * akp - s * akq
          a[k * n + q] = a[q * n + k] = s * akp + c * akq
        }
        a[p * n + p] = app - t * apq
        a[q * n + q] = aqq + t * apq
        a[p * n + q] = a[q * n + p] = 0
      }
    }
    if (!rotated) break
  }
  return Float64Array.from({ length: n }, (_, i) => a[i * n + i]).sort()
}
