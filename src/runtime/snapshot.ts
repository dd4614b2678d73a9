// Which numbers of the moment can anybody check with other software?
//
// The place where a run's state becomes the public snapshot format; page and command line come through here.
import type { Experiment } from '../core/experiment.ts'
import { FaultError } from '../core/faults.ts'
import type { MeasuredField, Snapshot } from '../core/snapshot.ts'
import type { Step } from '../core/units.ts'
import { APP_VERSION } from '../core/version.ts'
import { initialWeights } from '../engine/initialWeights.ts'
import { optimizerAt, type Arm } from './arm.ts'
import { measureProblem, type CreateTrainer, type MeasuredProblem } from './problem/measureProblem.ts'
import { problemOf } from './problem/problemOf.ts'
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
}

/**
 * Assembles the snapshot of one arm and seed; training is not touched.
 *
 * @throws {FaultError} unsupported for a linearised arm: the format's problem is a network, and its numbers would not be those of the arm.
 */
export async function assembleSnapshot({ experiment, arm, seedIndex, step, createTrainer, only }: SnapshotSource): Promise<Snapshot> {
  const { trainer, spec, experiment: own } = arm
  if (spec.linearised === true) {
    throw new FaultError({ type: 'unsupported', detail: 'arm: not a network, got the linearised arm B, expected arm A' })
  }
  const checkpoint = await trainer.checkpoint()
  const weights = checkpoint.weights[seedIndex]
  const problem = problemOfRun({
    experiment: own,
    spec,
    dataset: arm.dataset,
    startWeights: step === 0 ? weights : initialWeights(spec, own.init, own.model, own.seed, seedIndex),
    weights,
    optimizer: optimizerAt(arm, step),
    optimizerState: { updates: checkpoint.slotSteps[seedIndex], slots: checkpoint.slots[seedIndex] },
  })
  const found = await measureProblem(problem, createTrainer, experiment.seed, only)
  return { ...snapshotOf(found), experiment, arm: arm.name, step, seed: experiment.seed, seedIndex }
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
    omitted,
  }
}
