// The door of the CPU engine: a network in float64 behind the shell of `cpuTrainer.ts`.
import { createCpuTrainer } from '../cpuTrainer.ts'
import { layerInfo } from '../layerInfo.ts'
import type { Trainer, TrainerOptions } from '../trainer.ts'
import { batchGradient, fittingWorkspace, type Workspace } from './batchGradient.ts'
import { createFloat64Probe } from './float64Probe.ts'
import { layeredEngine } from './layeredEngine.ts'
import { layerNorms } from './layerNorms.ts'
import { createNetwork } from './network.ts'

/**
 * A trainer for any network; with batch norm in training mode a batch goes through at once, and memory grows with it.
 *
 * Slots of a checkpoint are exactly those of the contract. The layers' activations, loss and scales come from `options.spec`.
 *
 * @throws {ShapeFault} when layers, data and starts do not fit each other.
 */
export function createFloat64Trainer(options: TrainerOptions): Trainer {
  const { spec, dataset, probeCount } = options
  const { reduction } = spec.loss
  const network = createNetwork(spec)
  const layers = layerInfo(spec)
  let workspace: Workspace | null = null
  const engine = layeredEngine(options, network, layers, 'float64', {
    lossAndGradient(weights, _seedIndex, batch, into) {
      workspace = fittingWorkspace(network, batch.length, workspace)
      return batchGradient(network, weights, dataset.train, batch, reduction, workspace, into)
    },
    layerNorms: (weights, _seedIndex, batch) => layerNorms(network, weights, dataset.train, batch, reduction),
    createProbe: (weights, secondMoments) =>
      createFloat64Probe({ layers, network, dataset, probeCount, reduction, weights, secondMoments }),
  })
  return createCpuTrainer(options, engine)
}
