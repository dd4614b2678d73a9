// Which few directions curve most, upwards and downwards?
//
// Three at each end are enough to see whether one outlier stands alone. Of several Lanczos recursions one is taken whole per
// end: pooling them would show one eigenvalue three times.
import type { SpectrumEnds } from '../core/sample.ts'
import type { LanczosResult } from '../numerics/lanczos.ts'

/** Eigenvalues kept at each end. */
export const END_COUNT = 3

/** Ends of a spectrum that is known whole; residuals 0. @param eigenvalues ascending, at least one. */
export function exactEnds(eigenvalues: Float64Array): SpectrumEnds {
  const count = Math.min(END_COUNT, eigenvalues.length)
  return {
    largest: eigenvalues.slice(-count).reverse(),
    largestResiduals: new Float64Array(count),
    smallest: eigenvalues.slice(0, count),
    smallestResiduals: new Float64Array(count),
  }
}

/**
 * Ends as Lanczos sees them: at each end the recursion that reaches farthest, with its residual bounds.
 *
 * Inner values may be far from converged; their residuals say so.
 */
export function lanczosEnds(recursions: readonly LanczosResult[]): SpectrumEnds {
  const last = ({ ritzValues }: LanczosResult) => ritzValues[ritzValues.length - 1]
  const high = recursions.reduce((best, run) => (last(run) > last(best) ? run : best))
  const low = recursions.reduce((best, run) => (run.ritzValues[0] < best.ritzValues[0] ? run : best))
  const fromTop = (values: Float64Array) => values.slice(-END_COUNT).reverse()
  return {
    largest: fromTop(high.ritzValues),
    largestResiduals: fromTop(high.residuals),
    smallest: low.ritzValues.slice(0, END_COUNT),
    smallestResiduals: low.residuals.slice(0, END_COUNT),
  }
}
