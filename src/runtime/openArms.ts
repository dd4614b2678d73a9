// What has to be there before a run can begin? The data, and the networks of every arm.
import type { Experiment } from '../core/experiment.ts'
import { armsOf } from '../core/resolve.ts'
import type { Command } from '../protocol/messages.ts'
import { createArm, engineWish, type Arm } from './arm.ts'
import { engineOfCheckpoint, restoreArms } from './checkpoint.ts'
import type { Publisher } from './publisher.ts'
import type { RunHost } from './runHost.ts'

/**
 * The arms at the step of the checkpoint, or at the start; each is kept as soon as it is there, so that its owner can dispose of it.
 *
 * The first arm chooses the engine for all.
 */
export async function openArms(
  experiment: Experiment,
  { checkpoint, allowGpu }: Pick<Extract<Command, { type: 'start' }>, 'checkpoint' | 'allowGpu'>,
  host: RunHost,
  publisher: Pick<Publisher, 'post'>,
  signal: AbortSignal,
  keep: (arm: Arm) => void,
): Promise<void> {
  const onProgress = (done: number, total: number) => publisher.post({ type: 'progress', what: 'data', done, total, label: 'Loading data' })
  const dataset = await host.loadDataset(experiment.data, experiment.seed, onProgress, signal)
  signal.throwIfAborted()
  let engine = checkpoint === null ? experiment.engine : engineOfCheckpoint(checkpoint)
  const names = armsOf(experiment)
  const arms: Arm[] = []
  for (const [done, name] of names.entries()) {
    publisher.post({ type: 'progress', what: 'engine', done, total: names.length, label: 'Building the network' })
    const arm = await createArm(name, experiment, dataset, host, allowGpu, engine)
    arms.push(arm)
    keep(arm)
    if (arm.trainer.description.engine !== 'chain') engine = engineWish(arm.trainer)
    signal.throwIfAborted()
  }
  if (checkpoint !== null) await restoreArms(checkpoint, arms)
}
