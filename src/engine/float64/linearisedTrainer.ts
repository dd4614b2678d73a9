// The door of the linear model: each member is linearised at its own start, and trained like the network beside it.
//
// The starts are those of the options, never of a checkpoint, so that a restored run keeps its kernel.
import { createCpuTrainer } from '../cpuTrainer.ts'
import { layerInfo } from '../layerInfo.ts'
import { whole } from '../parts.ts'
import type { EngineDescription, Trainer, TrainerOptions } from '../trainer.ts'
import { batchGradient, fittingWorkspace, type Workspace } from './batchGradient.ts'
import { frozenNetwork } from './frozenStatistics.ts'
import { layeredEngine } from './layeredEngine.ts'
import { layerNorms } from './layerNorms.ts'
import { createLinearisedProbe } from './linearisedProbe.ts'
import { displacementInto, linearisedForward } from './linearisedNetwork.ts'
import { createNetwork } from './network.ts'

/**
 * A trainer for F(w0) + J(w0) (w - w0) of the network of `options.spec`; w0 are the initial weights of each member.
 *
 * A step costs one tangent pass more than the network's. Batch norm in training mode is frozen at the statistics of the probe set at w0.
 *
 * @param twin engine of the network beside it: gives the default eps, and a chain's names to the layers.
 * @throws {ShapeFault} when layers, data and starts do not fit each other.
 */
export function createLinearisedTrainer(options: TrainerOptions, twin: EngineDescription['engine'] = 'float64'): Trainer {
  const { spec, dataset, probeCount } = options
  const { reduction } = spec.loss
  const own = createNetwork(spec)
  const layers = layerInfo(spec, twin === 'chain' ? 'chain' : 'layers')
  const starts = options.initialWeights.map((start) => start.slice())
  // Batch statistics of the start stand still, as everything of the tangent does.
  const networks = starts.map((start) => whole(frozenNetwork(own, start, dataset, probeCount)))
  const displacement = new Float64Array(own.parameterCount)
  const pass = linearisedForward(displacement)
  let workspace: Workspace | null = null
  const engine = layeredEngine(options, own, layers, twin, {
    lossAndGradient(weights, seedIndex, batch, into) {
      const network = networks[seedIndex]
      workspace = fittingWorkspace(network, batch.length, workspace)
      displacementInto(weights, starts[seedIndex], displacement)
      return batchGradient(network, starts[seedIndex], dataset.train, batch, reduction, workspace, into, pass)
    },
    layerNorms(weights, seedIndex, batch) {
      displacementInto(weights, starts[seedIndex], displacement)
      return layerNorms(networks[seedIndex], starts[seedIndex], dataset.train, batch, reduction, pass)
    },
    createProbe: (weights, secondMoments, seedIndex) =>
      createLinearisedProbe(
        { layers, network: networks[seedIndex], dataset, probeCount, reduction, weights, secondMoments },
        starts[seedIndex],
      ),
  })
  return createCpuTrainer(options, engine)
}
