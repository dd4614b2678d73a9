// Where do the seeds lie, when means are ruled by the fattest tail?
//
// Linear interpolation between order statistics (type 7), so that the median of two is their mean and the
// ends are the extremes. -Infinity is a legal value: log10 of an underflowed norm.
import { DomainFault } from '../core/faults.ts'

/** The probabilities of the bands that the page draws. */
export const BAND_PROBABILITIES = [0.05, 0.25, 0.5, 0.75, 0.95] as const

/**
 * Quantiles of the values at the given probabilities; NaN when there are no values.
 *
 * Source: Hyndman and Fan 1996, type 7.
 *
 * @param values any order; left as they are. NaN is refused: count dead and diverged seeds, do not rank them.
 * @throws {DomainFault} when a value is NaN or a probability leaves [0, 1].
 */
export function quantiles(values: ArrayLike<number>, probabilities: readonly number[]): Float64Array {
  const sorted = Float64Array.from(values)
  for (const value of sorted)
    if (Number.isNaN(value)) throw new DomainFault('quantiles: a value is not a number, got NaN, expected numbers or infinities')
  sorted.sort()
  return Float64Array.from(probabilities, (probability) => sortedQuantile(sorted, probability))
}

/**
 * One quantile of values that are already ascending.
 *
 * @throws {DomainFault} when the probability leaves [0, 1].
 */
export function sortedQuantile(sorted: ArrayLike<number>, probability: number): number {
  if (!(probability >= 0 && probability <= 1))
    throw new DomainFault(`sortedQuantile: probability out of range, got ${probability}, expected within [0, 1]`)
  if (sorted.length === 0) return NaN
  const position = probability * (sorted.length - 1)
  const below = Math.floor(position)
  const share = position - below
  const low = sorted[below]
  const high = sorted[Math.min(below + 1, sorted.length - 1)]
  if (share === 0 || low === high || low === -Infinity) return low
  // Two products, not low + share * (high - low): the difference may overflow, and Infinity - Infinity is no number.
  return Math.max(low, Math.min(high, (1 - share) * low + share * high))
}

/** The median; the mean of the middle two for an even count, NaN for none. */
export function median(values: ArrayLike<number>): number {
  return quantiles(values, [0.5])[0]
}
