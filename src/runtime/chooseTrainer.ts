// Which engine trains this network?
import { FaultError } from '../core/faults.ts'
import { createChainTrainer } from '../engine/chain/chainTrainer.ts'
import type { Trainer } from '../engine/trainer.ts'
import type { TrainerRequest } from './runHost.ts'

/** The trainer for a request. @throws {FaultError} unsupported. */
export async function chooseTrainer(request: TrainerRequest): Promise<Trainer> {
  if (request.modelKind === 'chain') return createChainTrainer({ ...request, reason: 'Chains need float64: a GPU in float32 cannot represent their products.' })
  throw new FaultError({ type: 'unsupported', detail: 'Only chains can be trained so far.' })
}
