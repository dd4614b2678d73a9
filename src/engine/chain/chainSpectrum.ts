// What are all eigenvalues of a chain's Hessian, in O(L^2)?
//
// With nonzero weights it is diagonal plus rank one: F (diag(-r t^2) + c t t^T), t_k = smallest / w_k. With one weight
// exactly 0 it is an arrow, with two a single pair of entries, with more it is 0. So no dense solver is ever needed,
// and small eigenvalues keep their relative accuracy, which a dense solver would drown in the largest.
import { normalised, timesPowerOfTwo } from '../../numerics/logMagnitude.ts'
import { secularEigenvalues } from '../../numerics/secularEigenvalues.ts'
import type { Scaled } from './runningProducts.ts'
import type { ScaledArray } from './scaledArray.ts'

/**
 * Eigenvalues [L] of the loss Hessian, ascending; those outside float64 come as 0 or Infinity.
 *
 * Source: science of chains, VC section 3 (inertia); secular equation, Golub 1973.
 *
 * @param matrix [L, L] the Hessian itself, read only where a weight is 0.
 * @param gradient [L] products over the others.
 * @param residual r = xx P - xy.
 * @param offDiagonal c = 2 xx P - xy.
 */
export function chainSpectrum(
  weights: Float64Array,
  matrix: Float64Array,
  gradient: ScaledArray,
  residual: Scaled,
  offDiagonal: Scaled,
): Float64Array {
  const depth = weights.length
  const zeros: number[] = []
  for (let k = 0; k < depth; k++) if (weights[k] === 0) zeros.push(k)
  if (zeros.length === 0) return secularSpectrum(weights, gradient, residual, offDiagonal)
  const values = new Float64Array(depth)
  if (zeros.length === 1) {
    const z = zeros[0]
    let largest = 0
    for (let l = 0; l < depth; l++) if (l !== z) largest = Math.max(largest, Math.abs(matrix[z * depth + l]))
    let square = 0
    for (let l = 0; l < depth; l++) if (l !== z) square += largest === 0 ? 0 : (matrix[z * depth + l] / largest) ** 2
    const [low, high] = arrowPair(matrix[z * depth + z], largest * Math.sqrt(square))
    // The diagonal entry alone is an eigenvalue when the arm is 0, as for depth 1.
    if (depth === 1) values[0] = matrix[0]
    else {
      values[0] = low
      values[1] = high
    }
  } else if (zeros.length === 2) {
    const entry = Math.abs(matrix[zeros[0] * depth + zeros[1]])
    values[0] = -entry
    values[1] = entry
  }
  return values.sort()
}

/** Eigenvalues of [[head, arm], [arm, 0]], head >= 0, without cancellation. */
function arrowPair(head: number, arm: number): [number, number] {
  const high = head / 2 + Math.hypot(head / 2, arm)
  return [high === 0 ? 0 : -arm * (arm / high), high]
}

function secularSpectrum(weights: Float64Array, gradient: ScaledArray, residual: Scaled, offDiagonal: Scaled): Float64Array {
  const depth = weights.length
  let smallest = 0
  for (let k = 1; k < depth; k++) if (Math.abs(weights[k]) < Math.abs(weights[smallest])) smallest = k
  const ratios = weights.map((weight) => weights[smallest] / weight)
  // Both factors by one power of two, the larger near 1.
  const r = normalised(residual.mantissa, residual.exponent)
  const c = normalised(offDiagonal.mantissa, offDiagonal.exponent)
  const common = Math.max(r.mantissa === 0 ? -Infinity : r.exponent, c.mantissa === 0 ? -Infinity : c.exponent)
  if (common === -Infinity) return new Float64Array(depth)
  const diagonalFactor = -timesPowerOfTwo(r.mantissa, r.exponent - common)
  const rankFactor = timesPowerOfTwo(c.mantissa, c.exponent - common)
  const values = secularEigenvalues(
    ratios.map((ratio) => diagonalFactor * ratio * ratio),
    ratios,
    rankFactor,
  )
  const top = normalised(gradient.mantissa[smallest], gradient.exponent[smallest])
  const bottom = normalised(weights[smallest])
  const factor = top.mantissa / bottom.mantissa
  const exponent = top.exponent - bottom.exponent + common
  return values.map((value) => timesPowerOfTwo(value * factor, exponent)).sort()
}
