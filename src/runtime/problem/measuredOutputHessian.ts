// How far are the outputs from linear in the weights? The field outputHessianNorms of a snapshot: one spectral norm per output.
//
// Small Hessians are formed and solved. Of larger ones only the ends are wanted, and Lanczos finds them from a few dozen products
// instead of P: its steps double until the residual bound is below the tolerance, and where that would cost as much as forming
// the matrix, the matrix is formed. So every number written is right to the same tolerance, whichever way it came.
import type { OutputIndex, Probe, SampleSet } from '../../core/probe.ts'
import type { RandomStream } from '../../core/random.ts'
import { jsonMatrix, type Measured } from '../../core/snapshot.ts'
import { symmetrised } from '../../diagnostics/exactHessian.ts'
import { lanczos, type LanczosResult } from '../../numerics/lanczos.ts'
import { namedStream } from '../../numerics/streams.ts'
import type { Attention } from './attention.ts'

/** Largest n * c * P^2 for which every output is asked. */
const OUTPUT_HESSIAN_LIMIT = 4e7
/**
 * Up to this P a whole matrix costs less than the recursion.
 *
 * Measured on one machine for one output: float64 28 ms against 50 at P = 146, 17 ms against 1400 at P = 526. A GPU multiplies P vectors in
 * the time of a few, but each of the recursion's products is a round trip: there both are even near P = 400.
 */
export const DENSE_LIMIT: Readonly<Record<Probe['precision'], number>> = { float64: 96, float32: 400 }
/** First number of steps; ends of output Hessians stand well apart. */
const STEPS = 24
/** More products than this share of P: then the matrix itself. */
const DENSE_SHARE = 0.5
/** Residual bound over the norm. The error is about its square; float32 products know no more than their rounding. */
export const NORM_TOLERANCE: Readonly<Record<Probe['precision'], number>> = { float64: 1e-9, float32: 1e-6 }

/** Why the output Hessians are left out; null when they fit. */
export function outputHessianObstacle(probe: Probe, samples: number): string | null {
  const work = samples * probe.outputCount * probe.parameterCount ** 2
  return work > OUTPUT_HESSIAN_LIMIT ? `n * c * P^2 = ${work} entries, at most ${OUTPUT_HESSIAN_LIMIT} are formed` : null
}

/** [n, c] spectral norm of the Hessian of each output of each sample, to `NORM_TOLERANCE`. */
export async function measuredOutputHessianNorms(
  probe: Probe,
  set: SampleSet,
  seed: number,
  attention: Attention,
): Promise<NonNullable<Measured['outputHessianNorms']>> {
  const norms = new Float64Array(set.indices.length * probe.outputCount)
  for (let at = 0; at < norms.length; at++) {
    const output = { sample: Math.floor(at / probe.outputCount), output: at % probe.outputCount }
    norms[at] = await outputNorm(probe, set, output, namedStream(seed, `snapshot/output Hessian ${at}`), attention)
    attention.progress(at + 1, norms.length, 'outputs')
    await attention.breathe()
  }
  return jsonMatrix(norms, probe.outputCount)
}

async function outputNorm(probe: Probe, set: SampleSet, output: OutputIndex, stream: RandomStream, attention: Attention): Promise<number> {
  const { parameterCount: dimension } = probe
  const { signal } = attention
  if (dimension > DENSE_LIMIT[probe.precision]) {
    const product = (block: Float64Array, count: number): Promise<Float64Array> =>
      probe.outputHessianVectors(block, count, set, output, signal)
    for (let steps = STEPS; steps <= DENSE_SHARE * dimension; steps *= 2) {
      const [found] = await lanczos(product, dimension, stream, { steps, signal })
      const norm = knownNorm(found, NORM_TOLERANCE[probe.precision])
      if (norm !== null) return norm
    }
  }
  const identity = new Float64Array(dimension * dimension)
  for (let i = 0; i < dimension; i++) identity[i * dimension + i] = 1
  const rows = await probe.outputHessianVectors(identity, dimension, set, output, signal)
  const eigenvalues = await attention.eigenvalues(symmetrised(rows, dimension).matrix, dimension)
  return Math.max(Math.abs(eigenvalues[0]), Math.abs(eigenvalues[dimension - 1]))
}

/** The larger end where its residual meets the tolerance and the other end cannot pass it; null otherwise. */
export function knownNorm({ ritzValues, residuals }: Pick<LanczosResult, 'ritzValues' | 'residuals'>, tolerance: number): number | null {
  const last = ritzValues.length - 1
  const [lower, upper] = [Math.abs(ritzValues[0]), Math.abs(ritzValues[last])]
  const [end, other] = upper >= lower ? [last, 0] : [0, last]
  const norm = Math.max(lower, upper)
  const room = tolerance * norm
  return residuals[end] <= room && Math.min(lower, upper) + residuals[other] <= norm + room ? norm : null
}
