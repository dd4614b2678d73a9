// What are the eigenvalues of a symmetric tridiagonal matrix, and how do they touch its two ends?
//
// Implicit QL without eigenvectors: only the first and last component of each are carried, which is
// all that Gauss quadrature (squares of the first) and residual bounds (the last) need. O(n^2), not O(n^3).
// Values are scaled by a power of two first, so that 1e-200 is an ordinary size, and the matrix is turned round
// when its large end is last: the sweep cancels when it runs from large entries to small ones.
import { ShapeFault, DomainFault } from '../core/faults.ts'
import { binaryExponent, timesPowerOfTwo } from './logMagnitude.ts'

/** Eigenvalues in ascending order with the end components of the unit eigenvectors. */
export interface TridiagonalEigen {
  /** [n] ascending. */
  readonly values: Float64Array
  /** [n] first component of the eigenvector of each value. */
  readonly first: Float64Array
  /** [n] last component of the eigenvector of each value. */
  readonly last: Float64Array
}

const MAX_SWEEPS = 80
const UNIT_ROUNDOFF = 2 ** -53

/**
 * Eigenvalues, first and last eigenvector components of a symmetric tridiagonal matrix.
 *
 * @param diagonal [n].
 * @param offDiagonal [n - 1] or longer; entry i couples i and i + 1.
 * @throws {ShapeFault} when offDiagonal is too short.
 * @throws {DomainFault} when an entry is not finite.
 */
export function tridiagonalEigen(diagonal: Float64Array, offDiagonal: Float64Array): TridiagonalEigen {
  const n = diagonal.length
  const { d, e, exponent, turned } = scaledCopy('tridiagonalEigen', diagonal, offDiagonal)
  const first = new Float64Array(n)
  const last = new Float64Array(n)
  if (n > 0) {
    first[0] = 1
    last[n - 1] = 1
  }
  implicitQl(d, e, first, last)
  const order = Array.from(d.keys()).sort((i, j) => d[i] - d[j])
  return {
    values: Float64Array.from(order, (i) => timesPowerOfTwo(d[i], exponent)),
    first: Float64Array.from(order, (i) => (turned ? last : first)[i]),
    last: Float64Array.from(order, (i) => (turned ? first : last)[i]),
  }
}

/**
 * Eigenvalues of a symmetric tridiagonal matrix, ascending.
 *
 * @param diagonal [n].
 * @param offDiagonal [n - 1] or longer.
 * @throws {ShapeFault} when offDiagonal is too short.
 * @throws {DomainFault} when an entry is not finite.
 */
export function tridiagonalEigenvalues(diagonal: Float64Array, offDiagonal: Float64Array): Float64Array {
  const { d, e, exponent } = scaledCopy('tridiagonalEigenvalues', diagonal, offDiagonal)
  implicitQl(d, e, null, null)
  d.sort()
  for (let i = 0; i < d.length; i++) d[i] = timesPowerOfTwo(d[i], exponent)
  return d
}

function scaledCopy(caller: string, diagonal: Float64Array, offDiagonal: Float64Array) {
  const n = diagonal.length
  if (offDiagonal.length < n - 1) {
    throw new ShapeFault(`${caller}: offDiagonal holds ${offDiagonal.length} entries, expected at least ${n - 1}`)
  }
  let largest = 0
  for (let i = 0; i < n; i++) {
    const size = Math.max(Math.abs(diagonal[i]), i < n - 1 ? Math.abs(offDiagonal[i]) : 0)
    if (!Number.isFinite(size)) throw new DomainFault(`${caller}: entry ${i} is not finite, got ${diagonal[i]}, expected finite numbers`)
    largest = Math.max(largest, size)
  }
  const exponent = largest === 0 ? 0 : binaryExponent(largest)
  const d = new Float64Array(n)
  // One spare entry at the end, always zero, stops the search for a small coupling.
  const e = new Float64Array(n)
  const turned = n > 1 && Math.abs(diagonal[0]) < Math.abs(diagonal[n - 1])
  for (let i = 0; i < n; i++) {
    d[i] = timesPowerOfTwo(diagonal[turned ? n - 1 - i : i], -exponent)
    if (i < n - 1) e[i] = timesPowerOfTwo(offDiagonal[turned ? n - 2 - i : i], -exponent)
  }
  return { d, e, exponent, turned }
}

/** Overwrites d with the eigenvalues; rotates the rows `first` and `last` along when given. e[n - 1] must be 0. */
function implicitQl(d: Float64Array, e: Float64Array, first: Float64Array | null, last: Float64Array | null): void {
  const n = d.length
  for (let low = 0; low < n; low++) {
    for (let sweep = 0; ; sweep++) {
      let high = low
      while (high < n - 1 && !isNegligible(e[high], d[high], d[high + 1], sweep)) high++
      if (high < n - 1) e[high] = 0
      if (high === low) break
      if (sweep === MAX_SWEEPS)
        throw new DomainFault(`implicitQl: eigenvalue ${low} did not settle, got ${MAX_SWEEPS} sweeps, expected a few`)
      qlSweep(d, e, low, high, first, last)
    }
  }
}

function isNegligible(coupling: number, a: number, b: number, sweep: number): boolean {
  const size = Math.abs(coupling)
  // Relative to both neighbours, so that graded matrices keep their small eigenvalues. Next to an eigenvalue that is exactly 0
  // this is never met: after the usual handful of sweeps rounding of the larger neighbour, then of the whole, is enough.
  if (size <= UNIT_ROUNDOFF * Math.sqrt(Math.abs(a)) * Math.sqrt(Math.abs(b)) || size < 1e-290) return true
  return (sweep >= 20 && size <= UNIT_ROUNDOFF * (Math.abs(a) + Math.abs(b))) || (sweep >= 40 && size <= UNIT_ROUNDOFF)
}

function qlSweep(d: Float64Array, e: Float64Array, low: number, high: number, first: Float64Array | null, last: Float64Array | null): void {
  // Wilkinson's shift from the top 2 x 2 block.
  const half = (d[low + 1] - d[low]) / (2 * e[low])
  const root = Math.abs(half) < 1e150 ? Math.sqrt(half * half + 1) : Math.abs(half)
  const fromTop = e[low] / (half + (half >= 0 ? root : -root)) - d[low]
  const start = chaseStart(d, e, low, high, fromTop)
  let g = d[start] + fromTop
  let sine = 1
  let cosine = 1
  let shift = 0
  for (let i = start - 1; i >= low; i--) {
    const f = sine * e[i]
    const b = cosine * e[i]
    const r = planeLength(f, g)
    if (i + 1 < start) e[i + 1] = r
    else if (start < high && r > 0) e[start] *= g / r
    if (r === 0) {
      // The matrix split by itself: finish this part and look again.
      d[i + 1] -= shift
      return
    }
    sine = f / r
    cosine = g / r
    g = d[i + 1] - shift
    const t = (d[i] - g) * sine + 2 * cosine * b
    shift = sine * t
    d[i + 1] = g + shift
    g = cosine * t - b
    if (first !== null) rotate(first, i, sine, cosine)
    if (last !== null) rotate(last, i, sine, cosine)
  }
  d[low] -= shift
  e[low] = g
}

/**
 * Where the sweep begins: at the far end, unless a rotation nearer to the top would leave only a negligible entry behind.
 * In a matrix graded over 150 decades a bulge from the far end underflows on its way up and nothing would ever move.
 */
function chaseStart(d: Float64Array, e: Float64Array, low: number, high: number, fromTop: number): number {
  for (let i = low + 1; i < high; i++) {
    const left = Math.abs((e[i - 1] / (d[i] + fromTop)) * e[i])
    if (left <= 1e-3 * UNIT_ROUNDOFF * Math.sqrt(Math.abs(d[i - 1])) * Math.sqrt(Math.abs(d[i + 1]))) return i
  }
  return high
}

function rotate(row: Float64Array, i: number, sine: number, cosine: number): void {
  const kept = row[i + 1]
  row[i + 1] = sine * row[i] + cosine * kept
  row[i] = cosine * row[i] - sine * kept
}

/** Math.hypot, but fast where no square can leave the range. */
function planeLength(a: number, b: number): number {
  const square = a * a + b * b
  return square > 1e-280 ? Math.sqrt(square) : Math.hypot(a, b)
}
