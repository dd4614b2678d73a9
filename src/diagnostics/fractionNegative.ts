// What share of the pairs is opposed?

/** Share of values below zero, 0 .. 1; null when there is no value. */
export function fractionNegative(values: ArrayLike<number>): number | null {
  if (values.length === 0) return null
  let count = 0
  for (let i = 0; i < values.length; i++) if (values[i] < 0) count++
  return count / values.length
}
