// How does an ensemble train on the CPU? What the chain engine and the float64 engine have in common.
//
// One member after the other, each exactly as if it were alone: an ensemble of k gives the bits of k single runs.
// A bad update is taken back before anybody can see it, so "the last finite weights" is the state itself, not a copy to find.
import type { OptimizerSettings } from '../core/experiment.ts'
import { ShapeFault } from '../core/faults.ts'
import type { LayerInfo, LayerNorms, Probe } from '../core/probe.ts'
import type { Milliseconds } from '../core/units.ts'
import { checkCheckpoint, checkSeedIndex } from './ensembleDoor.ts'
import { gradientNoise } from './gradientNoise.ts'
import { momentCorrection } from './optimizers/momentCorrection.ts'
import { inParts, type Parts } from './parts.ts'
import { unknownNorms } from './blankNorms.ts'
import { checkIndices } from './sampleRows.ts'
import { StepClock } from './stepClock.ts'
import type { EngineDescription, Trainer, TrainerCheckpoint, TrainerOptions, TrainReport, TrainWishes } from './trainer.ts'

/** A message waits no longer than this, and a part, for a long step. */
const LONGEST_STRETCH_MS: Milliseconds = 40

/** What an engine adds: the gradient and the update of one member, and the form of its slots. */
export interface CpuEngine<Slot> {
  readonly engine: 'chain' | 'float64'
  readonly layers: readonly LayerInfo[]
  readonly parameterCount: number
  /** Guess of one member's step before anything was measured. */
  readonly guess: Milliseconds
  /** Once a step, before its members. */
  beginBatch(batch: Int32Array): void
  /** Loss of the batch at these weights of a member; the gradient stays inside for `update`. */
  lossAndGradient(weights: Float64Array, seedIndex: number): number
  /** Norms of that gradient, asked before `update` with the same weights. */
  gradientNorms(weights: Float64Array, seedIndex: number): LayerNorms
  /** The same two with places to give way, where one member may take long. */
  readonly inParts?: {
    lossAndGradient(weights: Float64Array, seedIndex: number): Parts<number>
    gradientNorms(weights: Float64Array, seedIndex: number): Parts<LayerNorms>
  }
  update(weights: Float64Array, slots: readonly Slot[], slotStep: number, noise?: Float64Array): void
  setOptimizer(optimizer: OptimizerSettings): void
  /** True while updates need the noise of their step. */
  needsNoise(): boolean
  emptySlots(): Slot[]
  /** Slots as in `TrainerCheckpoint`; an engine may append arrays of its own. */
  pack(slots: readonly Slot[]): Float64Array[]
  /** @throws {ShapeFault} when the arrays are no slots of the present optimizer. */
  unpack(arrays: readonly Float64Array[]): Slot[]
  /** v without bias correction; null where the optimizer keeps none. */
  secondMoment(slots: readonly Slot[]): Float64Array | null
  createProbe(weights: Float64Array, secondMoments: () => Float64Array | null, seedIndex: number): Probe
}

/**
 * A trainer around an engine; slots of a diverged member are cleared, its weights are those before the bad update.
 *
 * @throws {ShapeFault} when a start does not hold P weights.
 */
export function createCpuTrainer<Slot>(options: TrainerOptions, engine: CpuEngine<Slot>): Trainer {
  return new CpuTrainer(options, engine)
}

class CpuTrainer<Slot> implements Trainer {
  readonly description: EngineDescription
  readonly layers: readonly LayerInfo[]
  readonly parameterCount: number
  readonly seedCount: number
  step = 0
  private readonly trainCount: number
  private readonly noiseSeed: number
  private readonly engine: CpuEngine<Slot>
  private optimizer: OptimizerSettings
  /** [seeds][P]; the arrays never change their identity, probes hold them. */
  private readonly members: readonly Float64Array[]
  private readonly slots: Slot[][]
  private readonly slotSteps: number[]
  private readonly divergedAt: Int32Array
  private readonly clock: StepClock
  private readonly probes: Probe[] = []
  private readonly kept: Float64Array
  /** In how many parts the last member went; the next one is cut in the same way. */
  private partsOfMember = Number.NaN

  constructor(options: TrainerOptions, engine: CpuEngine<Slot>) {
    const { initialWeights, optimizer } = options
    for (const { length } of initialWeights) {
      if (length !== engine.parameterCount) {
        throw new ShapeFault(`createCpuTrainer: a start holds ${length} numbers, expected ${engine.parameterCount}`)
      }
    }
    this.engine = engine
    this.description = { engine: engine.engine, backend: 'cpu', adapter: null, precision: 'float64', reason: options.reason }
    this.layers = engine.layers
    this.parameterCount = engine.parameterCount
    this.seedCount = initialWeights.length
    this.trainCount = options.dataset.train.count
    this.noiseSeed = options.noiseSeed ?? 0
    this.members = initialWeights.map((start) => start.slice())
    this.optimizer = optimizer
    engine.setOptimizer(optimizer)
    this.slots = initialWeights.map(() => engine.emptySlots())
    this.slotSteps = initialWeights.map(() => 0)
    this.divergedAt = new Int32Array(this.seedCount).fill(-1)
    this.clock = new StepClock(engine.guess * this.seedCount)
    this.kept = new Float64Array(this.parameterCount)
  }

  get suggestedChunk(): number {
    return this.clock.chunk
  }

  async train(batches: readonly Int32Array[], wishes: TrainWishes = {}): Promise<TrainReport> {
    const started = performance.now()
    for (const batch of batches) checkIndices(batch, this.trainCount, 'train')
    const losses = new Float64Array(batches.length * this.seedCount).fill(NaN)
    const diverged: { seedIndex: number; step: number }[] = []
    const isWished = wishes.layerNorms === true && batches.length > 0
    const layerNorms = isWished ? this.members.map(() => unknownNorms(this.layers.length)) : []
    let layerNormsDuration = 0
    // Looking at the clock costs a chain as much as its step.
    const between = this.suggestedChunk === 1 ? wishes.between : undefined
    const inEngine = between === undefined ? undefined : this.engine.inParts
    let since = started
    let waited: Milliseconds = 0
    /** Members that are done, and parts of the one under way. */
    let [members, parts] = [0, 0]
    const giveWay = async (): Promise<void> => {
      parts++
      const before = performance.now()
      if (before - since <= LONGEST_STRETCH_MS) return
      const within = Number.isFinite(this.partsOfMember) ? Math.min(1, parts / (this.partsOfMember + 1)) : 0
      await between?.((members + within) / (batches.length * this.seedCount))
      since = performance.now()
      waited += since - before
    }
    for (const [row, batch] of batches.entries()) {
      this.engine.beginBatch(batch)
      for (let seed = 0; seed < this.seedCount; seed++) {
        if (this.divergedAt[seed] >= 0) continue
        members = row * this.seedCount + seed
        // The place before a member is no part of it.
        parts = -1
        if (between !== undefined) await giveWay()
        parts = 0
        const member = this.members[seed]
        const loss =
          inEngine === undefined
            ? this.engine.lossAndGradient(member, seed)
            : await inParts(inEngine.lossAndGradient(member, seed), giveWay)
        losses[row * this.seedCount + seed] = loss
        if (inEngine !== undefined) this.partsOfMember = parts
        if (isWished && row === 0) {
          const before = performance.now()
          layerNorms[seed] =
            inEngine === undefined ? this.engine.gradientNorms(member, seed) : await inParts(inEngine.gradientNorms(member, seed), giveWay)
          layerNormsDuration += performance.now() - before
        }
        if (Number.isFinite(loss) && this.updated(seed)) continue
        this.divergedAt[seed] = this.step
        this.slots[seed] = this.engine.emptySlots()
        this.slotSteps[seed] = 0
        diverged.push({ seedIndex: seed, step: this.step })
      }
      this.step++
    }
    this.clock.record(batches.length, performance.now() - started - waited)
    return isWished ? { losses, diverged, layerNorms, layerNormsDuration } : { losses, diverged }
  }

  setOptimizer(optimizer: OptimizerSettings): void {
    const sameKind = optimizer.kind === this.optimizer.kind
    this.optimizer = optimizer
    this.engine.setOptimizer(optimizer)
    if (sameKind) return
    for (let seed = 0; seed < this.seedCount; seed++) {
      this.slots[seed] = this.engine.emptySlots()
      this.slotSteps[seed] = 0
    }
  }

  probe(seedIndex: number): Probe {
    checkSeedIndex(seedIndex, this.seedCount)
    this.probes[seedIndex] ??= this.engine.createProbe(this.members[seedIndex], () => this.secondMoments(seedIndex), seedIndex)
    return this.probes[seedIndex]
  }

  async checkpoint(): Promise<TrainerCheckpoint> {
    return {
      step: this.step,
      weights: this.members.map((weights) => weights.slice()),
      slots: this.slots.map((slots) => this.engine.pack(slots)),
      slotSteps: [...this.slotSteps],
      divergedAt: this.divergedAt.slice(),
      optimizer: this.optimizer,
    }
  }

  /** @throws {ShapeFault} when the checkpoint is not of this ensemble; then nothing has changed but the optimizer. */
  async restore(checkpoint: TrainerCheckpoint): Promise<void> {
    checkCheckpoint(checkpoint, this.seedCount, this.parameterCount)
    this.optimizer = checkpoint.optimizer
    this.engine.setOptimizer(checkpoint.optimizer)
    const slots = checkpoint.slots.map((arrays) => this.engine.unpack(arrays))
    this.step = checkpoint.step
    for (let seed = 0; seed < this.seedCount; seed++) {
      this.members[seed].set(checkpoint.weights[seed])
      this.slots[seed] = slots[seed]
      this.slotSteps[seed] = checkpoint.slotSteps[seed]
      this.divergedAt[seed] = checkpoint.divergedAt[seed]
    }
  }

  async dispose(): Promise<void> {}

  /** One update of one member; false when it was taken back because a weight would not be finite. */
  private updated(seed: number): boolean {
    const weights = this.members[seed]
    this.kept.set(weights)
    const noise = this.engine.needsNoise() ? gradientNoise(this.noiseSeed, seed, this.step, this.parameterCount) : undefined
    this.engine.update(weights, this.slots[seed], this.slotSteps[seed], noise)
    if (!allFinite(weights)) {
      weights.set(this.kept)
      return false
    }
    this.slotSteps[seed]++
    return true
  }

  private secondMoments(seedIndex: number): Float64Array | null {
    const v = this.engine.secondMoment(this.slots[seedIndex])
    const correction = momentCorrection(this.optimizer, this.slotSteps[seedIndex])
    return v?.map((value) => value / correction) ?? null
  }
}

function allFinite(values: Float64Array): boolean {
  // Non-finite minus itself is NaN, and NaN stays in a sum.
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += values[i] - values[i]
  return sum === 0
}
