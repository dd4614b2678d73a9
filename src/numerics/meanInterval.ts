// What is the mean over seeds, and how well is it known?
//
// Student's t, because runs have 5 to 64 seeds. The interval trusts finite variance: for the fat tails of deep products
// show quantiles next to it.
import { studentTQuantile } from './studentT.ts'

/** A mean with its confidence interval; NaN bounds below two values. */
export interface MeanInterval {
  readonly mean: number
  readonly lower: number
  readonly upper: number
  readonly standardError: number
  readonly count: number
}

/** Quantiles of t cost a bisection, and a plot asks for the same one at every step. */
const quantiles = new Map<string, number>()

function tQuantile(probability: number, degrees: number): number {
  const key = `${probability} ${degrees}`
  let found = quantiles.get(key)
  if (found === undefined) quantiles.set(key, (found = studentTQuantile(probability, degrees)))
  return found
}

/**
 * Mean of the values with a two-sided interval by Student's t.
 *
 * One value: the bounds are NaN (unknown). Equal values: the interval has no width.
 * Source: Student 1908.
 *
 * @param confidence 0.95 by default.
 */
export function meanInterval(values: ArrayLike<number>, confidence = 0.95): MeanInterval {
  const count = values.length
  if (count === 0) return { mean: NaN, lower: NaN, upper: NaN, standardError: NaN, count }
  let mean = 0
  for (let i = 0; i < count; i++) mean += values[i] / count
  if (count === 1) return { mean, lower: NaN, upper: NaN, standardError: NaN, count }
  let squares = 0
  for (let i = 0; i < count; i++) squares += (values[i] - mean) ** 2
  const standardError = Math.sqrt(squares / (count - 1) / count)
  const half = standardError === 0 ? 0 : standardError * tQuantile((1 + confidence) / 2, count - 1)
  return { mean, lower: mean - half, upper: mean + half, standardError, count }
}
