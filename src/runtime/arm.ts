// What is one arm of a run: its network ensemble, its batches, its optimizer of the moment?
//
// Arms share the seed's streams by name, so that equal shapes start equal and both see the same data in the same
// order; nothing here is ever drawn twice in a different way.
import type { Dataset } from '../core/dataset.ts'
import type { ArmName, Experiment, OptimizerSettings } from '../core/experiment.ts'
import type { NetworkSpec } from '../core/networkSpec.ts'
import { scheduledOptimizer } from '../core/optimizerSchedule.ts'
import type { Probe } from '../core/probe.ts'
import { armExperiment, networkSpec } from '../core/resolve.ts'
import type { Step } from '../core/units.ts'
import { createBatchOrder, type BatchOrder } from '../engine/batchOrder.ts'
import { initialWeights } from '../engine/initialWeights.ts'
import type { Trainer } from '../engine/trainer.ts'
import type { RunHost, TrainerRequest } from './runHost.ts'

export interface Arm {
  readonly name: ArmName
  /** The experiment as this arm sees it; `versus` is null. */
  readonly experiment: Experiment
  readonly spec: NetworkSpec
  readonly dataset: Dataset
  readonly trainer: Trainer
  /** [seeds] they follow training. */
  readonly probes: readonly Probe[]
  readonly order: BatchOrder
  /** The optimizer as it was set; its rate of the moment follows from the step, see `optimizerAt`. */
  optimizer: OptimizerSettings
  /** [seeds] step at which a seed left the finite numbers, -1 while it lives. */
  readonly divergedAt: Int32Array
  /** Lends seed 0 at step 0: this arm's own network while nothing was trained, else one built again from the seed. */
  atStart<Result>(use: (probe: Probe) => Promise<Result>): Promise<Result>
}

/**
 * Draws the start and creates the trainer of one arm.
 *
 * @param engine instead of the experiment's wish: the engine that an earlier arm got, so that `auto` never compares two engines.
 */
export async function createArm(
  name: ArmName,
  experiment: Experiment,
  dataset: Dataset,
  host: Pick<RunHost, 'createTrainer'>,
  allowGpu: boolean,
  engine: Experiment['engine'] = experiment.engine,
): Promise<Arm> {
  const own = armExperiment(experiment, name)
  const spec = networkSpec(own, dataset)
  const request = (seeds: number, wish: Experiment['engine']): TrainerRequest => ({
    modelKind: own.model.kind,
    engine: wish,
    allowGpu,
    spec,
    dataset,
    probeCount: Math.min(own.diagnostics.probeCount, dataset.train.count),
    optimizer: scheduledOptimizer(own.optimizer, 0),
    noiseSeed: own.seed,
    initialWeights: Array.from({ length: seeds }, (_, seedIndex) => initialWeights(spec, own.init, own.model, own.seed, seedIndex)),
  })
  const batchRows = Math.min(own.batch, dataset.train.count)
  const trainer = await host.createTrainer({ ...request(own.seeds, engine), batchRows })
  return {
    name,
    experiment: own,
    spec,
    dataset,
    trainer,
    probes: Array.from({ length: own.seeds }, (_, seedIndex) => trainer.probe(seedIndex)),
    order: createBatchOrder(own.seed, dataset.train.count, own.batch, own.sampling),
    optimizer: own.optimizer,
    divergedAt: new Int32Array(own.seeds).fill(-1),
    async atStart(use) {
      if (trainer.step === 0) return await use(trainer.probe(0))
      // The same engine: K_0 in another precision would look like drift.
      const again = await host.createTrainer(request(1, engineWish(trainer)))
      try {
        return await use(again.probe(0))
      } finally {
        await again.dispose()
      }
    },
  }
}

/** The wish that gives the engine which this trainer already is. */
export function engineWish(trainer: Trainer): Experiment['engine'] {
  const { engine } = trainer.description
  return engine === 'chain' ? 'auto' : engine
}

/** The optimizer that the update number `step` + 1 uses: the arm's own, at the rate that its decay leaves by then. */
export function optimizerAt(arm: Pick<Arm, 'optimizer'>, step: Step): OptimizerSettings {
  return scheduledOptimizer(arm.optimizer, step)
}

/** True when no seed of the arm is finite any more. */
export function hasDiverged(arm: Arm): boolean {
  return arm.divergedAt.every((step) => step >= 0)
}

/** The batches of `count` updates from the step that the arm stands at. */
export function nextBatches(arm: Arm, step: Step, count: number): readonly Int32Array[] {
  return Array.from({ length: count }, (_, i) => arm.order.batchAt(step + i))
}
