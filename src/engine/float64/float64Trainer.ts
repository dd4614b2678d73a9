// The door of the CPU engine: a network in float64 behind the shell of `cpuTrainer.ts`.
import type { OptimizerSettings } from '../../core/experiment.ts'
import { ShapeFault } from '../../core/faults.ts'
import { resolveEps } from '../../core/resolve.ts'
import { createCpuTrainer, type CpuEngine } from '../cpuTrainer.ts'
import { layerInfo } from '../layerInfo.ts'
import { createUpdateRule } from '../optimizers/createUpdateRule.ts'
import { emptySlots, type UpdateRule } from '../optimizers/updateRule.ts'
import type { Trainer, TrainerOptions } from '../trainer.ts'
import { batchGradient, fittingWorkspace, type Workspace } from './batchGradient.ts'
import { createFloat64Probe } from './float64Probe.ts'
import { createNetwork } from './network.ts'

/** Guess before anything was measured: a batch of 64 at a billion multiplications a second. */
const MS_PER_WEIGHT = 64 * 3e-6

/**
 * A trainer for any network of dense layers.
 *
 * Slots of a checkpoint are exactly those of the contract. The layers' activations, loss and scales come from `options.spec`.
 *
 * @throws {ShapeFault} when layers, data and starts do not fit each other.
 */
export function createFloat64Trainer(options: TrainerOptions): Trainer {
  return createCpuTrainer(options, float64Engine(options))
}

function float64Engine(options: TrainerOptions): CpuEngine<Float64Array> {
  const { spec, dataset } = options
  const network = createNetwork(spec)
  const { inputWidth, outputWidth, parameterCount } = network
  if (dataset.inputWidth !== inputWidth || dataset.outputWidth !== outputWidth) {
    throw new ShapeFault(
      `createFloat64Trainer: data of shape ${dataset.inputWidth} -> ${dataset.outputWidth}, expected ${inputWidth} -> ${outputWidth}`,
    )
  }
  const layers = layerInfo(spec)
  const gradient = new Float64Array(parameterCount)
  let rule = ruleOf(options.optimizer)
  let keepsSquares = false
  let workspace: Workspace | null = null
  let batch = new Int32Array(0)

  return {
    engine: 'float64',
    layers,
    parameterCount,
    guess: MS_PER_WEIGHT * parameterCount,
    beginBatch(indices) {
      batch = Int32Array.from(indices)
    },
    lossAndGradient(weights) {
      workspace = fittingWorkspace(network, batch.length, workspace)
      return batchGradient(network, weights, dataset.train, batch, spec.loss.reduction, workspace, gradient)
    },
    update(weights, slots, slotStep) {
      rule.apply(weights, gradient, slots, slotStep)
    },
    setOptimizer(optimizer) {
      rule = ruleOf(optimizer)
      keepsSquares = optimizer.kind === 'rmsprop' || optimizer.kind === 'adam'
    },
    emptySlots: () => emptySlots(rule, parameterCount),
    pack: (slots) => slots.map((slot) => slot.slice()),
    unpack(arrays) {
      if (arrays.length !== rule.slotCount) throw new ShapeFault(`restore: ${arrays.length} slots, expected ${rule.slotCount}`)
      return arrays.map((array) => array.slice())
    },
    secondMoment: (slots) => (keepsSquares ? slots[slots.length - 1].slice() : null),
    createProbe: (weights, secondMoments) =>
      createFloat64Probe({
        layers,
        network,
        dataset,
        probeCount: options.probeCount,
        reduction: spec.loss.reduction,
        weights,
        secondMoments,
      }),
  }
}

function ruleOf(optimizer: OptimizerSettings): UpdateRule {
  return createUpdateRule(optimizer, resolveEps(optimizer, 'float64'))
}
