// Who trains this network? The engine layer decides; here the request of a run becomes one of an engine.
import { createTrainer } from '../engine/createTrainer.ts'
import type { Trainer } from '../engine/trainer.ts'
import type { TrainerRequest } from './runHost.ts'

/**
 * The trainer for one arm.
 *
 * @throws {FaultError} poisoned, deviceLost or noWebGpu from the GPU.
 */
export async function chooseTrainer(request: TrainerRequest): Promise<Trainer> {
  const { modelKind, engine, allowGpu, ...options } = request
  return await createTrainer({ options, kind: modelKind, preference: engine, allowGpu })
}
