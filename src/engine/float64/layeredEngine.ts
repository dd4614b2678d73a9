// What do the network and its linear model share as engines? Slots and updates; the model itself is handed in.
import type { OptimizerSettings } from '../../core/experiment.ts'
import { ShapeFault } from '../../core/faults.ts'
import type { LayerInfo, LayerNorms, Probe } from '../../core/probe.ts'
import { resolveEps } from '../../core/resolve.ts'
import type { CpuEngine } from '../cpuTrainer.ts'
import { whole, type Parts } from '../parts.ts'
import { createUpdateRule } from '../optimizers/createUpdateRule.ts'
import { emptySlots, type UpdateRule } from '../optimizers/updateRule.ts'
import type { EngineDescription, TrainerOptions } from '../trainer.ts'
import { blockNorms } from './blockNorms.ts'
import type { Network } from './network.ts'

/** Guess before anything was measured: a batch of 64 at a billion multiplications a second, three passes. */
const MS_PER_MULTIPLICATION = 64 * 3e-6

/** The function that is trained, for each member of the ensemble. */
export interface LayeredModel {
  /** Loss of the batch as reduced; its gradient goes into `into` [P]. */
  lossAndGradient(weights: Float64Array, seedIndex: number, batch: Int32Array, into: Float64Array): Parts<number>
  /** Norms of that gradient by a pass of their own, where the gradient has left float64. */
  layerNorms(weights: Float64Array, seedIndex: number, batch: Int32Array): Parts<LayerNorms>
  createProbe(weights: Float64Array, secondMoments: () => Float64Array | null, seedIndex: number): Probe
}

/**
 * A CPU engine whose parameters are the layers of a network.
 *
 * @param epsOf the engine whose default eps the optimizer takes, see `resolveEps`.
 * @throws {ShapeFault} when layers and data do not fit each other.
 */
export function layeredEngine(
  options: TrainerOptions,
  network: Network,
  layers: readonly LayerInfo[],
  epsOf: EngineDescription['engine'],
  model: LayeredModel,
): CpuEngine<Float64Array> {
  const { dataset } = options
  const { inputWidth, outputWidth, parameterCount } = network
  if (dataset.inputWidth !== inputWidth || dataset.outputWidth !== outputWidth) {
    throw new ShapeFault(
      `layeredEngine: data of shape ${dataset.inputWidth} -> ${dataset.outputWidth}, expected ${inputWidth} -> ${outputWidth}`,
    )
  }
  const ruleOf = (optimizer: OptimizerSettings): UpdateRule => createUpdateRule(optimizer, resolveEps(optimizer, epsOf))
  const gradient = new Float64Array(parameterCount)
  let rule = ruleOf(options.optimizer)
  let keepsSquares = false
  let batch = new Int32Array(0)
  const norms = function* ofGradient(weights: Float64Array, seedIndex: number): Parts<LayerNorms> {
    return blockNorms(network, gradient) ?? (yield* model.layerNorms(weights, seedIndex, batch))
  }

  return {
    engine: 'float64',
    layers,
    parameterCount,
    guess: MS_PER_MULTIPLICATION * network.layers.reduce((sum, { work }) => sum + work, 0),
    beginBatch(indices) {
      batch = Int32Array.from(indices)
    },
    lossAndGradient: (weights, seedIndex) => whole(model.lossAndGradient(weights, seedIndex, batch, gradient)),
    gradientNorms: (weights, seedIndex) => whole(norms(weights, seedIndex)),
    inParts: {
      lossAndGradient: (weights, seedIndex) => model.lossAndGradient(weights, seedIndex, batch, gradient),
      gradientNorms: norms,
    },
    update(weights, slots, slotStep, noise) {
      const { trainedCount } = network
      if (trainedCount === parameterCount) return rule.apply(weights, gradient, slots, slotStep, noise)
      const trained = (flat: Float64Array): Float64Array => flat.subarray(0, trainedCount)
      return rule.apply(trained(weights), trained(gradient), slots.map(trained), slotStep, noise)
    },
    needsNoise: () => rule.needsNoise === true,
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
    createProbe: (weights, secondMoments, seedIndex) => model.createProbe(weights, secondMoments, seedIndex),
  }
}
