// What is exact in a linear network with orthogonal weights?
//
// Products of orthogonal matrices keep lengths and angles: gradients have one norm in all layers at every depth, and
// cosines between samples factor into those of residuals and inputs. Square layers, or d_in <= d and outputs <= d.
import { ShapeFault } from '../core/faults.ts'

/**
 * |dL/dW_k|_F, the same for every k and L, of the mean of 1/2 |f - y|^2: |sum_i r_i x_i^T|_F / n.
 *
 * One sample: |f - y| |x|.
 * Source: Orvieto et al. 2021, figure 14; Sankararaman et al. 2020, Theorem 6.1.
 *
 * @param residuals [n, outputs] row-major f - y.
 * @param inputs [n, inputWidth] row-major.
 * @throws {ShapeFault} when the lengths are no multiples of count.
 */
export function orthogonalGradientNorm(residuals: ArrayLike<number>, inputs: ArrayLike<number>, count: number): number {
  const outputs = residuals.length / count
  const inputWidth = inputs.length / count
  if (!Number.isInteger(outputs) || !Number.isInteger(inputWidth)) {
    throw new ShapeFault(
      `orthogonalGradientNorm: got ${residuals.length} residuals and ${inputs.length} inputs, expected multiples of ${count}`,
    )
  }
  let square = 0
  for (let a = 0; a < outputs; a++) {
    for (let b = 0; b < inputWidth; b++) {
      let entry = 0
      for (let i = 0; i < count; i++) entry += residuals[i * outputs + a] * inputs[i * inputWidth + b]
      square += entry * entry
    }
  }
  return Math.sqrt(square) / count
}

/**
 * Cosine of the gradients of two samples at every depth, from those of their residuals and of their inputs: cos(r_i, r_j) cos(x_i, x_j).
 *
 * Independent of depth, which is the claim. One output: the cosine of the inputs up to its sign.
 * Source: Sankararaman et al. 2020, Theorem 6.1, as an equality.
 */
export function orthogonalCosine(residualCosine: number, inputCosine: number): number {
  return residualCosine * inputCosine
}

/** The same from the vectors; NaN when a residual or an input is zero. */
export function orthogonalGradientCosine(
  residualI: ArrayLike<number>,
  residualJ: ArrayLike<number>,
  inputI: ArrayLike<number>,
  inputJ: ArrayLike<number>,
): number {
  return orthogonalCosine(cosine(residualI, residualJ), cosine(inputI, inputJ))
}

function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let product = 0
  let squareA = 0
  let squareB = 0
  for (let i = 0; i < a.length; i++) {
    product += a[i] * b[i]
    squareA += a[i] * a[i]
    squareB += b[i] * b[i]
  }
  return product / Math.sqrt(squareA * squareB)
}
