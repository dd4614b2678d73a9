// What does one arm of an experiment mean for an engine?
//
// Resolving happens once, here, so that page, Worker and command line cannot disagree about what arm B is.
import type { ArmName, Experiment, OptimizerSettings } from './experiment.ts'
import type { Dataset } from './dataset.ts'
import type { LayerSpec, NetworkSpec } from './networkSpec.ts'

/** An experiment of one arm only; `linearised` stands here because nobody can ask for it without an arm A beside. */
export type ArmExperiment = Experiment & { readonly linearised?: boolean }

/** The experiment of one arm: A as it stands, B with `versus` laid over it; `versus` is null in the result. */
export function armExperiment(experiment: Experiment, arm: ArmName): ArmExperiment {
  const { versus } = experiment
  if (arm === 'A' || versus === null) return { ...experiment, versus: null }
  return {
    ...experiment,
    model: { ...experiment.model, ...versus.model },
    init: { ...experiment.init, ...versus.init },
    optimizer: { ...experiment.optimizer, ...versus.optimizer },
    batch: versus.batch ?? experiment.batch,
    versus: null,
    ...(versus.linearised === true ? { linearised: true } : {}),
  }
}

/** Names of the arms that run: A alone, or A and B. */
export function armsOf(experiment: Experiment): readonly ArmName[] {
  return experiment.versus === null ? ['A'] : ['A', 'B']
}

/** eps as it is used: the given one, else 1e-150 for chains, 1e-16 in float64, 1e-8 in float32. */
export function resolveEps(optimizer: OptimizerSettings, engine: 'chain' | 'float64' | 'network' | 'fused'): number {
  if (optimizer.eps !== null) return optimizer.eps
  if (engine === 'chain') return 1e-150
  return engine === 'float64' ? 1e-16 : 1e-8
}

/** The layers of one arm's network on a data set; a chain is `depth` layers 1 -> 1 without bias or activation. */
export function networkSpec(arm: ArmExperiment, dataset: Pick<Dataset, 'inputWidth' | 'outputWidth'>): NetworkSpec {
  const { model } = arm
  const chain = model.kind === 'chain'
  const layers: LayerSpec[] = []
  for (let layer = 0; layer < model.depth; layer++) {
    const fanIn = layer === 0 ? dataset.inputWidth : chain ? 1 : model.width
    const last = layer === model.depth - 1
    layers.push({
      kind: 'dense',
      fanIn,
      fanOut: last ? dataset.outputWidth : chain ? 1 : model.width,
      bias: !chain && model.bias,
      activation: chain ? 'identity' : last ? model.outputActivation : model.activation,
      forwardScale: !chain && model.parameterization === 'ntk' ? 1 / Math.sqrt(fanIn) : 1,
      biasScale: 1,
    })
  }
  return { layers, loss: arm.loss, ...(arm.linearised === true ? { linearised: true } : {}) }
}
