// What is an update rule of a chain? As `optimizers/updateRule.ts`, on numbers with an exponent each.
import type { ScaledArray } from './scaledArray.ts'

/** One update rule on scaled gradients and slots; slots start at 0. */
export interface ChainUpdateRule {
  readonly slotCount: number
  /** As in `UpdateRule`. */
  readonly needsNoise?: boolean
  /** False where slots are plain numbers (every exponent stays 0). */
  readonly slotsAreScaled: boolean
  /** One update in place; slotStep is the number of updates since the slots were empty, before this one; noise [L] where it is needed. */
  apply(weights: Float64Array, gradient: ScaledArray, slots: readonly ScaledArray[], slotStep: number, noise?: Float64Array): void
}
