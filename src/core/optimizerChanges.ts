// How does a change of the optimizer on the way become part of the experiment?
//
// Whoever moves a slider back and forth while a run is paused leaves one mark, not ten; and a hand on the slider overrides
// what the arm had planned for later.
import type { Experiment, OptimizerChange } from './experiment.ts'

/** The experiment with a change made by hand: it replaces the arm's change at the same step and drops its later ones. */
export function withOptimizerChange(experiment: Experiment, change: OptimizerChange): Experiment {
  const kept = experiment.changes.filter((other) => other.arm !== change.arm || other.step < change.step)
  return { ...experiment, changes: [...kept, change].toSorted((a, b) => a.step - b.step) }
}
