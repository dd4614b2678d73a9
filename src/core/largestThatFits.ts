// How far must a number shrink until an experiment fits?

/**
 * The largest whole number from 1 to below `from` that fits, where all smaller ones fit too; null when not even 1 does.
 *
 * `from` itself is taken not to fit and never tried, unless it is 1.
 */
export function largestThatFits(from: number, fits: (value: number) => boolean): number | null {
  if (!fits(1)) return null
  let [low, high] = [1, from]
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (fits(middle)) low = middle
    else high = middle
  }
  return low
}
