// What does the cosine plot draw, and when is a density the wrong picture?
import type { ArmName } from '../core/experiment.ts'
import type { CosineSample, CosineStatistics, UnavailableReason } from '../core/sample.ts'
import type { TheoryCurve } from '../core/theoryCurve.ts'

export interface CosineArm {
  readonly arm: ArmName
  readonly label: string
  readonly current: CosineSample | null
  /** Why there is nothing; null with `current: null` means: not measured yet. */
  readonly unavailable: UnavailableReason | null
}

export interface CosinePlotData {
  readonly arms: readonly CosineArm[]
  /** Densities over `cosine`, such as that of random directions in the same dimension. */
  readonly theory: readonly TheoryCurve[]
}

/** A value that several cosines share, and their share. */
export interface CosineSpike {
  readonly value: number
  readonly share: number
}

const SAME = 1e-6
const FEW = 3

/**
 * The distinct values where there are at most three (a chain's cosines are exactly -1 or 1), else null: draw the density.
 *
 * A density would smear such values over the axis; needles say what is true.
 */
export function spikesOf(statistics: CosineStatistics): readonly CosineSpike[] | null {
  const { cosines } = statistics
  if (cosines.length === 0) return []
  const found: { value: number; count: number }[] = []
  for (const cosine of cosines) {
    const spike = found.find(({ value }) => Math.abs(value - cosine) <= SAME)
    if (spike !== undefined) spike.count++
    else if (found.length === FEW) return null
    else found.push({ value: cosine, count: 1 })
  }
  // Three different cosines of three are not spikes but few measurements.
  if (found.length > 1 && found.length === cosines.length) return null
  return found.map(({ value, count }) => ({ value, share: count / cosines.length }))
}

/** The reason to show an empty plot: that of the first arm, when no arm has anything to draw; undefined: draw. */
export function emptyReason(
  arms: readonly { readonly current: object | null; readonly unavailable: UnavailableReason | null }[],
): UnavailableReason | null | undefined {
  if (arms.some((arm) => arm.current !== null)) return undefined
  return arms.find((arm) => arm.unavailable !== null)?.unavailable ?? null
}
