// How does a dense stack train at two dispatches a step? The door of the fused engine.
//
// Data and parameters stay on the GPU; a call of `train` sends indices and reads row losses, once per chunk. Seeds do not
// touch each other, so a chunk in which one of them diverged is taken back and replayed without it, and the others get
// the bits that they would have had. Kernels are compiled when the first batch tells its size, or ahead where it is known.
import type { OptimizerSettings } from '../../core/experiment.ts'
import { DomainFault, FaultError, ShapeFault, UnsupportedFault, type Fault } from '../../core/faults.ts'
import type { LayerInfo, LayerNorms, Probe } from '../../core/probe.ts'
import type { OpenedDevice } from '../device.ts'
import { layerInfo } from '../layerInfo.ts'
import { checkIndices } from '../sampleRows.ts'
import { StepClock } from '../stepClock.ts'
import type { EngineDescription, Trainer, TrainerCheckpoint, TrainerOptions, TrainReport, TrainWishes } from '../trainer.ts'
import { unknownNorms } from '../unknownNorms.ts'
import type { MemoryLimits } from './fusedMemory.ts'
import type { Tile } from './kernelShape.ts'
import { createFusedProbe, type FusedProbe } from './fusedProbe.ts'
import { normsOfEntries } from './layerNorms.ts'
import { fusedLayout, fusedObstacle, fusedSpec } from './layout.ts'
import { perturbation } from './perturbation.ts'
import { PassChoice, refusalOf, SUBMIT_MS } from './passChoice.ts'
import { ResidentNetwork } from './residentNetwork.ts'
import { biasExponentsOf, packSlots, rootSlot } from './slotExchange.ts'
import { emptySlots, readState, readWeights } from './stateReadback.ts'
import { tileObstacle } from './tileChoice.ts'
import type { ChunkResult, TrainingPass } from './trainingPass.ts'

/** What a test or a bench may settle beforehand. */
export interface FusedChoices {
  /** Instead of the fastest one. */
  readonly tile?: Tile
  /** Instead of what the adapter allows. */
  readonly memory?: MemoryLimits
}

/** Why a network cannot be fused on this adapter, a noun in words; null when it can. */
export function fusedObstacleOn(spec: TrainerOptions['spec'], opened: OpenedDevice): string | null {
  return fusedObstacle(spec) ?? tileObstacle(fusedLayout(spec), opened.device.limits)
}

/** The refusal of a network that can be fused but needs more memory than there is; null when it fits. */
export function fusedMemoryRefusal(
  options: Omit<TrainerOptions, 'reason'>,
  opened: OpenedDevice,
  memory?: MemoryLimits,
): Extract<Fault, { type: 'refused' }> | null {
  const network = { ...options, spec: fusedSpec(options.spec), layout: fusedLayout(options.spec), seedCount: options.initialWeights.length }
  return refusalOf(opened, network, options.optimizer.kind, options.batchRows ?? 1, memory)
}

/**
 * Uploads data and weights of a dense stack.
 *
 * @throws {UnsupportedFault} when `fusedObstacleOn` names an obstacle; ShapeFault when layers, data and starts do not fit each
 *   other; FaultError refused when it needs more memory than there is, deviceLost or poisoned.
 */
export async function createFusedTrainer(options: TrainerOptions, opened: OpenedDevice, choices: FusedChoices = {}): Promise<Trainer> {
  const obstacle = fusedObstacleOn(options.spec, opened)
  if (obstacle !== null) {
    throw new UnsupportedFault(`createFusedTrainer: a network that cannot be fused, got ${obstacle}, expected dense layers of one width`)
  }
  opened.health.check()
  // Before anything is allocated; batches of unknown size are looked at when they come.
  const refusal = fusedMemoryRefusal(options, opened, choices.memory)
  if (refusal !== null) throw new FaultError(refusal)
  return new FusedTrainer(options, opened, choices)
}

class FusedTrainer implements Trainer {
  readonly description: EngineDescription
  readonly layers: readonly LayerInfo[]
  readonly parameterCount: number
  readonly seedCount: number
  private readonly options: TrainerOptions
  private readonly opened: OpenedDevice
  private readonly network: ResidentNetwork
  private readonly choice: PassChoice
  private readonly probes: FusedProbe[] = []
  private readonly divergedAt: Int32Array
  private optimizer: OptimizerSettings
  private current: TrainingPass | null = null
  /** Where the first pass starts: exponents of the biases, and the slots of a checkpoint. */
  private biasExponents: Int32Array
  private restoredSlots: TrainerCheckpoint['slots'] | null = null
  /** The slots of the current pass are of an optimizer that has gone. */
  private slotsGone = false
  private clock = new StepClock(SUBMIT_MS)
  private measured = false
  private updates = 0
  private stepsDone = 0
  private disposed = false

  constructor(options: TrainerOptions, opened: OpenedDevice, choices: FusedChoices) {
    const { dataset, initialWeights, optimizer, batchRows } = options
    const spec = fusedSpec(options.spec)
    this.options = options
    this.opened = opened
    this.optimizer = optimizer
    this.layers = layerInfo(spec)
    this.seedCount = initialWeights.length
    this.description = { engine: 'fused', backend: 'webgpu', adapter: opened.adapterName, precision: 'float32', reason: options.reason }
    this.network = new ResidentNetwork(opened, spec, dataset, initialWeights)
    this.parameterCount = this.network.layout.parameterCount
    this.choice = new PassChoice(opened, this.network, choices.tile ?? null, choices.memory)
    this.divergedAt = new Int32Array(this.seedCount).fill(-1)
    this.biasExponents = biasExponentsOf(spec, initialWeights)
    if (batchRows !== undefined) void this.choice.compileAhead(optimizer.kind, batchRows)
  }

  get step(): number {
    return this.stepsDone
  }

  get suggestedChunk(): number {
    return this.measured && this.current !== null ? Math.min(this.current.pass.capacity, this.clock.chunk) : 1
  }

  async train(batches: readonly Int32Array[], wishes: TrainWishes = {}): Promise<TrainReport> {
    for (const batch of batches) checkIndices(batch, this.options.dataset.train.count, 'train')
    const losses = new Float64Array(batches.length * this.seedCount).fill(Number.NaN)
    const diverged: { seedIndex: number; step: number }[] = []
    const isWished = wishes.layerNorms === true && batches.length > 0
    let layerNorms = isWished ? this.layerNormsOf(null, null) : []
    let layerNormsDuration = 0
    let done = 0
    while (done < batches.length && this.divergedAt.includes(-1)) {
      const pass = await this.passFor(batches[done].length)
      const chunk = this.chunkAt(batches, done, pass)
      const target = losses.subarray(done * this.seedCount)
      const start = performance.now()
      const result = await this.run(pass, chunk, isWished && done === 0)
      this.clock.record(chunk.length, performance.now() - start)
      this.measured = true
      if (isWished && done === 0) {
        // Also of a chunk that will be taken back: they belong to the weights before it.
        const before = performance.now()
        layerNorms = this.layerNormsOf(pass, result.norms)
        layerNormsDuration = performance.now() - before
      }
      if (this.badSeeds(result).length === 0) {
        this.keepLosses(result, target)
        this.count(chunk.length)
        done += chunk.length
      } else {
        pass.undo()
        done += await this.replay(pass, chunk, target, diverged)
      }
    }
    // Nobody is left to train; the count goes on so that the arms stay in step.
    this.stepsDone += batches.length - done
    return isWished ? { losses, diverged, layerNorms, layerNormsDuration } : { losses, diverged }
  }

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

  probe(seedIndex: number): Probe {
    if (!Number.isInteger(seedIndex) || seedIndex < 0 || seedIndex >= this.seedCount) {
      throw new DomainFault(`probe: seed index, got ${seedIndex}, expected 0 .. ${this.seedCount - 1}`)
    }
    const { options, network, opened } = this
    this.probes[seedIndex] ??= createFusedProbe({
      opened,
      spec: network.spec,
      layout: network.layout,
      dataset: options.dataset,
      probeCount: options.probeCount,
      layers: this.layers,
      seedIndex,
      parameters: network.parameters,
      parameterOffset: network.blockBytes * seedIndex,
      train: network.train,
      test: () => network.test(),
      tile: this.choice.defaultTile,
      tileOf: (rows, lanes) => this.choice.measuringTile(rows, lanes),
      readParameters: async () => (await readWeights(opened, network, [seedIndex]))[0],
      secondMoments: () => this.secondMoments(seedIndex),
    })
    return this.probes[seedIndex]
  }

  async checkpoint(): Promise<TrainerCheckpoint> {
    const seeds = Array.from({ length: this.seedCount }, (_, seed) => seed)
    // What belongs to the step is taken before the wait, like the copies on the GPU.
    const rest = {
      step: this.stepsDone,
      slotSteps: seeds.map((seed) => (this.divergedAt[seed] < 0 ? this.updates : 0)),
      divergedAt: this.divergedAt.slice(),
      optimizer: this.optimizer,
    }
    return { ...rest, ...(await this.read(seeds)) }
  }

  /** @throws {ShapeFault} when the checkpoint is not of this ensemble; then nothing has changed. */
  async restore(checkpoint: TrainerCheckpoint): Promise<void> {
    const { weights, slots, optimizer } = checkpoint
    const { spec } = this.network
    if (weights.length !== this.seedCount || slots.length !== this.seedCount) {
      throw new ShapeFault(`restore: a checkpoint of ${weights.length} seeds, expected ${this.seedCount}`)
    }
    for (const flat of [...weights, ...slots.flat()]) {
      if (flat.length !== this.parameterCount)
        throw new ShapeFault(`restore: an array of ${flat.length} numbers, expected ${this.parameterCount}`)
    }
    packSlots(spec, this.network.layout, optimizer.kind, slots)
    this.opened.health.check()
    this.network.upload(weights)
    // The next pass starts from the checkpoint; its kernels are still there.
    this.current?.destroy()
    this.current = null
    this.biasExponents = biasExponentsOf(spec, weights)
    this.restoredSlots = slots
    this.slotsGone = false
    this.optimizer = optimizer
    this.stepsDone = checkpoint.step
    this.divergedAt.set(checkpoint.divergedAt)
    this.updates = Math.max(0, ...checkpoint.slotSteps)
  }

  async dispose(): Promise<void> {
    if (this.disposed) return
    this.disposed = true
    for (const probe of this.probes) probe?.destroy()
    this.current?.destroy()
    this.network.destroy()
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

  /** The next batches of one size, as many as one submit should hold; a single one before anything was measured. */
  private chunkAt(batches: readonly Int32Array[], start: number, pass: TrainingPass): readonly Int32Array[] {
    const most = start + Math.min(pass.pass.capacity, this.measured ? this.clock.chunk : 1)
    let end = start + 1
    while (end < batches.length && end < most && batches[end].length === batches[start].length) end++
    return batches.slice(start, end)
  }

  /** Cut only where one step is longer than a submit may be. */
  private async run(pass: TrainingPass, batches: readonly Int32Array[], wantsNorms = false): Promise<ChunkResult> {
    const { network, options, stepsDone, optimizer } = this
    const parts = this.choice.parts(pass.pass.shape.batchRows, this.measured ? this.clock.step : null)
    const isAlive = Array.from(this.divergedAt, (step) => step < 0)
    const noise =
      optimizer.kind === 'perturbed'
        ? perturbation(network.spec, network.layout, options.noiseSeed ?? 0, stepsDone, batches.length, isAlive)
        : null
    return pass.run(batches, optimizer, this.updates, parts, noise, wantsNorms)
  }

  /**
   * The same steps one by one until a seed leaves the finite numbers; it is frozen before that update, the others do it.
   *
   * @returns the number of steps done.
   */
  private async replay(
    pass: TrainingPass,
    batches: readonly Int32Array[],
    losses: Float64Array,
    diverged: { seedIndex: number; step: number }[],
  ): Promise<number> {
    for (const [index, batch] of batches.entries()) {
      const result = await this.run(pass, [batch])
      this.keepLosses(result, losses.subarray(index * this.seedCount))
      const bad = this.badSeeds(result)
      if (bad.length === 0) {
        this.count(1)
        continue
      }
      pass.undo()
      for (const seedIndex of bad) {
        this.divergedAt[seedIndex] = this.stepsDone
        diverged.push({ seedIndex, step: this.stepsDone })
        pass.freeze(seedIndex)
      }
      if (this.divergedAt.includes(-1)) await this.run(pass, [batch])
      this.count(1)
      return index + 1
    }
    return batches.length
  }

  private count(steps: number): void {
    this.stepsDone += steps
    this.updates += steps
  }

  /** Living seeds with a non-finite loss or weight. */
  private badSeeds({ losses, finite }: ChunkResult): number[] {
    return [...this.divergedAt.keys()].filter((seed) => {
      if (this.divergedAt[seed] >= 0) return false
      if (finite[seed] === 0) return true
      for (let at = seed; at < losses.length; at += this.seedCount) if (!Number.isFinite(losses[at])) return true
      return false
    })
  }

  /** [seeds]; unknown for those that diverged earlier. */
  private layerNormsOf(pass: TrainingPass | null, entries: Float32Array | null): LayerNorms[] {
    const { spec } = this.network
    return Array.from(this.divergedAt, (step, seed) =>
      pass === null || entries === null || step >= 0
        ? unknownNorms(spec.layers.length)
        : normsOfEntries(spec, pass.pass.shape, entries, seed),
    )
  }

  private keepLosses({ losses }: ChunkResult, target: Float64Array): void {
    for (let at = 0; at < losses.length; at++) if (this.divergedAt[at % this.seedCount] < 0) target[at] = losses[at]
  }

  /** Weights and slots of these seeds; a diverged seed's slots are empty. */
  private async read(seeds: readonly number[]): Promise<{ weights: Float64Array[]; slots: Float64Array[][] }> {
    const { opened, network, current, restoredSlots } = this
    const { kind } = this.optimizer
    const divergedAt = this.divergedAt.slice()
    const empty = (): Float64Array[] => emptySlots(kind, this.parameterCount)
    if (current !== null && current.kind === kind && !this.slotsGone) {
      const { weights, slots } = await readState(opened, network, current, this.updates, seeds)
      return { weights, slots: slots.map((own, index) => (divergedAt[seeds[index]] < 0 ? own : empty())) }
    }
    const kept = seeds.map((seed) => (restoredSlots === null ? empty() : restoredSlots[seed].map((slot) => slot.slice())))
    return { weights: await readWeights(opened, network, seeds), slots: kept }
  }

  private async secondMoments(seedIndex: number): Promise<Float64Array | null> {
    const { optimizer, updates } = this
    const root = rootSlot(optimizer.kind)
    if (root < 0) return null
    const { slots } = await this.read([seedIndex])
    const v = slots[0][root]
    if (optimizer.kind !== 'adam' || updates === 0) return v
    const correction = 1 - optimizer.beta2 ** updates
    return v.map((value) => value / correction)
  }
}
