// What must change with the model, so that the switch always leads to something worth running?
//
// A chain has one number in and out; an MLP without images is dull; a convolution costs its weights at every pixel. So each
// side comes with its own data, loss, rates and schedules. Files of one's own stay: who brought them wants to see both on them.
import { DEFAULT_CNN, DEFAULT_EXPERIMENT, DEFAULT_MLP } from '../../core/defaults.ts'
import type { Experiment, ModelSettings } from '../../core/experiment.ts'

const BASES: Readonly<Record<ModelSettings['kind'], Experiment>> = { chain: DEFAULT_EXPERIMENT, mlp: DEFAULT_MLP, cnn: DEFAULT_CNN }

/** The experiment after the switch; seed, engine and own files stay. */
export function withModelKind(experiment: Experiment, kind: ModelSettings['kind']): Experiment {
  if (kind === experiment.model.kind) return experiment
  const base = BASES[kind]
  const { data, loss, seed, engine } = experiment
  const stays = data.kind === 'file' && kind !== 'chain'
  return { ...base, ...(stays ? { data, loss } : { data: { ...base.data, file: data.file } }), seed, engine }
}
