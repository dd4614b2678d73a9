// Which engines can take a network here? The benchmark asks each by name, so that none is chosen for it.
import type { EngineDescription, Trainer, TrainerOptions } from '../../engine/trainer.ts'
import type { OpenedDevice } from '../../engine/device.ts'
import { createChainTrainer } from '../../engine/chain/chainTrainer.ts'
import { createFloat64Trainer } from '../../engine/float64/float64Trainer.ts'

export type EngineName = EngineDescription['engine']

/** A trainer on exactly this engine; null where the machine has no GPU for it, or the engine cannot take the network. @throws {FaultError} of the engine. */
export async function openEngine(engine: EngineName, options: TrainerOptions, gpu: OpenedDevice | null): Promise<Trainer | null> {
  switch (engine) {
    case 'chain':
      return createChainTrainer(options)
    case 'float64':
      return createFloat64Trainer(options)
    case 'network':
      return gpu === null ? null : await (await import('../../engine/network/networkTrainer.ts')).createNetworkTrainer(options, gpu)
    case 'fused': {
      if (gpu === null) return null
      const { createFusedTrainer, fusedObstacleOn } = await import('../../engine/fused/fusedTrainer.ts')
      return fusedObstacleOn(options.spec, gpu) === null ? await createFusedTrainer(options, gpu) : null
    }
    default:
      return engine satisfies never
  }
}
