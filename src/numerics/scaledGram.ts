// How are the squares of vectors kept whose entries float64 holds and whose squares it does not?
//
// Each vector is divided by a power of two of its own, which rounds nothing: what depends on directions alone (cosines) never
// sees the exponents, and what has a scale gets them back as one.
import type { ScaledGram } from '../core/probe.ts'
import { binaryExponent, normalised, timesPowerOfTwo } from './logMagnitude.ts'

/**
 * The same products with every diagonal entry in [1, 4) (0 and non-finite ones stay); powers of two only.
 *
 * @param products [n, n] inner products of n vectors, each divided by its own power of two; its diagonal has lost no digits.
 * @param exponents [n] those powers; absent: all 0.
 */
export function scaledGramOf(products: Float64Array, n: number, exponents?: Int32Array): ScaledGram {
  const own = Int32Array.from({ length: n }, (_, i) => {
    const exponent = binaryExponent(products[i * n + i])
    return Number.isFinite(exponent) ? Math.floor(exponent / 2) : 0
  })
  const scaled = new Float64Array(n * n)
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) scaled[i * n + j] = timesPowerOfTwo(products[i * n + j], -own[i] - own[j])
  return { products: scaled, exponents: exponents === undefined ? own : own.map((exponent, i) => exponent + exponents[i]) }
}

/** Products of the rows themselves, each divided by a power of two next to its largest entry first: entries float64 holds, squares it may not. */
export function scaledGramOfRows(rows: readonly Float64Array[]): ScaledGram {
  const exponents = Int32Array.from(rows, (row) => {
    const exponent = binaryExponent(row.reduce((most, entry) => Math.max(most, Math.abs(entry)), 0))
    return Number.isFinite(exponent) ? exponent : 0
  })
  const near1 = rows.map((row, i) => row.map((entry) => timesPowerOfTwo(entry, -exponents[i])))
  const products = near1.flatMap((a) => near1.map((b) => a.reduce((sum, entry, k) => sum + entry * b[k], 0)))
  return scaledGramOf(Float64Array.from(products), rows.length, exponents)
}

/** Numbers that each have an exponent of their own: number i is mantissas[i] 2^exponents[i]. */
export interface ScaledEntries {
  readonly mantissas: Float64Array
  readonly exponents: Int32Array
}

/** The same where each product is known with an exponent of its own; entry [i n + j] of row i and column j. */
export function gramOfScaledEntries({ mantissas, exponents }: ScaledEntries, n: number): ScaledGram {
  const own = Int32Array.from({ length: n }, (_, i) => {
    const at = i * n + i
    return Math.floor(normalised(mantissas[at], exponents[at]).exponent / 2)
  })
  const products = new Float64Array(n * n)
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) products[i * n + j] = timesPowerOfTwo(mantissas[i * n + j], exponents[i * n + j] - own[i] - own[j])
  }
  return { products, exponents: own }
}

/** [n, n] inner products as plain numbers; 0 or Infinity where float64 ends. */
export function plainGram({ products, exponents }: ScaledGram): Float64Array {
  const n = exponents.length
  return products.map((value, at) => timesPowerOfTwo(value, exponents[Math.floor(at / n)] + exponents[at % n]))
}

/**
 * [n, n] inner products over 2^exponent, the same for all, the largest squared norm in [1, 4).
 *
 * What is 1e-308 of the largest square is 0 here: sums do not see it, a least entry may.
 */
export function commonGram({ products, exponents }: ScaledGram): { readonly gram: Float64Array; readonly exponent: number } {
  const n = exponents.length
  let largest = -Infinity
  for (let i = 0; i < n; i++) if (products[i * n + i] !== 0) largest = Math.max(largest, exponents[i])
  if (largest === -Infinity) return { gram: products, exponent: 0 }
  const below = exponents.map((exponent) => exponent - largest)
  return { gram: plainGram({ products, exponents: below }), exponent: 2 * largest }
}
