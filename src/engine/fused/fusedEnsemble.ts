// Which pass takes the next steps, and where do weights and slots stand between them? The state behind the door of the engine.
//
// Slots are those of the present pass, or of a checkpoint that no pass has taken over yet, or of an optimizer that has gone.
import type { OptimizerSettings } from '../../core/experiment.ts'
import type { LayerNorms } from '../../core/probe.ts'
import type { Milliseconds } from '../../core/units.ts'
import type { OpenedDevice } from '../device.ts'
import type { ChunkOutcome, SteppedEnsemble, ToldNorms } from '../ensembleSteps.ts'
import { momentCorrection } from '../optimizers/momentCorrection.ts'
import { StepClock } from '../stepClock.ts'
import type { TrainerCheckpoint, TrainerOptions } from '../trainer.ts'
import { unknownNorms } from '../blankNorms.ts'
import { normsOfEntries } from './layerNorms.ts'
import { SUBMIT_MS, type PassChoice } from './passChoice.ts'
import { perturbation } from './perturbation.ts'
import type { ResidentNetwork } from './residentNetwork.ts'
import { biasExponentsOf, packSlots, rootSlot } from './slotExchange.ts'
import { emptySlots, readState, readWeights } from './stateReadback.ts'
import type { TrainingPass } from './trainingPass.ts'

/** Passes, optimizer and living seeds of one ensemble. */
export class FusedEnsemble implements SteppedEnsemble<ChunkOutcome> {
  readonly divergedAt: Int32Array
  optimizer: OptimizerSettings
  step = 0
  private readonly opened: OpenedDevice
  private readonly network: ResidentNetwork
  private readonly choice: PassChoice
  private readonly noiseSeed: number
  private current: TrainingPass | null = null
  /** Where the first pass starts: exponents of the biases, and the slots of a checkpoint. */
  private biasExponents: Int32Array
  private restoredSlots: TrainerCheckpoint['slots'] | null = null
  /** The slots of the current pass are of an optimizer that has gone. */
  private slotsGone = false
  private clock = new StepClock(SUBMIT_MS)
  private measured = false
  /** Since the slots were empty. */
  private updates = 0

  constructor(
    opened: OpenedDevice,
    network: ResidentNetwork,
    choice: PassChoice,
    { optimizer, initialWeights, noiseSeed, batchRows }: TrainerOptions,
  ) {
    this.opened = opened
    this.network = network
    this.choice = choice
    this.optimizer = optimizer
    this.noiseSeed = noiseSeed ?? 0
    this.divergedAt = new Int32Array(initialWeights.length).fill(-1)
    this.biasExponents = biasExponentsOf(network.spec, initialWeights)
    if (batchRows !== undefined) void choice.compileAhead(optimizer.kind, batchRows)
  }

  get suggestedChunk(): number {
    return this.measured && this.current !== null ? Math.min(this.current.pass.capacity, this.clock.chunk) : 1
  }

  /** Another kind starts with empty slots. */
  setOptimizer(optimizer: OptimizerSettings): void {
    if (optimizer.kind !== this.optimizer.kind) {
      this.slotsGone = true
      this.restoredSlots = null
      this.updates = 0
      // The next `train` waits for these kernels.
      if (this.current !== null) void this.choice.compileAhead(optimizer.kind, this.current.pass.shape.batchRows)
    }
    this.optimizer = optimizer
  }

  /** The next batches of one size, as many as one submit should hold; a single one before anything was measured. */
  async chunkAt(batches: readonly Int32Array[], start: number): Promise<readonly Int32Array[]> {
    const { pass } = await this.passFor(batches[start].length)
    const most = start + Math.min(pass.capacity, this.measured ? this.clock.chunk : 1)
    let end = start + 1
    while (end < batches.length && end < most && batches[end].length === batches[start].length) end++
    return batches.slice(start, end)
  }

  /** Cut only where one step is longer than a submit may be. */
  async run(chunk: readonly Int32Array[], wantsNorms: boolean): Promise<ChunkOutcome> {
    const { network, noiseSeed, optimizer, choice, clock, measured } = this
    const pass = await this.passFor(chunk[0].length)
    const parts = choice.parts(pass.pass.shape.batchRows, measured ? clock.step : null)
    const isAlive = Array.from(this.divergedAt, (step) => step < 0)
    const noise =
      optimizer.kind === 'perturbed' ? perturbation(network.spec, network.layout, noiseSeed, this.step, chunk.length, isAlive) : null
    const { losses, finite, norms } = await pass.run(chunk, optimizer, this.updates, parts, noise, wantsNorms)
    return { losses, finite, told: norms === null ? null : this.toldBy(pass, norms) }
  }

  record(steps: number, duration: Milliseconds): void {
    this.clock.record(steps, duration)
    this.measured = true
  }

  keep(_: ChunkOutcome, steps: number): void {
    this.step += steps
    this.updates += steps
  }

  takeBack(): void {
    this.current?.undo()
  }

  freeze(seeds: readonly number[]): void {
    for (const seed of seeds) {
      this.divergedAt[seed] = this.step
      this.current?.freeze(seed)
    }
  }

  passOver(steps: number): void {
    this.step += steps
  }

  /** Everything but weights and slots, as they are now. */
  facts(): Omit<TrainerCheckpoint, 'weights' | 'slots'> {
    const { step, divergedAt, optimizer, updates } = this
    return { step, slotSteps: Array.from(divergedAt, (at) => (at < 0 ? updates : 0)), divergedAt: divergedAt.slice(), optimizer }
  }

  /** Weights and slots of these seeds; a diverged seed's slots are empty. */
  async read(seeds: readonly number[]): Promise<{ weights: Float64Array[]; slots: Float64Array[][] }> {
    const { opened, network, current, restoredSlots } = this
    const { kind } = this.optimizer
    const divergedAt = this.divergedAt.slice()
    const empty = (): Float64Array[] => emptySlots(kind, network.layout.parameterCount)
    if (current !== null && current.kind === kind && !this.slotsGone) {
      const { weights, slots } = await readState(opened, network, current, this.updates, seeds)
      return { weights, slots: slots.map((own, index) => (divergedAt[seeds[index]] < 0 ? own : empty())) }
    }
    const kept = seeds.map((seed) => (restoredSlots === null ? empty() : restoredSlots[seed].map((slot) => slot.slice())))
    return { weights: await readWeights(opened, network, seeds), slots: kept }
  }

  /** @throws {ShapeFault} when the slots are not of this network; then nothing has changed. */
  restore({ weights, slots, optimizer, slotSteps, step, divergedAt }: TrainerCheckpoint): void {
    const { spec, layout } = this.network
    packSlots(spec, layout, optimizer.kind, slots)
    this.opened.health.check()
    this.network.upload(weights)
    // The next pass starts from the checkpoint; its kernels are still there.
    this.current?.destroy()
    this.current = null
    this.biasExponents = biasExponentsOf(spec, weights)
    this.restoredSlots = slots
    this.slotsGone = false
    this.optimizer = optimizer
    this.step = step
    this.divergedAt.set(divergedAt)
    this.updates = Math.max(0, ...slotSteps)
  }

  /** [P] as `Probe.secondMoments` promises them; null where the optimizer has none. */
  async secondMoments(seedIndex: number): Promise<Float64Array | null> {
    const { optimizer, updates } = this
    const root = rootSlot(optimizer.kind)
    if (root < 0) return null
    const { slots } = await this.read([seedIndex])
    const correction = momentCorrection(optimizer, updates)
    return slots[0][root].map((value) => value / correction)
  }

  destroy(): void {
    this.current?.destroy()
  }

  /** The pass for batches of this size under the present optimizer. */
  private async passFor(batchRows: number): Promise<TrainingPass> {
    const { current, network, restoredSlots } = this
    const { kind } = this.optimizer
    const sameRows = current?.pass.shape.batchRows === batchRows
    if (current !== null && sameRows && current.kind === kind && !this.slotsGone) return current
    const next = await this.choice.create(kind, batchRows)
    if (current === null) {
      const slots = restoredSlots === null ? null : packSlots(network.spec, network.layout, kind, restoredSlots)
      next.start(this.biasExponents, slots, this.updates, this.divergedAt)
    } else {
      next.adopt(current, !this.slotsGone)
      current.destroy()
    }
    this.current = next
    this.restoredSlots = null
    this.slotsGone = false
    if (!sameRows) {
      this.clock = new StepClock(SUBMIT_MS)
      this.measured = false
    }
    return next
  }

  /** Unknown for seeds that diverged earlier. */
  private toldBy({ pass }: TrainingPass, entries: Float32Array): ToldNorms {
    const start = performance.now()
    const { spec } = this.network
    const layerNorms = Array.from(this.divergedAt, (step, seed): LayerNorms =>
      step >= 0 ? unknownNorms(spec.layers.length) : normsOfEntries(spec, pass.shape, entries, seed),
    )
    return { layerNorms, layerNormsDuration: performance.now() - start }
  }
}
