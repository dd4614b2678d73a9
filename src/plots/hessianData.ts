// What does the spectrum plot draw? The newest sample of each arm, its stability line, and the extremes over time.
import type { ArmName } from '../core/experiment.ts'
import type { HessianSample, UnavailableReason } from '../core/sample.ts'
import type { TheoryCurve } from '../core/theoryCurve.ts'
import type { Step } from '../core/units.ts'

/** What the large plot shows of the Hessian; the small one always shows the spectrum. */
export const HESSIAN_VIEWS = ['spectrum', 'ends', 'preconditioned', 'layers', 'entries'] as const
export type HessianView = (typeof HESSIAN_VIEWS)[number]

export interface HessianArm {
  readonly arm: ArmName
  readonly label: string
  readonly current: HessianSample | null
  readonly unavailable: UnavailableReason | null
  /** Curvature above which the optimizer overshoots, such as 2/lr for gradient descent; null where there is no such number. */
  readonly stability: { readonly value: number; readonly label: string } | null
  /** The same limit on the preconditioned spectrum; absent or null where the optimizer has none. */
  readonly feltStability?: { readonly value: number; readonly label: string } | null
  /** Ascending in step; extremes over time in the main variant. */
  readonly samples: readonly HessianSample[]
}

export interface HessianPlotData {
  readonly arms: readonly HessianArm[]
  /** Curves over `eigenvalue` (densities) are not drawn on counts; curves over `step` go to the panel of extremes. */
  readonly theory: readonly TheoryCurve[]
  readonly totalSteps: Step
  /** Absent: the spectrum. */
  readonly view?: HessianView
}

/** Largest networks whose layer blocks, and whose single entries, are ever measured: on demand, and so many of them live. */
export const BLOCK_LIMIT = 1500
export const ENTRY_LIMIT = 512

/** Values that are drawn one by one: eigenvalues when exact, Ritz nodes otherwise; ascending. */
export function drawnValues(sample: HessianSample): Float64Array {
  return sample.eigenvalues ?? sample.nodes ?? Float64Array.of(sample.lambdaMin, sample.lambdaMax)
}

/** The newest sample up to the one at the cursor that has what a map shows: maps are measured more rarely than spectra. */
export function newestWith({ current, samples }: HessianArm, field: 'entries' | 'blockFrobenius'): HessianSample | null {
  if (current === null) return null
  if (current[field] !== null) return current
  return samples.findLast((sample) => sample.step <= current.step && sample[field] !== null) ?? null
}

/** The arm with the spectrum that its optimizer feels in place of the plain one; plain for optimizers that rescale nothing. */
export function feltArm(arm: HessianArm): HessianArm {
  const felt = (sample: HessianSample): HessianSample => {
    const { preconditionedSpectrum } = sample
    if (preconditionedSpectrum === undefined || preconditionedSpectrum === null) return sample
    // Counts and ends belong to the plain spectrum.
    const { ends: _, ...rest } = sample
    return { ...rest, ...preconditionedSpectrum, numNegative: negativeCount(preconditionedSpectrum.eigenvalues) }
  }
  const { current, samples, feltStability = null } = arm
  return { ...arm, current: current === null ? null : felt(current), samples: samples.map(felt), stability: feltStability }
}

/** Congruence keeps the signs, so this is the plain count as well; null where the spectrum is not known whole. */
function negativeCount(eigenvalues: Float64Array | null): number | null {
  if (eigenvalues === null) return null
  const least = 1e-12 * eigenvalues.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  return eigenvalues.reduce((count, value) => (value < -least ? count + 1 : count), 0)
}
