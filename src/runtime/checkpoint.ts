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
import type { Publisher } from './publisher.ts'
import type { RunHost } from './runHost.ts'
import { bytesOf } from './transferables.ts'

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

/** Sends the page what the run would go on from. */
export interface Checkpoints {
  /** The time counts from now. */
  begin(): void
  /** Every 2 s, or 20 times its own cost where that is longer. */
  takeIfDue(): Promise<void>
  /** At once, where the last one is of another step; step 0 comes from the seed. */
  takeIfMoved(step: Step): Promise<void>
}

/** @param take takes the state of the moment. */
export function createCheckpoints(
  host: Pick<RunHost, 'now'>,
  publisher: Pick<Publisher, 'post'>,
  take: () => Promise<RunCheckpoint>,
): Checkpoints {
  let last = { at: 0, cost: 0, step: -1 }
  const send = async (): Promise<void> => {
    const before = host.now()
    const checkpoint = await take()
    const at = host.now()
    last = { at, cost: at - before, step: checkpoint.step }
    publisher.post({ type: 'checkpointed', checkpoint, duration: at - before, bytes: bytesOf(checkpoint.payload) })
  }
  return {
    begin() {
      last.at = host.now()
    },
    async takeIfDue() {
      if (host.now() - last.at >= Math.max(LEAST_INTERVAL_MS, COST_MULTIPLE * last.cost)) await send()
    },
    async takeIfMoved(step) {
      if (step > 0 && last.step !== step) await send()
    },
  }
}
