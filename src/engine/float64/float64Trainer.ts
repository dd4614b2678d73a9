// How does an ensemble of networks train on the CPU, in float64?
//
// One network after the other, each exactly as if it were alone: an ensemble of k gives the bits of k single runs.
import type { OptimizerSettings } from '../../core/experiment.ts'
import { DomainFault, ShapeFault } from '../../core/faults.ts'
import type { LayerInfo, Probe } from '../../core/probe.ts'
import { resolveEps } from '../../core/resolve.ts'
import { layerInfo } from '../layerInfo.ts'
import { createUpdateRule } from '../optimizers/createUpdateRule.ts'
import { emptySlots, type UpdateRule } from '../optimizers/updateRule.ts'
import { checkIndices } from '../sampleRows.ts'
import { StepClock } from '../stepClock.ts'
import type { EngineDescription, Trainer, TrainerCheckpoint, TrainerOptions, TrainReport } from '../trainer.ts'
import { batchGradient, fittingWorkspace, type Workspace } from './batchGradient.ts'
import { createFloat64Probe } from './float64Probe.ts'
import { createNetwork, type Network } from './network.ts'

/** Guess before anything was measured: a batch of 64 at a billion multiplications a second. */
const MS_PER_WEIGHT = 64 * 3e-6

/**
 * A trainer for any network of dense layers.
 *
 * @throws {ShapeFault} when layers, data and starts do not fit each other.
 */
export function createFloat64Trainer(options: TrainerOptions): Trainer {
  return new Float64Trainer(options)
}

class Float64Trainer implements Trainer {
  readonly description: EngineDescription
  readonly layers: readonly LayerInfo[]
  readonly parameterCount: number
  readonly seedCount: number
  step = 0
  private readonly options: TrainerOptions
  private readonly network: Network
  private optimizer: OptimizerSettings
  private rule: UpdateRule
  /** [seeds][P]; the arrays never change their identity, probes hold them. */
  private readonly weights: readonly Float64Array[]
  private slots: Float64Array[][]
  private readonly slotSteps: number[]
  private readonly divergedAt: Int32Array
  private readonly clock: StepClock
  private readonly probes: Probe[] = []
  private workspace: Workspace | null = null
  private readonly gradient: Float64Array
  private readonly kept: Float64Array

  constructor(options: TrainerOptions) {
    const { spec, dataset, initialWeights } = options
    this.options = options
    this.network = createNetwork(spec)
    this.parameterCount = this.network.parameterCount
    const { inputWidth, outputWidth } = this.network
    if (dataset.inputWidth !== inputWidth || dataset.outputWidth !== outputWidth) {
      throw new ShapeFault(
        `createFloat64Trainer: data of shape ${dataset.inputWidth} -> ${dataset.outputWidth}, expected ${inputWidth} -> ${outputWidth}`,
      )
    }
    for (const start of initialWeights) checkLength('createFloat64Trainer: a start', start, this.parameterCount)
    this.description = { engine: 'float64', backend: 'cpu', adapter: null, precision: 'float64', reason: options.reason }
    this.layers = layerInfo(spec)
    this.seedCount = initialWeights.length
    this.weights = initialWeights.map((start) => start.slice())
    this.optimizer = options.optimizer
    this.rule = ruleOf(options.optimizer)
    this.slots = this.weights.map(() => emptySlots(this.rule, this.parameterCount))
    this.slotSteps = initialWeights.map(() => 0)
    this.divergedAt = new Int32Array(this.seedCount).fill(-1)
    this.clock = new StepClock(MS_PER_WEIGHT * this.parameterCount * this.seedCount)
    this.gradient = new Float64Array(this.parameterCount)
    this.kept = new Float64Array(this.parameterCount)
  }

  get suggestedChunk(): number {
    return this.clock.chunk
  }

  async train(batches: readonly Int32Array[]): Promise<TrainReport> {
    const started = performance.now()
    for (const batch of batches) checkIndices(batch, this.options.dataset.train.count, 'train')
    const losses = new Float64Array(batches.length * this.seedCount).fill(NaN)
    const diverged: { seedIndex: number; step: number }[] = []
    for (const [row, batch] of batches.entries()) {
      for (let seed = 0; seed < this.seedCount; seed++) {
        if (this.divergedAt[seed] >= 0) continue
        const { loss, finite } = this.updated(seed, batch)
        losses[row * this.seedCount + seed] = loss
        if (finite) continue
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
    this.slots = this.weights.map(() => emptySlots(this.rule, this.parameterCount))
    this.slotSteps.fill(0)
  }

  probe(seedIndex: number): Probe {
    if (!(seedIndex in this.weights)) throw new DomainFault(`probe: no such seed, got ${seedIndex}, expected 0 .. ${this.seedCount - 1}`)
    this.probes[seedIndex] ??= createFloat64Probe({
      layers: this.layers,
      network: this.network,
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
      slots: this.slots.map((slots) => slots.map((slot) => slot.slice())),
      slotSteps: [...this.slotSteps],
      divergedAt: this.divergedAt.slice(),
      optimizer: this.optimizer,
    }
  }

  async restore(checkpoint: TrainerCheckpoint): Promise<void> {
    if (checkpoint.weights.length !== this.seedCount) {
      throw new ShapeFault(`restore: a checkpoint of ${checkpoint.weights.length} seeds, expected ${this.seedCount}`)
    }
    const rule = ruleOf(checkpoint.optimizer)
    for (const weights of checkpoint.weights) checkLength('restore: a network', weights, this.parameterCount)
    for (const slots of checkpoint.slots) {
      if (slots.length !== rule.slotCount) throw new ShapeFault(`restore: ${slots.length} slots, expected ${rule.slotCount}`)
      for (const slot of slots) checkLength('restore: a slot', slot, this.parameterCount)
    }
    this.step = checkpoint.step
    this.optimizer = checkpoint.optimizer
    this.rule = rule
    this.slots = checkpoint.slots.map((slots) => slots.map((slot) => slot.slice()))
    for (let seed = 0; seed < this.seedCount; seed++) {
      this.weights[seed].set(checkpoint.weights[seed])
      this.slotSteps[seed] = checkpoint.slotSteps[seed]
      this.divergedAt[seed] = checkpoint.divergedAt[seed]
    }
  }

  async dispose(): Promise<void> {}

  /** One update of one network, taken back where it would leave the finite numbers. */
  private updated(seed: number, batch: Int32Array): { loss: number; finite: boolean } {
    const { network, gradient, kept, options } = this
    const weights = this.weights[seed]
    this.workspace = fittingWorkspace(network, batch.length, this.workspace)
    const loss = batchGradient(network, weights, options.dataset.train, batch, options.spec.loss.reduction, this.workspace, gradient)
    if (!Number.isFinite(loss)) return { loss, finite: false }
    kept.set(weights)
    this.rule.apply(weights, gradient, this.slots[seed], this.slotSteps[seed]++)
    if (allFinite(weights)) return { loss, finite: true }
    weights.set(kept)
    return { loss, finite: false }
  }

  private secondMoments(seedIndex: number): Float64Array | null {
    const { optimizer } = this
    if (optimizer.kind !== 'rmsprop' && optimizer.kind !== 'adam') return null
    const v = this.slots[seedIndex][this.rule.slotCount - 1]
    const steps = this.slotSteps[seedIndex]
    const correction = optimizer.kind === 'adam' && steps > 0 ? 1 - optimizer.beta2 ** steps : 1
    return v.map((value) => value / correction)
  }
}

function ruleOf(optimizer: OptimizerSettings): UpdateRule {
  return createUpdateRule(optimizer, resolveEps(optimizer, 'float64'))
}

function checkLength(what: string, flat: Float64Array, expected: number): void {
  if (flat.length !== expected) throw new ShapeFault(`${what} holds ${flat.length} weights, expected ${expected}`)
}

function allFinite(values: Float64Array): boolean {
  // Non-finite minus itself is NaN, and NaN stays in a sum.
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += values[i] - values[i]
  return sum === 0
}
