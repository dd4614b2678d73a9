// How do weights move, given a gradient? What the rules have in common; one file per rule.
//
// A rule changes weights and slots in place and knows nothing of layers, seeds or scaling. eps stands OUTSIDE
// the root in all rules: inside, it would be the square of what its slider says.

/** One update rule in float64. */
export interface UpdateRule {
  /** Slots that the rule keeps, in the order of `TrainerCheckpoint`; each is [P] and starts at 0. */
  readonly slotCount: number
  /** True for a rule whose every update takes Gaussian noise from `gradientNoise`. */
  readonly needsNoise?: boolean
  /**
   * One update in place.
   *
   * @param weights [P].
   * @param gradient [P].
   * @param slots [slotCount] arrays [P].
   * @param slotStep updates done since the slots were empty, before this one.
   * @param noise [P] N(0, 1) of this step, for rules that need it.
   */
  apply(weights: Float64Array, gradient: Float64Array, slots: readonly Float64Array[], slotStep: number, noise?: Float64Array): void
}

/** Arrays for the slots of a rule, all 0. */
export function emptySlots(rule: UpdateRule, parameterCount: number): Float64Array[] {
  return Array.from({ length: rule.slotCount }, () => new Float64Array(parameterCount))
}
