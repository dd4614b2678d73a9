// Which numbers of the moment can anybody check with other software?
//
// The place where a run's state becomes the public snapshot format; page and command line come through here.
import type { Experiment } from '../core/experiment.ts'
import { FaultError } from '../core/faults.ts'
import type { NetworkSpec } from '../core/networkSpec.ts'
import type { MeasuredField, Snapshot } from '../core/snapshot.ts'
import type { Step } from '../core/units.ts'
import { APP_VERSION } from '../core/version.ts'
import { initialWeights } from '../engine/initialWeights.ts'
import { optimizerAt, type Arm } from './arm.ts'
import { frozenSpec, hasLiveStatistics } from './frozenSpec.ts'
import type { Attention } from './problem/attention.ts'
import { measureProblem, type CreateTrainer, type MeasuredProblem } from './problem/measureProblem.ts'
import type { ResolvedProblem } from './problem/parseProblem.ts'
import { normOf, problemOf } from './problem/problemOf.ts'
import { problemOfRun } from './problem/problemOfRun.ts'

/** One arm and seed of a run at rest. */
export interface SnapshotSource {
  readonly experiment: Experiment
  readonly arm: Arm
  readonly seedIndex: number
  readonly step: Step
  /** Makes the engine that measures; the same kind as the run's. */
  readonly createTrainer: CreateTrainer
  readonly only?: readonly MeasuredField[]
  /** Who waits for it; absent: nobody watches and nobody takes it back. */
  readonly attention?: Attention
}

/**
 * Assembles the snapshot of one arm and seed; training is not touched.
 *
 * @throws the reason of the attention's signal when it is aborted; {FaultError} unsupported for a linearised arm: the format's problem is a network, and its numbers would not be those of the arm.
 */
export async function assembleSnapshot({
  experiment,
  arm,
  seedIndex,
  step,
  createTrainer,
  only,
  attention,
}: SnapshotSource): Promise<Snapshot> {
  const { trainer, spec, experiment: own } = arm
  if (spec.linearised === true) {
    throw new FaultError({ type: 'unsupported', detail: 'arm: not a network, got the linearised arm B, expected arm A' })
  }
  const checkpoint = await trainer.checkpoint()
  const weights = checkpoint.weights[seedIndex]
  const startWeights = step === 0 ? weights : initialWeights(spec, own.init, own.model, own.seed, seedIndex)
  const frozen = await frozenSpec(spec, trainer.probe(seedIndex))
  const problem = problemOfRun({
    experiment: own,
    spec: frozen,
    startSpec: step === 0 ? frozen : await frozenAtStart(arm, startWeights, createTrainer),
    seedIndex,
    step,
    dataset: arm.dataset,
    startWeights,
    weights,
    optimizer: optimizerAt(arm, step),
    optimizerState: { updates: checkpoint.slotSteps[seedIndex], slots: checkpoint.slots[seedIndex] },
  })
  const found = await measureProblem(problem, createTrainer, only, attention)
  const snapshot = snapshotOf(found)
  const omitted = hasLiveStatistics(spec) ? [...snapshot.omitted, TRAINING_MODE] : snapshot.omitted
  return { ...snapshot, omitted, experiment, arm: arm.name, step, seed: experiment.seed, seedIndex }
}

/** The problem holds the statistics of batch norm, as the format wants it; those of the page move. */
const TRAINING_MODE = {
  name: 'problem.model.bnMode',
  why: 'the run is in train, where the statistics move with the weights: its gradient norms, Hessian, plRatio and update are other numbers',
}

/** The network in evaluation mode at its start, from a trainer that never trains. */
async function frozenAtStart({ spec, dataset, experiment }: Arm, startWeights: Float64Array, create: CreateTrainer): Promise<NetworkSpec> {
  if (!hasLiveStatistics(spec)) return spec
  const probeCount = Math.min(experiment.diagnostics.probeCount, dataset.train.count)
  const options = { spec, dataset, probeCount, optimizer: experiment.optimizer, initialWeights: [startWeights] }
  const first = await create(options, experiment.model.kind)
  try {
    return await frozenSpec(spec, first.probe(0))
  } finally {
    await first.dispose()
  }
}

/** A measured problem in the public format; an outsider's problem has no experiment, step 0 and seed 0. */
export function snapshotOf({ problem, description, eps, measured, omitted }: MeasuredProblem): Snapshot {
  return {
    format: 'snapshot',
    version: 1,
    experiment: null,
    environment: {
      app: APP_VERSION,
      backend: description.backend,
      adapter: description.adapter,
      engine: description.engine,
      precision: description.precision,
    },
    arm: 'A',
    step: 0,
    seed: 0,
    seedIndex: 0,
    problem: problemOf(problem, eps),
    measured,
    omitted: [...omitted, ...unstated(problem)],
  }
}

/** What the public format has no words for. */
function unstated({ spec }: ResolvedProblem): Snapshot['omitted'] {
  if (normOf(spec)?.kind !== 'layer') return []
  const why = 'layer norm is outside the public format; here `layerNorm` and `lnEps` say it, and gamma and beta of the layers'
  return [{ name: 'problem.model.layerNorm', why }]
}
