// Which problem does one arm and seed of a run pose at this step?
//
// The probe set becomes the problem's samples; batches and pairs are drawn from it by a stream of their own, so that
// asking for a snapshot changes nothing and the same run gives the same snapshot.
import type { Dataset } from '../../core/dataset.ts'
import type { Experiment, OptimizerSettings } from '../../core/experiment.ts'
import { isWeighted, type NetworkSpec } from '../../core/networkSpec.ts'
import { FIRST_BLOCK } from '../../core/normsAndSkips.ts'
import type { JsonSkip } from '../../core/snapshot.ts'
import { gradientNoise } from '../../engine/gradientNoise.ts'
import { namedStream } from '../../numerics/streams.ts'
import { layerEntries } from './jsonLayers.ts'
import type { OptimizerState } from './parseOptimizer.ts'
import type { ResolvedProblem } from './parseProblem.ts'

const BATCHES = 8
const PAIRS = 20

/** One arm and seed of a run at rest. */
export interface RunState {
  /** The arm's own experiment. */
  readonly experiment: Experiment
  /** Batch norms with the frozen statistics of `weights`. */
  readonly spec: NetworkSpec
  /** With those of `startWeights`; the same object where they are the same. */
  readonly startSpec: NetworkSpec
  readonly seedIndex: number
  /** Updates of the run so far. */
  readonly step: number
  readonly dataset: Dataset
  /** [P] at step 0. */
  readonly startWeights: Float64Array
  /** [P] at the step; the same object as `startWeights` at step 0. */
  readonly weights: Float64Array
  readonly optimizer: OptimizerSettings
  readonly optimizerState: OptimizerState
}

/** The problem of a run: samples are the first probeCount training samples. */
export function problemOfRun(state: RunState): ResolvedProblem {
  const { experiment, dataset, optimizer } = state
  const spec = withoutFixedOutput(state.spec)
  const weighted = spec.layers.filter(isWeighted)
  const count = Math.min(experiment.diagnostics.probeCount, dataset.train.count)
  const { train } = dataset
  const stream = namedStream(experiment.seed, 'snapshot/batches')
  const size = Math.max(1, Math.floor(count / 4))
  const draw = (): Int32Array => stream.permutation(count).slice(0, size)
  const several = count > 1
  return {
    kind: experiment.model.kind,
    spec,
    startSpec: state.startSpec === state.spec ? spec : withoutFixedOutput(state.startSpec),
    entries: layerEntries(spec),
    skip: skipOf(experiment, spec),
    trainable: weighted.map((_, layer) => state.spec.fixedOutput !== true || layer < weighted.length - 1),
    dataset: {
      ...dataset,
      train: {
        count,
        inputs: train.inputs.slice(0, count * dataset.inputWidth),
        targets: train.targets.slice(0, count * dataset.outputWidth),
        labels: train.labels === null ? null : train.labels.slice(0, count),
      },
    },
    startWeights: state.startWeights,
    weights: state.weights,
    batches: several ? Array.from({ length: BATCHES }, draw) : [],
    pairs: several ? Array.from({ length: PAIRS }, () => [draw(), draw()] as const) : [],
    optimizer,
    optimizerState: state.optimizerState,
    optimizerBatch: Int32Array.from({ length: count }, (_, i) => i),
    noise: optimizer.kind === 'perturbed' ? gradientNoise(experiment.seed, state.seedIndex, state.step, state.weights.length) : null,
  }
}

/** The format says for each layer whether it trains. */
function withoutFixedOutput(spec: NetworkSpec): NetworkSpec {
  return spec.fixedOutput === true ? { ...spec, fixedOutput: false } : spec
}

/** The skips as the model asks for them; null where no block of the network can have one. */
function skipOf({ model }: Experiment, { layers }: NetworkSpec): JsonSkip | null {
  for (const layer of layers) {
    if (layer.kind === 'pool' || layer.skip === undefined) continue
    const { placement, scale, branchScale } = layer.skip
    return { span: model.skipSpan, first: FIRST_BLOCK, placement, scale, branchScale }
  }
  return null
}
