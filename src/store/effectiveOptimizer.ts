// Which optimizer is at work at this step? The experiment's own until a change takes over.
import type { ArmName, Experiment, OptimizerChange, OptimizerSettings } from '../core/experiment.ts'
import { armExperiment } from '../core/resolve.ts'
import type { Step } from '../core/units.ts'

/** Settings of the update that follows `step`. */
export function effectiveOptimizer(experiment: Experiment, arm: ArmName, step: Step): OptimizerSettings {
  const change = experiment.changes.findLast((change) => change.arm === arm && change.step <= step)
  return change?.optimizer ?? armExperiment(experiment, arm).optimizer
}

/** The list with one more change, in order; a change of the same arm and step is replaced, and what the arm had planned later is dropped. */
export function withChange(changes: readonly OptimizerChange[], change: OptimizerChange): OptimizerChange[] {
  const kept = changes.filter((other) => other.arm !== change.arm || other.step < change.step)
  return [...kept, change].toSorted((a, b) => a.step - b.step)
}
