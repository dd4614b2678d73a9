// The door of the chain engine: products in extended range behind the shell of `cpuTrainer.ts`.
//
// A GPU in float32 cannot represent these products at all, so a chain always runs here, whatever engine was asked for.
import type { OptimizerSettings } from '../../core/experiment.ts'
import { ShapeFault } from '../../core/faults.ts'
import { resolveEps } from '../../core/resolve.ts'
import { timesPowerOfTwo } from '../../numerics/logMagnitude.ts'
import { createCpuTrainer, type CpuEngine } from '../cpuTrainer.ts'
import { layerInfo } from '../layerInfo.ts'
import type { Trainer, TrainerOptions } from '../trainer.ts'
import { fillChainGradient } from './chainGradient.ts'
import { chainNorms } from './chainNorms.ts'
import { createChainProbe } from './chainProbe.ts'
import { assertChainSpec } from './chainSpec.ts'
import type { ChainUpdateRule } from './chainUpdateRule.ts'
import { createChainUpdateRule } from './createChainUpdateRule.ts'
import { fillRunningProducts, runningProducts, type Scaled } from './runningProducts.ts'
import { fillResidual, lossAt, sampleMoments, type SampleMoments } from './sampleMoments.ts'
import { plainArray, plainSquares, scaledArray, type ScaledArray } from './scaledArray.ts'

/** Guess before anything was measured. */
const MS_PER_WEIGHT = 5e-5

/**
 * A trainer for chains.
 *
 * Slots of a checkpoint are the plain ones of the contract, followed for RMSprop and Adam by mantissa and exponent of
 * each, from which `restore` goes on bit for bit; it also takes the plain ones alone.
 *
 * @throws {UnsupportedFault} when the network is no chain.
 * @throws {ShapeFault} when data or start do not fit it.
 */
export function createChainTrainer(options: TrainerOptions): Trainer {
  return createCpuTrainer(options, chainEngine(options))
}

function chainEngine(options: TrainerOptions): CpuEngine<ScaledArray> {
  const { spec, dataset } = options
  assertChainSpec(spec)
  if (dataset.inputWidth !== 1 || dataset.outputWidth !== 1) {
    throw new ShapeFault(`createChainTrainer: data of shape ${dataset.inputWidth} -> ${dataset.outputWidth}, expected 1 -> 1`)
  }
  const depth = spec.layers.length
  const layers = layerInfo(spec, 'chain')
  const products = runningProducts(depth)
  const residual: Scaled = { mantissa: 0, exponent: 0 }
  const gradient = scaledArray(depth)
  let rule = ruleOf(options.optimizer)
  let moments: SampleMoments = { xx: 0, best: 0, rest: 0 }

  return {
    engine: 'chain',
    layers,
    parameterCount: depth,
    guess: MS_PER_WEIGHT * depth,
    beginBatch(batch) {
      moments = sampleMoments(dataset.train, batch, spec.loss.reduction)
    },
    lossAndGradient(weights) {
      fillRunningProducts(weights, products)
      fillResidual(moments, products.product, 1, residual)
      fillChainGradient(products, residual, gradient)
      return lossAt(moments, timesPowerOfTwo(products.product.mantissa, products.product.exponent))
    },
    gradientNorms: () => chainNorms(gradient),
    update(weights, slots, slotStep, noise) {
      rule.apply(weights, gradient, slots, slotStep, noise)
    },
    needsNoise: () => rule.needsNoise === true,
    setOptimizer(optimizer) {
      rule = ruleOf(optimizer)
    },
    emptySlots: () => Array.from({ length: rule.slotCount }, () => scaledArray(depth)),
    pack(slots) {
      const plain = slots.map((slot, index) => (isSecondMoment(rule, index) ? plainSquares(slot) : plainArray(slot)))
      if (!rule.slotsAreScaled) return plain
      return [...plain, ...slots.flatMap((slot) => [slot.mantissa.slice(), Float64Array.from(slot.exponent)])]
    },
    unpack(arrays) {
      const { slotCount } = rule
      if (arrays.length === slotCount) return arrays.map((plain) => ({ mantissa: plain.slice(), exponent: new Int32Array(depth) }))
      if (!rule.slotsAreScaled || arrays.length !== 3 * slotCount) {
        throw new ShapeFault(`restore: ${arrays.length} slots, expected ${slotCount} or ${3 * slotCount}`)
      }
      return Array.from({ length: slotCount }, (_, slot) => ({
        mantissa: arrays[slotCount + 2 * slot].slice(),
        exponent: Int32Array.from(arrays[slotCount + 2 * slot + 1]),
      }))
    },
    secondMoment: (slots) => (rule.slotsAreScaled ? plainSquares(slots[rule.slotCount - 1]) : null),
    createProbe: (weights, secondMoments) =>
      createChainProbe({ layers, dataset, probeCount: options.probeCount, reduction: spec.loss.reduction, weights, secondMoments }),
  }
}

/** v is the last slot of every rule that keeps scaled slots. */
function isSecondMoment(rule: ChainUpdateRule, slot: number): boolean {
  return rule.slotsAreScaled && slot === rule.slotCount - 1
}

function ruleOf(optimizer: OptimizerSettings): ChainUpdateRule {
  return createChainUpdateRule(optimizer, resolveEps(optimizer, 'chain'))
}
