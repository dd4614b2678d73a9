// How wide is each run's MLP at its depth, the width solved from a budget or as set?
import type { ArmName, Experiment } from '../../core/experiment.ts'
import { dataShape } from '../../core/footprint.ts'
import { armExperiment, armsOf, mlpWidth } from '../../core/resolve.ts'

/** One entry an arm that is an MLP with hidden layers. */
export function liveWidths(experiment: Experiment): readonly { readonly arm: ArmName; readonly depth: number; readonly width: number }[] {
  const shape = dataShape(experiment.data)
  return armsOf(experiment).flatMap((arm) => {
    const { model } = armExperiment(experiment, arm)
    return model.kind === 'mlp' && model.depth > 1 ? [{ arm, depth: model.depth, width: mlpWidth(model, shape) }] : []
  })
}
