// How far apart are two vectors, against the larger of them?

/** Largest difference over the largest entry; 0 for equal vectors, NaN where either is. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Infinity
  let difference = 0
  let size = 0
  for (let i = 0; i < actual.length; i++) {
    const gap = actual[i] === expected[i] ? 0 : Math.abs(actual[i] - expected[i])
    if (Number.isNaN(gap)) return NaN
    difference = Math.max(difference, gap)
    size = Math.max(size, Math.abs(expected[i]))
  }
  return difference === 0 ? 0 : difference / size
}

/**
 * Derivative of f along a direction at the point, by four central values: error of order step^4 and of rounding / step.
 *
 * @param f a vector-valued function.
 */
export async function directionalDerivative(
  f: (point: Float64Array) => Promise<ArrayLike<number>> | ArrayLike<number>,
  point: Float64Array,
  direction: ArrayLike<number>,
  step: number,
): Promise<Float64Array> {
  const at = async (factor: number) => f(point.map((value, i) => value + factor * step * direction[i]))
  const [farBelow, below, above, farAbove] = [await at(-2), await at(-1), await at(1), await at(2)]
  return Float64Array.from({ length: above.length }, (_, i) => (8 * (above[i] - below[i]) - (farAbove[i] - farBelow[i])) / (12 * step))
}

/** The direction that changes entry k only. */
export const unitVector = (length: number, k: number): Float64Array => Float64Array.from({ length }, (_, i) => (i === k ? 1 : 0))
