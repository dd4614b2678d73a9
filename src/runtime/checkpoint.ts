// How does a run survive its Worker?
//
// The engines' own checkpoints, one per arm, beside the experiment as it is by then. Start weights, batch order and the
// kernel of step 0 are not in it: they come again from the seed, and a test holds a restored run to the same bits.
import type { ArmName, Experiment, OptimizerSettings } from '../core/experiment.ts'
import { UnsupportedFault } from '../core/faults.ts'
import type { Milliseconds, Step } from '../core/units.ts'
import type { TrainerCheckpoint } from '../engine/trainer.ts'
import type { RunCheckpoint } from '../protocol/messages.ts'
import { engineWish, type Arm } from './arm.ts'

const LEAST_INTERVAL_MS: Milliseconds = 2000
/** A checkpoint may take a twentieth of the time. */
const COST_MULTIPLE = 20

/** What `RunCheckpoint.payload` really is. */
interface Payload {
  /** Of the run that was interrupted: another one would go on with other bits. */
  readonly engine: Experiment['engine']
  readonly arms: Readonly<Partial<Record<ArmName, TrainerCheckpoint>>>
  /** As they were set: the rates in `arms` may have decayed, and would decay again. */
  readonly optimizers: Readonly<Partial<Record<ArmName, OptimizerSettings>>>
}

/** The engine to ask for when this checkpoint is to go on. */
export function engineOfCheckpoint(checkpoint: RunCheckpoint): Experiment['engine'] {
  return (checkpoint.payload as Payload).engine
}

/** Takes the state of all arms; the arrays are copies or will be cloned on their way. */
export async function takeCheckpoint(experiment: Experiment, step: Step, arms: readonly Arm[]): Promise<RunCheckpoint> {
  const states: Partial<Record<ArmName, TrainerCheckpoint>> = {}
  for (const arm of arms) states[arm.name] = await arm.trainer.checkpoint()
  // Arms of an MLP share one engine; a chain has only one.
  const engine = arms.map(({ trainer }) => engineWish(trainer)).find((wish) => wish !== 'auto') ?? 'auto'
  const optimizers = Object.fromEntries(arms.map(({ name, optimizer }) => [name, optimizer]))
  const payload: Payload = { engine, arms: states, optimizers }
  return { step, experiment, payload }
}

/**
 * Puts freshly created arms where the checkpoint was taken.
 *
 * @throws {UnsupportedFault} when an arm is missing in it.
 */
export async function restoreArms(checkpoint: RunCheckpoint, arms: readonly Arm[]): Promise<void> {
  const { arms: payload, optimizers } = checkpoint.payload as Payload
  for (const arm of arms) {
    const own = payload[arm.name]
    if (own === undefined) throw new UnsupportedFault(`restoreArms: no state of arm ${arm.name}, got ${Object.keys(payload).join(' ')}`)
    await arm.trainer.restore(own)
    arm.optimizer = optimizers[arm.name] ?? own.optimizer
    arm.divergedAt.set(own.divergedAt)
  }
}

/** True when it is time for the next one: every 2 s, or 20 times its own cost where that is longer. */
export function isCheckpointDue(now: Milliseconds, lastAt: Milliseconds, lastCost: Milliseconds): boolean {
  return now - lastAt >= Math.max(LEAST_INTERVAL_MS, COST_MULTIPLE * lastCost)
}
