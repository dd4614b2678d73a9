// What are the eigenvalues of a diagonal matrix plus a rank-one matrix?
//
// A chain's Hessian with nonzero weights has this form, so its exact spectrum costs O(n^2) divisions instead of O(n^3).
// Each root is sought as an offset from the nearest pole of the secular function: so small eigenvalues keep
// their relative accuracy, where a dense solver is only accurate against the largest.
import { DomainFault, ShapeFault } from '../core/faults.ts'

const MAX_STEPS = 100
const UNIT_ROUNDOFF = 2 ** -53

/**
 * Eigenvalues of diag(diagonal) + factor * vector vector^T, ascending.
 *
 * factor 0 gives the sorted diagonal; equal diagonal entries and zero vector entries keep theirs. Works at
 * any scale; divide by a common power of two first when entries leave float64.
 * Source: Golub 1973, section 5; Li 1994 ("middle way" iteration).
 *
 * @param diagonal [n].
 * @param vector [n].
 * @throws {ShapeFault} when the lengths differ.
 * @throws {DomainFault} when an entry is not finite.
 */
export function secularEigenvalues(diagonal: Float64Array, vector: Float64Array, factor: number): Float64Array {
  const n = diagonal.length
  if (vector.length !== n) throw new ShapeFault(`secularEigenvalues: vector holds ${vector.length} entries, expected ${n}`)
  if (!Number.isFinite(factor)) throw new DomainFault(`secularEigenvalues: factor is not finite, got ${factor}, expected a finite number`)
  for (let i = 0; i < n; i++) {
    if (!Number.isFinite(diagonal[i]) || !Number.isFinite(vector[i])) {
      throw new DomainFault(`secularEigenvalues: entry ${i} is not finite, got ${diagonal[i]} and ${vector[i]}, expected finite numbers`)
    }
  }
  // A negative factor is a positive one on the mirrored axis.
  const mirror = factor < 0 ? -1 : 1
  const { poles, weights, kept } = deflated(diagonal, vector, mirror, Math.abs(factor))
  const values = kept
  for (let k = 0; k < poles.length; k++) values.push(rootAbove(poles, weights, k))
  const result = Float64Array.from(values, (value) => mirror * value)
  return result.sort()
}

/** Sorted distinct poles with weights factor * u^2 > 0; `kept` are eigenvalues that the rank-one term does not move. */
function deflated(diagonal: Float64Array, vector: Float64Array, mirror: number, factor: number) {
  const order = Array.from(diagonal.keys()).sort((i, j) => mirror * (diagonal[i] - diagonal[j]))
  const root = Math.sqrt(factor)
  const poles: number[] = []
  const weights: number[] = []
  const kept: number[] = []
  for (const i of order) {
    const pole = mirror * diagonal[i]
    const u = vector[i] * root
    const weight = u * u
    if (weight === 0) kept.push(pole)
    else if (poles.length > 0 && poles[poles.length - 1] === pole) {
      // Equal poles: a rotation moves all the weight to one of them and leaves the other as an eigenvalue.
      weights[weights.length - 1] += weight
      kept.push(pole)
    } else {
      poles.push(pole)
      weights.push(weight)
    }
  }
  return { poles, weights, kept }
}

/** The one root of 1 + sum w_i / (d_i - x) between pole k and the next (or above the last). */
function rootAbove(poles: readonly number[], weights: readonly number[], k: number): number {
  const n = poles.length
  if (n === 1) return poles[0] + weights[0]
  const isLast = k === n - 1
  const low = poles[k]
  const high = isLast ? low + totalOf(weights) : poles[k + 1]
  const bracket = chooseOrigin(poles, weights, low, high)
  // A gap of one rounding step holds no further number.
  if (!(bracket.lower < bracket.upper)) return bracket.origin
  return bracket.origin + offsetRoot(poles, weights, k, bracket)
}

/** The root lies in origin + (lower, upper), and origin is its nearest reference point. */
interface Bracket {
  readonly origin: number
  readonly lower: number
  readonly upper: number
}

/** Halves (low, high) by the sign of the secular function and measures from the end next to the root. */
function chooseOrigin(poles: readonly number[], weights: readonly number[], low: number, high: number): Bracket {
  const half = (high - low) / 2
  return secularAt(poles, weights, low, half) < 0 ? { origin: high, lower: -half, upper: 0 } : { origin: low, lower: 0, upper: half }
}

/** 1 + sum w_i / ((d_i - origin) - offset). */
function secularAt(poles: readonly number[], weights: readonly number[], origin: number, offset: number): number {
  let sum = 1
  for (let i = 0; i < poles.length; i++) sum += weights[i] / (poles[i] - origin - offset)
  return sum
}

/** Root of the secular function in (lower, upper), measured from origin, by rational steps inside a shrinking bracket. */
function offsetRoot(poles: readonly number[], weights: readonly number[], k: number, bracket: Bracket): number {
  const n = poles.length
  const isLast = k === n - 1
  const { origin } = bracket
  // Local units: no square of a gap may leave float64.
  const unit = bracket.upper - bracket.lower
  const gaps = new Float64Array(n)
  const scaled = new Float64Array(n)
  for (let i = 0; i < n; i++) {
    gaps[i] = (poles[i] - origin) / unit
    scaled[i] = weights[i] / unit
  }
  let lower = bracket.lower / unit
  let upper = bracket.upper / unit
  // Below this an offset no longer changes origin + offset.
  const floor = Math.max(1e-300, (Math.abs(origin) / unit) * UNIT_ROUNDOFF * 0.25)
  let x = inside(lower, upper, floor)
  for (let step = 0; step < MAX_STEPS; step++) {
    let psi = 0
    let psiSlope = 0
    let phi = 0
    let phiSlope = 0
    let size = 1
    for (let i = 0; i < n; i++) {
      const gap = gaps[i] - x
      const term = scaled[i] / gap
      if (i <= k) {
        psi += term
        psiSlope += term / gap
        size -= term
      } else {
        phi += term
        phiSlope += term / gap
        size += term
      }
    }
    const value = 1 + psi + phi
    if (Math.abs(value) <= 4 * UNIT_ROUNDOFF * size) break
    if (value < 0) lower = x
    else upper = x
    if (upper - lower <= 2 * UNIT_ROUNDOFF * Math.min(Math.abs(lower), Math.abs(upper)) || upper - lower <= floor) break
    let next: number
    if (isLast) next = x + simplePoleStep(gaps[k] - x, value, psiSlope)
    else next = x + middleWayStep(gaps[k] - x, gaps[k + 1] - x, value, psiSlope, phiSlope)
    if (!(next > lower && next < upper)) next = inside(lower, upper, floor)
    if (next === x) break
    x = next
  }
  return x * unit
}

/** A point inside the bracket: geometric where it spans magnitudes, else the middle. */
function inside(lower: number, upper: number, floor: number): number {
  const [near, far, sign] = lower >= 0 ? [lower, upper, 1] : upper <= 0 ? [-upper, -lower, -1] : [0, 0, 0]
  if (sign === 0) return (lower + upper) / 2
  const start = Math.max(near, floor)
  return far > 16 * start ? sign * Math.sqrt(start) * Math.sqrt(far) : (lower + upper) / 2
}

/** Step to the zero of c + s / (gap - step), matched in value and slope: for the root beyond the last pole. */
function simplePoleStep(gap: number, value: number, slope: number): number {
  const c = value - gap * slope
  return gap + (gap * gap * slope) / c
}

/** Step to the zero of c + s / (left - step) + t / (right - step), matched in value and in both slopes. */
function middleWayStep(left: number, right: number, value: number, psiSlope: number, phiSlope: number): number {
  const c = value - left * psiSlope - right * phiSlope
  const a = (left + right) * value - left * right * (psiSlope + phiSlope)
  const b = left * right * value
  const root = Math.sqrt(Math.max(0, a * a - 4 * b * c))
  return a <= 0 ? (a - root) / (2 * c) : (2 * b) / (a + root)
}

function totalOf(weights: readonly number[]): number {
  let sum = 0
  for (const weight of weights) sum += weight
  return sum
}
