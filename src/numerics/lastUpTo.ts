// Which is the newest of what happened up to a moment?

/**
 * Position of the last of `count` ascending values that is at most `bound`, -1 where all are larger.
 *
 * Of equal values the last one counts.
 */
export function lastUpTo(count: number, valueAt: (index: number) => number, bound: number): number {
  let low = 0
  let high = count
  while (low < high) {
    const middle = (low + high) >> 1
    if (valueAt(middle) <= bound) low = middle + 1
    else high = middle
  }
  return low - 1
}
