// How does an ensemble of neural chains train? All seeds of a step in one tick, in float64 on the CPU.
//
// A GPU in float32 cannot represent these products at all, so a chain always runs here, whatever engine was asked for.
import type { OptimizerSettings } from '../../core/experiment.ts'
import { DomainFault, ShapeFault } from '../../core/faults.ts'
import type { LayerInfo, Probe } from '../../core/probe.ts'
import { resolveEps } from '../../core/resolve.ts'
import { layerInfo } from '../layerInfo.ts'
import { checkIndices } from '../sampleRows.ts'
import { StepClock } from '../stepClock.ts'
import type { EngineDescription, Trainer, TrainerCheckpoint, TrainerOptions, TrainReport } from '../trainer.ts'
import { fillChainGradient } from './chainGradient.ts'
import { createChainProbe } from './chainProbe.ts'
import { assertChainSpec } from './chainSpec.ts'
import { createChainUpdateRule, type ChainUpdateRule } from './chainUpdateRule.ts'
import { fillRunningProducts, runningProducts, type Scaled } from './runningProducts.ts'
import { fillResidual, lossAt, sampleMoments } from './sampleMoments.ts'
import { plainArray, scaledArray, type ScaledArray } from './scaledArray.ts'

/** Guess before anything was measured: 20 ns for each weight of each seed. */
const MS_PER_WEIGHT = 2e-5

/**
 * A trainer for chains.
 *
 * @throws {UnsupportedFault} when the network is no chain.
 * @throws {ShapeFault} when data or start do not fit it.
 */
export function createChainTrainer(options: TrainerOptions): Trainer {
  return new ChainTrainer(options)
}

class ChainTrainer implements Trainer {
  readonly description: EngineDescription
  readonly layers: readonly LayerInfo[]
  readonly parameterCount: number
  readonly seedCount: number
  step = 0
  private readonly options: TrainerOptions
  private optimizer: OptimizerSettings
  private rule: ChainUpdateRule
  /** [seeds][L]; the arrays never change their identity, probes hold them. */
  private readonly weights: readonly Float64Array[]
  private slots: ScaledArray[][]
  private readonly slotSteps: number[]
  private readonly divergedAt: Int32Array
  private readonly clock: StepClock
  private readonly probes: Probe[] = []

  constructor(options: TrainerOptions) {
    const { spec, dataset, initialWeights } = options
    assertChainSpec(spec)
    const depth = spec.layers.length
    if (dataset.inputWidth !== 1 || dataset.outputWidth !== 1) {
      throw new ShapeFault(`createChainTrainer: data of shape ${dataset.inputWidth} -> ${dataset.outputWidth}, expected 1 -> 1`)
    }
    for (const start of initialWeights) {
      if (start.length !== depth) throw new ShapeFault(`createChainTrainer: a start holds ${start.length} weights, expected ${depth}`)
    }
    this.options = options
    this.description = { engine: 'chain', backend: 'cpu', adapter: null, precision: 'float64', reason: options.reason }
    this.layers = layerInfo(spec, 'chain')
    this.parameterCount = depth
    this.seedCount = initialWeights.length
    this.weights = initialWeights.map((start) => start.slice())
    this.optimizer = options.optimizer
    this.rule = ruleOf(options.optimizer)
    this.slots = this.emptySlots()
    this.slotSteps = initialWeights.map(() => 0)
    this.divergedAt = new Int32Array(this.seedCount).fill(-1)
    this.clock = new StepClock(MS_PER_WEIGHT * depth * this.seedCount)
  }

  get suggestedChunk(): number {
    return this.clock.chunk
  }

  async train(batches: readonly Int32Array[]): Promise<TrainReport> {
    const started = performance.now()
    const { dataset, spec } = this.options
    for (const batch of batches) checkIndices(batch, dataset.train.count, 'train')
    const losses = new Float64Array(batches.length * this.seedCount).fill(NaN)
    const diverged: { seedIndex: number; step: number }[] = []
    const scratch = new ChainScratch(this.parameterCount)
    for (const [row, batch] of batches.entries()) {
      const moments = sampleMoments(dataset.train, batch, spec.loss.reduction)
      for (let seed = 0; seed < this.seedCount; seed++) {
        if (this.divergedAt[seed] >= 0) continue
        const { products, residual, gradient, kept } = scratch
        const weights = this.weights[seed]
        fillRunningProducts(weights, products)
        const loss = lossAt(moments, products.product.mantissa * 2 ** products.product.exponent)
        losses[row * this.seedCount + seed] = loss
        if (Number.isFinite(loss)) {
          fillResidual(moments, products.product, 1, residual)
          fillChainGradient(products, residual, gradient)
          kept.set(weights)
          this.rule.apply(weights, gradient, this.slots[seed], this.slotSteps[seed]++)
          if (allFinite(weights)) continue
          weights.set(kept)
        }
        this.divergedAt[seed] = this.step
        diverged.push({ seedIndex: seed, step: this.step })
      }
      this.step++
    }
    this.clock.record(batches.length, performance.now() - started)
    return { losses, diverged }
  }

  setOptimizer(optimizer: OptimizerSettings): void {
    const sameKind = optimizer.kind === this.optimizer.kind
    this.optimizer = optimizer
    this.rule = ruleOf(optimizer)
    if (sameKind) return
    this.slots = this.emptySlots()
    this.slotSteps.fill(0)
  }

  probe(seedIndex: number): Probe {
    if (!(seedIndex in this.weights)) throw new DomainFault(`probe: no such seed, got ${seedIndex}, expected 0 .. ${this.seedCount - 1}`)
    this.probes[seedIndex] ??= createChainProbe({
      layers: this.layers,
      dataset: this.options.dataset,
      probeCount: this.options.probeCount,
      reduction: this.options.spec.loss.reduction,
      weights: this.weights[seedIndex],
      secondMoments: () => this.secondMoments(seedIndex),
    })
    return this.probes[seedIndex]
  }

  async checkpoint(): Promise<TrainerCheckpoint> {
    return {
      step: this.step,
      weights: this.weights.map((weights) => weights.slice()),
      slots: this.slots.map((slots) => this.packed(slots)),
      slotSteps: [...this.slotSteps],
      divergedAt: this.divergedAt.slice(),
      optimizer: this.optimizer,
    }
  }

  async restore(checkpoint: TrainerCheckpoint): Promise<void> {
    if (checkpoint.weights.length !== this.seedCount || checkpoint.weights.some((weights) => weights.length !== this.parameterCount)) {
      throw new ShapeFault(`restore: a checkpoint of ${checkpoint.weights.length} seeds, expected ${this.seedCount} of ${this.parameterCount} weights`)
    }
    this.step = checkpoint.step
    this.optimizer = checkpoint.optimizer
    this.rule = ruleOf(checkpoint.optimizer)
    this.slots = checkpoint.slots.map((arrays) => this.unpacked(arrays))
    for (let seed = 0; seed < this.seedCount; seed++) {
      this.weights[seed].set(checkpoint.weights[seed])
      this.slotSteps[seed] = checkpoint.slotSteps[seed]
      this.divergedAt[seed] = checkpoint.divergedAt[seed]
    }
  }

  async dispose(): Promise<void> {}

  private emptySlots(): ScaledArray[][] {
    return this.weights.map(() => Array.from({ length: this.rule.slotCount }, () => scaledArray(this.parameterCount)))
  }

  /** The plain slots in the order of the contract, then mantissa and exponent of each where those carry more. */
  private packed(slots: readonly ScaledArray[]): Float64Array[] {
    const plain = slots.map((slot, index) => (this.isSecondMoment(index) ? plainSquares(slot) : plainArray(slot)))
    if (!this.rule.slotsAreScaled) return plain
    return [...plain, ...slots.flatMap((slot) => [slot.mantissa.slice(), Float64Array.from(slot.exponent)])]
  }

  private unpacked(arrays: readonly Float64Array[]): ScaledArray[] {
    const { slotCount } = this.rule
    if (arrays.length !== slotCount && arrays.length !== 3 * slotCount) {
      throw new ShapeFault(`restore: ${arrays.length} slots, expected ${slotCount} or ${3 * slotCount}`)
    }
    return Array.from({ length: slotCount }, (_, slot) => {
      if (arrays.length === slotCount) return { mantissa: arrays[slot].slice(), exponent: new Int32Array(this.parameterCount) }
      return { mantissa: arrays[slotCount + 2 * slot].slice(), exponent: Int32Array.from(arrays[slotCount + 2 * slot + 1]) }
    })
  }

  /** v is the last slot of every rule that keeps scaled slots. */
  private isSecondMoment(slot: number): boolean {
    return this.rule.slotsAreScaled && slot === this.rule.slotCount - 1
  }

  private secondMoments(seedIndex: number): Float64Array | null {
    if (!this.rule.slotsAreScaled) return null
    const v = plainSquares(this.slots[seedIndex][this.rule.slotCount - 1])
    const steps = this.slotSteps[seedIndex]
    if (this.optimizer.kind !== 'adam' || steps === 0) return v
    const correction = 1 - this.optimizer.beta2 ** steps
    return v.map((value) => value / correction)
  }
}

/** Work arrays of one tick, shared by all seeds. */
class ChainScratch {
  readonly products
  readonly residual: Scaled = { mantissa: 0, exponent: 0 }
  readonly gradient: ScaledArray
  readonly kept: Float64Array

  constructor(depth: number) {
    this.products = runningProducts(depth)
    this.gradient = scaledArray(depth)
    this.kept = new Float64Array(depth)
  }
}

function ruleOf(optimizer: OptimizerSettings): ChainUpdateRule {
  return createChainUpdateRule(optimizer, resolveEps(optimizer, 'chain'))
}

/** Exponents of a second moment belong to its root. */
function plainSquares(slot: ScaledArray): Float64Array {
  return slot.mantissa.map((mantissa, i) => mantissa * 2 ** slot.exponent[i] * 2 ** slot.exponent[i])
}

function allFinite(values: Float64Array): boolean {
  // Non-finite minus itself is NaN, and NaN stays in a sum.
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += values[i] - values[i]
  return sum === 0
}
