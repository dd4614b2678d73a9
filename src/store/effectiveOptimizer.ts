// Which optimizer is at work at this step? The experiment's own until a change takes over.
import type { ArmName, Experiment, OptimizerSettings } from '../core/experiment.ts'
import { armExperiment } from '../core/resolve.ts'
import type { Step } from '../core/units.ts'

/** Settings of the update that follows `step`. */
export function effectiveOptimizer(experiment: Experiment, arm: ArmName, step: Step): OptimizerSettings {
  const change = experiment.changes.findLast((change) => change.arm === arm && change.step <= step)
  return change?.optimizer ?? armExperiment(experiment, arm).optimizer
}
