// What must change with the model, so that the switch always leads to something worth running?
//
// A chain has one number in and out; an MLP without images is dull. So each side comes with its own data, loss and rates.
import { DEFAULT_EXPERIMENT, DEFAULT_MLP } from '../../core/defaults.ts'
import type { Experiment, ModelSettings } from '../../core/experiment.ts'

/** The experiment after the switch; seed, pace of measuring and engine stay. */
export function withModelKind(experiment: Experiment, kind: ModelSettings['kind']): Experiment {
  if (kind === experiment.model.kind) return experiment
  const base = kind === 'chain' ? DEFAULT_EXPERIMENT : DEFAULT_MLP
  return { ...base, seed: experiment.seed, engine: experiment.engine }
}
