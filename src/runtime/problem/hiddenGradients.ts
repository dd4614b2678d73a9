// Which way do gradients point whose squares leave the range of float64?
//
// A gradient of 1e-200 is a gradient: its entry in the Gram matrix is 0, its direction is not. Such samples are found by their norms
// and compared in pairs, which engines answer scaled; whoever is really zero stays zero.
import type { Probe, SampleSet } from '../../core/probe.ts'
import { cosineMatrix, exportedCosine } from '../../diagnostics/gradientCosines.ts'
import { gradientDiversity } from '../../diagnostics/gradientDiversity.ts'
import { norm } from '../../numerics/logMagnitude.ts'

/** A square below this has lost digits, or all of them. */
const SMALLEST_SQUARE = 1e-290
/** Samples that are compared in pairs, at two gradients a pair. */
const MOST_SAMPLES = 64
/** Entries of all gradients together. */
const MOST_ENTRIES = 4e6

/** Directions of n per-sample gradients; `zero` names those that have none. */
interface SampleDirections {
  /** [n, n] as exported. */
  readonly cosines: Float64Array
  readonly zero: readonly boolean[]
  /** As `gradientDiversity`. */
  readonly diversity: number
}

/** @param gram [n, n] inner products as far as float64 holds them. */
export async function sampleDirections(probe: Probe, set: SampleSet, gram: Float64Array, signal?: AbortSignal): Promise<SampleDirections> {
  const n = set.indices.length
  const cosines = cosineMatrix(gram, n)
  const zero = Array.from({ length: n }, (_, i) => gram[i * n + i] === 0)
  const plain = { cosines, zero, diversity: gradientDiversity(gram, n) }
  if (n > MOST_SAMPLES) return plain
  const alone = (i: number): SampleSet => ({ indices: set.indices.slice(i, i + 1), from: set.from })
  const hidden: number[] = []
  for (let i = 0; i < n; i++) {
    if (!(gram[i * n + i] < SMALLEST_SQUARE)) continue
    const { mantissa } = await probe.gradientNorms(alone(i), signal)
    zero[i] = mantissa.every((entry) => entry === 0)
    if (!zero[i]) hidden.push(i)
  }
  if (hidden.length === 0) return plain
  const at = hidden.flatMap((i) => Array.from({ length: n }, (_, j) => [i, j] as const))
  const products = await probe.batchPairs(
    at.map(([i, j]) => [alone(i), alone(j)] as const),
    signal,
  )
  for (const [p, [i, j]] of at.entries()) {
    const cosine = zero[j] ? 0 : i === j ? 1 : exportedCosine(products[3 * p], products[3 * p + 1], products[3 * p + 2])
    cosines[i * n + j] = cosine
    cosines[j * n + i] = cosine
  }
  return { cosines, zero, diversity: n * probe.parameterCount <= MOST_ENTRIES ? await scaledDiversity(probe, set, alone, signal) : NaN }
}

/** Diversity of gradients over the largest of their norms, whose squares stay in range. */
async function scaledDiversity(
  probe: Probe,
  { indices }: SampleSet,
  alone: (i: number) => SampleSet,
  signal: AbortSignal | undefined,
): Promise<number> {
  const rows: Float64Array[] = []
  for (let i = 0; i < indices.length; i++) rows.push(await probe.gradient(alone(i), signal))
  const largest = rows.reduce((most, row) => Math.max(most, norm(row)), 0)
  if (largest === 0) return NaN
  const units = rows.map((row) => row.map((entry) => entry / largest))
  const gram = Float64Array.from(units.flatMap((a) => units.map((b) => a.reduce((sum, entry, k) => sum + entry * b[k], 0))))
  return gradientDiversity(gram, indices.length)
}
