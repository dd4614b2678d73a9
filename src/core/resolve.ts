// What does one arm of an experiment mean for an engine?
//
// Resolving happens once, here, so that page, Worker and command line cannot disagree about what arm B is.
import { convolutionalLayers, denseLayer } from './convolutionalLayers.ts'
import type { ArmName, Experiment, ModelSettings, OptimizerSettings } from './experiment.ts'
import type { Dataset } from './dataset.ts'
import { LIMITS } from './limits.ts'
import type { LayerSpec, NetworkSpec } from './networkSpec.ts'
import { withNormsAndSkips } from './normsAndSkips.ts'
import { widthForBudget } from './widthForBudget.ts'

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

/** What a network must know of its data. */
export type DataShape = Pick<Dataset, 'inputWidth' | 'outputWidth' | 'imageShape'>

/** The layers of one arm's network on a data set; a chain is `depth` layers 1 -> 1 without bias or activation. */
export function networkSpec(arm: ArmExperiment, data: DataShape): NetworkSpec {
  return {
    layers: layersOf(arm.model, data),
    loss: arm.loss,
    ...(arm.linearised === true ? { linearised: true } : {}),
    ...(hasFixedOutput(arm.model) ? { fixedOutput: true } : {}),
  }
}

/** True where the output weights are constants; a single layer would have nothing left to train. */
export function hasFixedOutput({ kind, depth, outputWeights }: Pick<ModelSettings, 'kind' | 'depth' | 'outputWeights'>): boolean {
  return kind === 'mlp' && depth >= 2 && outputWeights === 'signs'
}

function layersOf(model: ModelSettings, data: DataShape): readonly LayerSpec[] {
  switch (model.kind) {
    case 'chain':
      return chainLayers(model, data)
    case 'mlp':
      return withNormsAndSkips(denseLayers(model, data), model)
    case 'cnn': {
      // Vectors are images of one column, so that nothing that is asked for has no answer.
      const image = data.imageShape ?? [1, data.inputWidth, 1]
      return withNormsAndSkips(convolutionalLayers(model, image, data.outputWidth), model)
    }
    default:
      return model.kind satisfies never
  }
}

function chainLayers(model: ModelSettings, { inputWidth, outputWidth }: DataShape): readonly LayerSpec[] {
  return Array.from({ length: model.depth }, (_, layer): LayerSpec => ({
    ...denseLayer(model, layer === 0 ? inputWidth : 1, layer === model.depth - 1 ? outputWidth : 1),
    bias: false,
    activation: 'identity',
    forwardScale: 1,
  }))
}

function denseLayers(model: ModelSettings, data: DataShape): readonly LayerSpec[] {
  const width = mlpWidth(model, data)
  return Array.from({ length: model.depth }, (_, layer): LayerSpec => {
    const last = layer === model.depth - 1
    const dense = denseLayer(model, layer === 0 ? data.inputWidth : width, last ? data.outputWidth : width)
    if (!last) return dense
    const output = { ...dense, activation: model.outputActivation }
    return hasFixedOutput(model) ? { ...output, bias: false, forwardScale: 1 / Math.sqrt(width) } : output
  })
}

/** Units of a hidden layer of an MLP: as set, or as the parameter budget wants it. */
export function mlpWidth(model: ModelSettings, { inputWidth, outputWidth }: Pick<DataShape, 'inputWidth' | 'outputWidth'>): number {
  if (model.parameterBudget === null) return model.width
  return Math.min(LIMITS.width.max, widthForBudget(model.parameterBudget, model.depth, inputWidth, outputWidth, model.bias))
}
