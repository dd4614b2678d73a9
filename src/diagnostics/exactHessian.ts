// What is the whole Hessian, entry by entry?
//
// Columns as products with unit vectors, many at a time, because an engine multiplies a block for little more than one
// vector. The two triangles come from different roundings: their distance is reported before it is averaged away.
import type { Probe, SampleSet } from '../core/probe.ts'
import { norm } from '../numerics/logMagnitude.ts'
import type { InstrumentContext } from './instrument.ts'

export interface DenseHessian {
  /** [P, P] row-major, symmetric to the bit. */
  readonly matrix: Float64Array
  /** |H - H^T|_F / |H|_F before symmetrising; 0 for a zero matrix. */
  readonly asymmetry: number
  /** Ascending, where the engine knows them by a better route. */
  readonly eigenvalues: Float64Array | null
}

/** Unit vectors in one question: about 4 MB of answer at 1500 parameters. */
const BLOCK = 32

type Alone = Pick<InstrumentContext, 'breathe' | 'progress' | 'signal'>

/** The Hessian of the reduced loss on a set; P products, or the engine's own route where it offers one. Null when the run was asked to go on meanwhile. */
export async function exactHessian(probe: Probe, set: SampleSet, context: Alone & { readonly isAwaited?: undefined }): Promise<DenseHessian>
export async function exactHessian(
  probe: Probe,
  set: SampleSet,
  context: Alone & Pick<InstrumentContext, 'isAwaited'>,
): Promise<DenseHessian | null>
export async function exactHessian(
  probe: Probe,
  set: SampleSet,
  context: Alone & Pick<InstrumentContext, 'isAwaited'>,
): Promise<DenseHessian | null> {
  if (probe.exactHessian !== undefined) {
    const { matrix, eigenvalues } = await probe.exactHessian(set, context.signal)
    return { matrix, eigenvalues, asymmetry: 0 }
  }
  const dimension = probe.parameterCount
  const rows = new Float64Array(dimension * dimension)
  for (let start = 0; start < dimension; start += BLOCK) {
    const count = Math.min(BLOCK, dimension - start)
    const block = new Float64Array(count * dimension)
    for (let k = 0; k < count; k++) block[k * dimension + start + k] = 1
    rows.set(await probe.hessianVectors(block, count, set, context.signal), start * dimension)
    context.progress(start + count, dimension, 'Exact Hessian')
    await context.breathe()
    if (start + count < dimension && context.isAwaited?.() === true) return null
  }
  return { ...symmetrised(rows, dimension), eigenvalues: null }
}

/** (H + H^T) / 2 in place, and how far the two triangles were apart. */
export function symmetrised(matrix: Float64Array, dimension: number): Pick<DenseHessian, 'matrix' | 'asymmetry'> {
  const size = norm(matrix)
  const differences = new Float64Array((dimension * (dimension - 1)) / 2)
  let at = 0
  for (let i = 0; i < dimension; i++) {
    for (let j = i + 1; j < dimension; j++) {
      const upper = matrix[i * dimension + j]
      const lower = matrix[j * dimension + i]
      differences[at++] = upper - lower
      // Halves first: the sum of two entries at the top of the range would leave it.
      const mean = upper / 2 + lower / 2
      matrix[i * dimension + j] = mean
      matrix[j * dimension + i] = mean
    }
  }
  return { matrix, asymmetry: size === 0 ? 0 : (Math.SQRT2 * norm(differences)) / size }
}
