// Does a step that helps one sample hurt another?
//
// The confusion bound eta in its three variants. Only pairs i != j count: with i = j included the average is the squared
// mean gradient and can never be negative.
import type { ScaledGram } from '../core/probe.ts'
import { normalised, type ScaledNumber } from '../numerics/logMagnitude.ts'
import { commonGram } from '../numerics/scaledGram.ts'
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

/**
 * `gradientConfusion` of gradients of any size: no pair is so small that it counts for 0.
 *
 * Zero is (0, 0); null below two samples.
 */
export function scaledConfusion({ products, exponents }: ScaledGram): ScaledNumber | null {
  const n = exponents.length
  if (n < 2) return null
  let most: ScaledNumber = { mantissa: 0, exponent: 0 }
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++) {
      const product = products[i * n + j]
      if (Number.isNaN(product)) return { mantissa: NaN, exponent: 0 }
      if (product >= 0) continue
      const candidate = normalised(-product, exponents[i] + exponents[j])
      if (isLarger(candidate, most)) most = candidate
    }
  }
  return most
}

/** `averageConfusion` of gradients of any size. */
export function scaledAverageConfusion({ products, exponents }: ScaledGram): ScaledNumber | null {
  const n = exponents.length
  if (n < 2) return null
  const { gram, exponent } = commonGram({ products, exponents })
  const average = averageConfusion(gram, n)
  return average === null ? null : normalised(average, exponent)
}

/** Both normalised and not negative. */
function isLarger(a: ScaledNumber, b: ScaledNumber): boolean {
  if (a.mantissa === 0 || b.mantissa === 0) return a.mantissa > b.mantissa
  return a.exponent > b.exponent || (a.exponent === b.exponent && a.mantissa > b.mantissa)
}

function opposed(value: number): number {
  // Without this a minimum of 0 would give -0.
  return value < 0 ? -value : Number.isNaN(value) ? NaN : 0
}
