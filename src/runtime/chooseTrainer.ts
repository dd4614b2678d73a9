// Which engine trains this network?
import { createChainTrainer } from '../engine/chain/chainTrainer.ts'
import { createFloat64Trainer } from '../engine/float64/float64Trainer.ts'
import type { Trainer } from '../engine/trainer.ts'
import type { TrainerRequest } from './runHost.ts'

/** The trainer for a request. @throws {FaultError} unsupported. */
export async function chooseTrainer(request: TrainerRequest): Promise<Trainer> {
  if (request.modelKind === 'chain') return createChainTrainer({ ...request, reason: 'Chains need float64: a GPU in float32 cannot represent their products.' })
  return createFloat64Trainer({ ...request, reason: 'Computed in float64 on the CPU.' })
}
