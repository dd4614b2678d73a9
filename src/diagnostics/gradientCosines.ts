// Do two gradients point the same way?
//
// A cosine with a zero gradient does not exist; it is left out and counted, never averaged in as 0 (a dead
// network would look perfectly orthogonal).
import { ShapeFault } from '../core/faults.ts'

/** Cosines that exist, and how many do not. */
export interface GradientCosines {
  readonly cosines: Float64Array
  readonly excluded: number
}

/**
 * Cosine of two vectors from their inner products; NaN where either is zero, 1 and -1 where rounding goes beyond.
 *
 * Works for squared norms at both ends of float64, whose product would leave it.
 */
export function cosineOf(product: number, squaredNormA: number, squaredNormB: number): number {
  if (!(squaredNormA > 0 && squaredNormB > 0)) return NaN
  // The same bits for (a, b) and (b, a).
  const cosine = product / (Math.sqrt(squaredNormA) * Math.sqrt(squaredNormB))
  return Math.max(-1, Math.min(1, cosine))
}

/**
 * Cosines of independent pairs.
 *
 * @param pairs [p, 3] rows <a,b>, |a|^2, |b|^2; a common factor in a row changes nothing.
 * @throws {ShapeFault} when the length is not a multiple of 3.
 */
export function cosinesOfPairs(pairs: Float64Array): GradientCosines {
  if (pairs.length % 3 !== 0) throw new ShapeFault(`cosinesOfPairs: pairs holds ${pairs.length} entries, expected a multiple of 3`)
  const all = Float64Array.from({ length: pairs.length / 3 }, (_, p) => cosineOf(pairs[3 * p], pairs[3 * p + 1], pairs[3 * p + 2]))
  return kept(all)
}

/**
 * Cosines of all pairs i < j of a Gram matrix, row by row.
 *
 * @param gram [n, n] row-major inner products.
 * @throws {ShapeFault} when gram does not hold n^2 entries.
 */
export function cosinesOfGram(gram: Float64Array, n: number): GradientCosines {
  assertGram('cosinesOfGram', gram, n)
  const all = new Float64Array((n * (n - 1)) / 2)
  let at = 0
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++) all[at++] = cosineOf(gram[i * n + j], gram[i * n + i], gram[j * n + j])
  }
  return kept(all)
}

/**
 * The full [n, n] cosine matrix as it is exported: 1 on the diagonal, 0 wherever a gradient is zero, NaN where one is not finite.
 *
 * @throws {ShapeFault} when gram does not hold n^2 entries.
 */
export function cosineMatrix(gram: Float64Array, n: number): Float64Array {
  assertGram('cosineMatrix', gram, n)
  return Float64Array.from(gram, (product, at) => {
    const i = Math.floor(at / n)
    const j = at % n
    const cosine = exportedCosine(product, gram[i * n + i], gram[j * n + j])
    return i === j && cosine > 0 ? 1 : cosine
  })
}

/** A cosine as it is exported: 0 with a zero gradient; NaN only where a number is not finite. */
export function exportedCosine(product: number, squaredNormA: number, squaredNormB: number): number {
  return squaredNormA === 0 || squaredNormB === 0 ? 0 : cosineOf(product, squaredNormA, squaredNormB)
}

/** @throws {ShapeFault} when gram does not hold n^2 entries. */
export function assertGram(caller: string, gram: Float64Array, n: number): void {
  if (gram.length !== n * n) throw new ShapeFault(`${caller}: gram holds ${gram.length} entries, expected n^2 = ${n * n}`)
}

function kept(all: Float64Array): GradientCosines {
  const cosines = all.filter((cosine) => !Number.isNaN(cosine))
  return { cosines, excluded: all.length - cosines.length }
}
