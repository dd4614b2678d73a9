// How large is a diagonal matrix plus a dense piece of rank one?
//
// The Hessian of a bent output has this form. Only its norm is wanted, so each end is found by halving an interval and counting
// eigenvalues below its middle (Sylvester): one pass over the entries a count, where all eigenvalues would take their square.
import { ShapeFault } from '../core/faults.ts'

/** Halvings until the interval is one rounding wide, whatever its start. */
const HALVINGS = 60

/**
 * Largest absolute eigenvalue of diag(diagonal) + factor * vector vector^T.
 *
 * factor 0: the largest entry by size. diagonal 0: |factor| |vector|^2. At most the sum of the two.
 *
 * @param diagonal [n]; @param vector [n].
 * @throws {ShapeFault} when the lengths differ.
 */
export function rankOneNorm(diagonal: ArrayLike<number>, vector: ArrayLike<number>, factor: number): number {
  const n = diagonal.length
  if (vector.length !== n) throw new ShapeFault(`rankOneNorm: vector holds ${vector.length} entries, expected ${n}`)
  let [low, high, square] = [Infinity, -Infinity, 0]
  for (let i = 0; i < n; i++) {
    low = Math.min(low, diagonal[i])
    high = Math.max(high, diagonal[i])
    square += vector[i] * vector[i]
  }
  const push = factor * square
  if (n === 0 || push === 0) return n === 0 ? 0 : Math.max(Math.abs(low), Math.abs(high))
  const below = (value: number): number => countBelow(diagonal, vector, factor, value)
  const from = low + Math.min(0, push)
  const to = high + Math.max(0, push)
  const largest = firstWith((value) => below(value) === n, from, to)
  const smallest = firstWith((value) => below(value) > 0, from, to)
  return Math.max(Math.abs(largest), Math.abs(smallest))
}

/** Eigenvalues below `value`: those of the diagonal, one more or fewer by the sign of 1/factor + sum u^2 / (d - value). */
function countBelow(diagonal: ArrayLike<number>, vector: ArrayLike<number>, factor: number, value: number): number {
  let count = 0
  let sum = 1 / factor
  for (let i = 0; i < diagonal.length; i++) {
    const distance = diagonal[i] - value
    if (distance < 0) count++
    // On a pole the sum is infinite; which sign decides only about one rounding.
    sum += (vector[i] * vector[i]) / (distance === 0 ? Number.MIN_VALUE : distance)
  }
  if (factor > 0) return count - (sum > 0 ? 0 : 1)
  return count + (sum > 0 ? 1 : 0)
}

/** Where a condition that is false at `from` and true beyond `to` begins. */
function firstWith(holds: (value: number) => boolean, from: number, to: number): number {
  let [no, yes] = [from, to]
  for (let k = 0; k < HALVINGS; k++) {
    const middle = no + (yes - no) / 2
    if (holds(middle)) yes = middle
    else no = middle
  }
  return yes
}
