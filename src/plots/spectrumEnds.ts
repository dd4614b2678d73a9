// Is an end of a spectrum known, or only bounded from inside? Ritz values never leave the spectrum.
import type { HessianSample } from '../core/sample.ts'
import { isConverged } from '../numerics/lanczos.ts'

type Extremes = Pick<HessianSample, 'lambdaMin' | 'lambdaMax' | 'lambdaMinResidual' | 'lambdaMaxResidual'>

/** Whether each end has converged; what was computed exactly always has. */
export function knownEnds(sample: Extremes): { readonly smallest: boolean; readonly largest: boolean } {
  const { lambdaMin, lambdaMax, lambdaMinResidual, lambdaMaxResidual } = sample
  const size = Math.max(Math.abs(lambdaMin), Math.abs(lambdaMax))
  return { smallest: isConverged(lambdaMin, lambdaMinResidual, size), largest: isConverged(lambdaMax, lambdaMaxResidual, size) }
}

/** "not converged", "smallest not converged"; null where both ends have. */
export function unknownEnds(sample: Extremes): string | null {
  const { smallest, largest } = knownEnds(sample)
  if (smallest && largest) return null
  if (!smallest && !largest) return 'not converged'
  return `${smallest ? 'largest' : 'smallest'} not converged`
}
