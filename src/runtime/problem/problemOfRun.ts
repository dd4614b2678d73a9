// Which problem does one arm and seed of a run pose at this step?
//
// The probe set becomes the problem's samples; batches and pairs are drawn from it by a stream of their own, so that
// asking for a snapshot changes nothing and the same run gives the same snapshot.
import type { Dataset } from '../../core/dataset.ts'
import type { Experiment, OptimizerSettings } from '../../core/experiment.ts'
import type { NetworkSpec } from '../../core/networkSpec.ts'
import { namedStream } from '../../numerics/streams.ts'
import type { OptimizerState, ResolvedProblem } from './parseProblem.ts'

const BATCHES = 8
const PAIRS = 20

/** One arm and seed of a run at rest. */
export interface RunState {
  /** The arm's own experiment. */
  readonly experiment: Experiment
  readonly spec: NetworkSpec
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
  const { experiment, dataset } = state
  const count = Math.min(experiment.diagnostics.probeCount, dataset.train.count)
  const { train } = dataset
  const stream = namedStream(experiment.seed, 'snapshot/batches')
  const size = Math.max(1, Math.floor(count / 4))
  const draw = (): Int32Array => stream.permutation(count).slice(0, size)
  const several = count > 1
  return {
    kind: experiment.model.kind,
    spec: state.spec,
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
    optimizer: state.optimizer,
    optimizerState: state.optimizerState,
    optimizerBatch: Int32Array.from({ length: count }, (_, i) => i),
  }
}
