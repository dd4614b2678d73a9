// Do the samples of a batch pull the weights the same way?
//
// Works on the Gram matrix of per-sample gradients, not on the gradients:
// n^2 numbers fit in a message and can be drawn; n x parameters cannot.
import { assertGram } from './gradientCosines.ts'

/**
 * Gradient diversity: sum of squared norms over the squared norm of the sum, of n per-sample gradients.
 *
 * 1/n when all agree, 1 when orthogonal, Infinity when they cancel exactly, NaN (undefined) when all are zero.
 * Source: Yin et al. 2018, Definition 1; Chen et al. 2018, Definition 1.
 *
 * @param gram [n, n] row-major inner products of per-sample gradients.
 * @throws {ShapeFault} when gram does not hold n^2 entries.
 */
export function gradientDiversity(gram: Float64Array, n: number): number {
  assertGram('gradientDiversity', gram, n)
  let sumOfSquares = 0
  let squareOfSum = 0
  for (let i = 0; i < n; i++) {
    sumOfSquares += gram[i * n + i]
    for (let j = 0; j < n; j++) squareOfSum += gram[i * n + j]
  }
  // Rounding can leave a tiny negative where gradients cancel; a squared norm cannot be.
  return sumOfSquares / Math.max(0, squareOfSum)
}
