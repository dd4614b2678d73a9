// How far do the samples' gradients scatter around their mean?
import type { ScaledGram } from '../core/probe.ts'
import { normalised, type ScaledNumber } from '../numerics/logMagnitude.ts'
import { commonGram } from '../numerics/scaledGram.ts'
import { assertGram } from './gradientCosines.ts'

/**
 * Gradient variance (1/n) sum |g_i|^2 - |mean g|^2: the trace of the covariance over the n samples (divided by n, not n - 1).
 *
 * 0 when all agree; (1/n) sum |g_i|^2 when they cancel.
 *
 * @param gram [n, n] row-major inner products of per-sample gradients.
 * @throws {ShapeFault} when gram does not hold n^2 entries.
 */
export function gradientVariance(gram: Float64Array, n: number): number {
  assertGram('gradientVariance', gram, n)
  // Half the mean squared distance of all pairs is the same number without the cancellation.
  let sum = 0
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++) sum += Math.max(0, gram[i * n + i] + gram[j * n + j] - 2 * gram[i * n + j])
  }
  return sum / (n * n)
}

/** The same of gradients of any size; zero is (0, 0). */
export function scaledVariance(gram: ScaledGram): ScaledNumber {
  const common = commonGram(gram)
  return normalised(gradientVariance(common.gram, gram.exponents.length), common.exponent)
}
