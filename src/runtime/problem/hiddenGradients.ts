// Which way do gradients point whose squares leave the range of float64?
//
// A gradient of 1e-200 is a gradient: its entry in the Gram matrix is 0, its direction is not. Such sets are found by their norms
// and compared in pairs, which engines answer scaled; whoever is really zero stays zero.
import type { Probe, SampleSet } from '../../core/probe.ts'
import { cosineMatrix, exportedCosine } from '../../diagnostics/gradientCosines.ts'
import { gradientDiversity } from '../../diagnostics/gradientDiversity.ts'
import { norm } from '../../numerics/logMagnitude.ts'

/** A square below this has lost digits, or all of them. */
const SMALLEST_SQUARE = 1e-290
/** Sets that are compared in pairs, at two gradients a pair. */
const MOST_SETS = 64
/** Entries of all gradients together. */
const MOST_ENTRIES = 4e6

/** Directions of the gradients of k sets. */
export interface Directions {
  /** [k, k] as exported. */
  readonly cosines: Float64Array
  /** Which gradients have no direction. */
  readonly zero: readonly boolean[]
  /** Whether a square left the range, and `gram` knows less than this. */
  readonly isBeyondGram: boolean
}

/** @param gram [k, k] inner products of the gradients of the sets, as far as float64 holds them. */
export async function directionsOf(
  probe: Probe,
  sets: readonly SampleSet[],
  gram: Float64Array,
  signal: AbortSignal | undefined,
): Promise<Directions> {
  const k = sets.length
  const cosines = cosineMatrix(gram, k)
  const zero = sets.map((_, i) => gram[i * k + i] === 0)
  const hidden: number[] = []
  const looked = k <= MOST_SETS ? k : 0
  for (let i = 0; i < looked; i++) {
    if (!(gram[i * k + i] < SMALLEST_SQUARE)) continue
    const { mantissa } = await probe.gradientNorms(sets[i], signal)
    zero[i] = mantissa.every((entry) => entry === 0)
    if (!zero[i]) hidden.push(i)
  }
  if (hidden.length === 0) return { cosines, zero, isBeyondGram: false }
  const at = hidden.flatMap((i) => sets.map((_, j) => [i, j] as const))
  const products = await probe.batchPairs(
    at.map(([i, j]) => [sets[i], sets[j]] as const),
    signal,
  )
  for (const [p, [i, j]] of at.entries()) {
    const cosine = zero[j] ? 0 : i === j ? 1 : exportedCosine(products[3 * p], products[3 * p + 1], products[3 * p + 2])
    cosines[i * k + j] = cosine
    cosines[j * k + i] = cosine
  }
  return { cosines, zero, isBeyondGram: true }
}

/** Diversity of gradients over the largest of their norms, whose squares stay in range; NaN where that is too much or all are zero. */
export async function scaledDiversity(probe: Probe, sets: readonly SampleSet[], signal: AbortSignal | undefined): Promise<number> {
  if (sets.length * probe.parameterCount > MOST_ENTRIES) return NaN
  const rows: Float64Array[] = []
  for (const set of sets) rows.push(await probe.gradient(set, signal))
  const largest = rows.reduce((most, row) => Math.max(most, norm(row)), 0)
  if (largest === 0) return NaN
  const units = rows.map((row) => row.map((entry) => entry / largest))
  const gram = Float64Array.from(units.flatMap((a) => units.map((b) => a.reduce((sum, entry, k) => sum + entry * b[k], 0))))
  return gradientDiversity(gram, sets.length)
}
