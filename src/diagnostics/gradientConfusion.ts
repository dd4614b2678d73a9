// Does a step that helps one sample hurt another?
//
// The confusion bound eta in its three variants. Only pairs i != j count: with i = j included the average is the squared
// mean gradient and can never be negative.
import { assertGram, cosinesOfGram } from './gradientCosines.ts'

/**
 * Gradient confusion: max(0, -min over i != j of <g_i, g_j>); null below two samples.
 *
 * 0 when no two gradients oppose each other; grows with the square of the gradients.
 * Source: Sankararaman et al. 2020, Definition 2.1.
 *
 * @param gram [n, n] row-major inner products of per-sample gradients.
 * @throws {ShapeFault} when gram does not hold n^2 entries.
 */
export function gradientConfusion(gram: Float64Array, n: number): number | null {
  assertGram('gradientConfusion', gram, n)
  if (n < 2) return null
  let smallest = Infinity
  for (let i = 0; i < n; i++) for (let j = i + 1; j < n; j++) smallest = Math.min(smallest, gram[i * n + j])
  return opposed(smallest)
}

/**
 * Confusion of the directions alone: max(0, -min cosine over i != j), in 0 .. 1; null where no pair of nonzero gradients exists.
 *
 * @param gram [n, n] row-major.
 * @throws {ShapeFault} when gram does not hold n^2 entries.
 */
export function normalisedConfusion(gram: Float64Array, n: number): number | null {
  const { cosines } = cosinesOfGram(gram, n)
  return cosines.length === 0 ? null : opposed(cosines.reduce((least, cosine) => Math.min(least, cosine), Infinity))
}

/**
 * Confusion on average: max(0, -mean over i != j of <g_i, g_j>); null below two samples.
 *
 * @param gram [n, n] row-major.
 * @throws {ShapeFault} when gram does not hold n^2 entries.
 */
export function averageConfusion(gram: Float64Array, n: number): number | null {
  assertGram('averageConfusion', gram, n)
  if (n < 2) return null
  let sum = 0
  for (let i = 0; i < n; i++) for (let j = i + 1; j < n; j++) sum += gram[i * n + j]
  return opposed((2 * sum) / (n * (n - 1)))
}

function opposed(value: number): number {
  // Without this a minimum of 0 would give -0.
  return value < 0 ? -value : Number.isNaN(value) ? NaN : 0
}
