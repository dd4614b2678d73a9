// How does a network train on tfjs' WebGPU backend? Explicit passes, data and weights resident, one readback per call.
//
// Seeds ride in the leading axis of every tensor, so an ensemble costs no more dispatches than one network. A call's
// result is committed only after its readback was believed: a poisoned or lost device leaves the state before the call.
import {
  clone,
  dispose,
  slice3d,
  tensor1d,
  tensor2d,
  zeros,
  type Rank,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  type Tensor3D,
} from '@tensorflow/tfjs-core'
import { DomainFault, ShapeFault } from '../../core/faults.ts'
import type { OptimizerSettings } from '../../core/experiment.ts'
import { parameterCount, type NetworkSpec } from '../../core/networkSpec.ts'
import type { LayerInfo, LayerNorms, Probe } from '../../core/probe.ts'
import { resolveEps } from '../../core/resolve.ts'
import type { OpenedDevice } from '../device.ts'
import { gradientNoise } from '../gradientNoise.ts'
import { layerInfo } from '../layerInfo.ts'
import { checkIndices } from '../sampleRows.ts'
import { StepClock } from '../stepClock.ts'
import { leaseTfjs, type TfjsLease } from '../tfjsBackend.ts'
import type { EngineDescription, Trainer, TrainerCheckpoint, TrainerOptions, TrainReport, TrainWishes } from '../trainer.ts'
import { unknownNorms } from '../unknownNorms.ts'
import { checkShapes } from './checkShapes.ts'
import { gradientBanks, type GradientBank } from './gradientBanks.ts'
import { flatOrder } from './layerTensors.ts'
import { layersOf, tensorsOf } from './layout.ts'
import { createNetworkProbe } from './networkProbe.ts'
import type { BorrowedRoots } from './probeHost.ts'
import { readPacked } from './readback.ts'
import { gatherRows, indexTensor, ResidentData } from './residentData.ts'
import { readState, uploadState } from './stateCheckpoint.ts'
import { StepNormRuns, StepNorms } from './stepNorms.ts'
import { disposeState, trainingStep, weightChecksum, type TrainingState } from './trainingState.ts'
import { rootSlot, slotCount } from './updateRules.ts'

/** More steps than this in one call would only delay the next sample and lengthen a replay. */
const LARGEST_CHUNK = 256
const FIRST_GUESS_MS = 25

/**
 * Opens tfjs on the device and uploads data and weights.
 *
 * @throws {FaultError} noWebGpu, poisoned or deviceLost.
 * @throws {ShapeFault} when layers, data and starts do not fit each other.
 * @throws {UnsupportedFault} for a linearised network.
 */
export async function createNetworkTrainer(options: TrainerOptions, opened: OpenedDevice): Promise<Trainer> {
  checkShapes(options)
  return new NetworkTrainer(options, opened, await leaseTfjs(opened))
}

class NetworkTrainer implements Trainer {
  readonly description: EngineDescription
  readonly layers: readonly LayerInfo[]
  readonly parameterCount: number
  readonly seedCount: number
  private readonly options: TrainerOptions
  private readonly spec: NetworkSpec
  private readonly opened: OpenedDevice
  private readonly lease: TfjsLease
  private readonly data: ResidentData
  private readonly clock = new StepClock(FIRST_GUESS_MS)
  private readonly constants = new Map<number, Tensor1D>()
  private readonly noSums: Tensor
  private readonly banks: readonly GradientBank[]
  /** Once norms were asked for. */
  private normRuns: StepNormRuns | null = null
  private optimizer: OptimizerSettings
  private state: TrainingState
  private mask: Tensor
  private divergedAt: Int32Array
  private slotSteps: number[]
  private stepsDone = 0
  private warm = false
  private disposed = false

  constructor(options: TrainerOptions, opened: OpenedDevice, lease: TfjsLease) {
    this.options = options
    this.spec = options.spec
    this.opened = opened
    this.lease = lease
    this.optimizer = options.optimizer
    this.seedCount = options.initialWeights.length
    this.layers = layerInfo(options.spec)
    this.parameterCount = parameterCount(options.spec)
    this.description = {
      engine: 'network',
      backend: 'webgpu',
      adapter: opened.adapterName,
      precision: 'float32',
      reason: options.reason,
    }
    this.data = new ResidentData(options.dataset)
    this.noSums = zeros([this.seedCount])
    this.divergedAt = new Int32Array(this.seedCount).fill(-1)
    this.slotSteps = Array.from({ length: this.seedCount }, () => 0)
    this.mask = maskOf(this.divergedAt)
    const layers = tensorsOf(this.spec, options.initialWeights)
    this.banks = gradientBanks(layers)
    const weights = flatOrder(layers)
    this.state = { weights, slots: emptySlots(weights, options.optimizer.kind), slotStep: 0 }
  }

  get step(): number {
    return this.stepsDone
  }

  get suggestedChunk(): number {
    return Math.min(LARGEST_CHUNK, this.clock.chunk)
  }

  async train(batches: readonly Int32Array[], wishes: TrainWishes = {}): Promise<TrainReport> {
    for (const batch of batches) checkIndices(batch, this.options.dataset.train.count, 'train')
    const losses = new Float64Array(batches.length * this.seedCount).fill(Number.NaN)
    const diverged: { seedIndex: number; step: number }[] = []
    const start = performance.now()
    const isWished = wishes.layerNorms === true && batches.length > 0
    let told: Told = { layerNorms: Array.from(this.divergedAt, () => unknownNorms(this.layers.length)), layerNormsDuration: 0 }
    let done = 0
    while (done < batches.length && this.divergedAt.includes(-1)) {
      const rest = batches.slice(done)
      const target = losses.subarray(done * this.seedCount)
      const outcome = await this.advance(rest, isWished && done === 0)
      // Also of a chunk that will be taken back: they belong to the weights before it.
      if (outcome.told !== null) told = outcome.told
      if (outcome.bad.length === 0) {
        this.keepLosses(outcome, target)
        this.commit(outcome.state, rest.length)
        done = batches.length
      } else {
        disposeState(outcome.state)
        done += await this.replay(rest, target, diverged)
      }
    }
    // Nobody is left to train; the count goes on so that the arms stay in step.
    this.stepsDone += batches.length - done
    // The first call compiles the pipelines.
    if (this.warm) this.clock.record(batches.length, performance.now() - start)
    this.warm = true
    return isWished ? { losses, diverged, ...told } : { losses, diverged }
  }

  setOptimizer(optimizer: OptimizerSettings): void {
    if (optimizer.kind !== this.optimizer.kind) {
      for (const slots of this.state.slots) for (const slot of slots) slot.dispose()
      this.state = { weights: this.state.weights, slots: emptySlots(this.state.weights, optimizer.kind), slotStep: 0 }
      this.slotSteps.fill(0)
    }
    this.optimizer = optimizer
  }

  probe(seedIndex: number): Probe {
    if (!Number.isInteger(seedIndex) || seedIndex < 0 || seedIndex >= this.seedCount) {
      throw new DomainFault(`probe: seed index, got ${seedIndex}, expected 0 .. ${this.seedCount - 1}`)
    }
    return createNetworkProbe({
      spec: this.spec,
      dataset: this.options.dataset,
      probeCount: this.options.probeCount,
      opened: this.opened,
      data: this.data,
      layers: this.layers,
      step: () => this.stepsDone,
      borrow: () =>
        layersOf(
          this.spec,
          this.state.weights.map((tensor) => laneOf(tensor, seedIndex)),
        ),
      borrowRoots: () => this.borrowRoots(seedIndex),
    })
  }

  async checkpoint(): Promise<TrainerCheckpoint> {
    // What belongs to the step is taken before the wait, like the tensors.
    const rest = { step: this.stepsDone, slotSteps: [...this.slotSteps], divergedAt: this.divergedAt.slice(), optimizer: this.optimizer }
    return { ...rest, ...(await readState(this.opened, this.state, rest.optimizer.kind)) }
  }

  async restore(checkpoint: TrainerCheckpoint): Promise<void> {
    if (checkpoint.weights.length !== this.seedCount) {
      throw new ShapeFault(`restore: a checkpoint of ${checkpoint.weights.length} seeds, expected ${this.seedCount}`)
    }
    const state = uploadState(this.spec, checkpoint)
    disposeState(this.state)
    this.state = state
    this.divergedAt = checkpoint.divergedAt.slice()
    this.slotSteps = [...checkpoint.slotSteps]
    this.optimizer = checkpoint.optimizer
    this.stepsDone = checkpoint.step
    this.renewMask()
    this.opened.health.check()
  }

  async dispose(): Promise<void> {
    if (this.disposed) return
    this.disposed = true
    disposeState(this.state)
    this.data.dispose()
    this.mask.dispose()
    this.noSums.dispose()
    this.normRuns?.dispose()
    for (const tensor of this.constants.values()) tensor.dispose()
    this.lease.flush()
    this.lease.close()
  }

  /** Runs the batches from the current state on; the result is not yet the state. */
  private async advance(batches: readonly Int32Array[], wantsNorms = false): Promise<Outcome> {
    const { dataset } = this.options
    const { spec, banks } = this
    const split = this.data.split(dataset.train)
    const eps = resolveEps(this.optimizer, 'network')
    const indices = indexTensor(concatenated(batches))
    const sums: Tensor[] = []
    const norms = wantsNorms ? new StepNorms((this.normRuns ??= new StepNormRuns(spec, banks, this.seedCount))) : null
    let state = this.state
    let offset = 0
    try {
      for (const [index, { length }] of batches.entries()) {
        const noise = this.noiseOf(this.stepsDone + index)
        const facts = { optimizer: this.optimizer, eps, mask: this.mask, noise }
        const inputs = gatherRows(split.inputs, indices, offset, 1, length)
        const targets = gatherRows(split.targets, indices, offset, 1, length)
        offset += length
        const batch = { inputs, targets, rowWeights: this.constant(this.reduced(1, length)), rowCounts: this.constant(length) }
        const stepped = trainingStep(spec, facts, state, batch, banks, index === 0 ? norms : null)
        dispose([inputs, targets])
        noise?.dispose()
        if (state !== this.state) disposeState(state)
        state = stepped.state
        sums.push(stepped.lossSums)
      }
      sums.push(weightChecksum(state.weights, this.noSums))
      if (norms !== null) sums.push(norms.sums)
      const parts = await readPacked(this.opened, sums)
      const losses = parts
        .slice(0, batches.length)
        .map((part, index) => Float64Array.from(part, (sum) => this.reduced(sum, batches[index].length)))
      const checksum = parts[batches.length]
      const bad = [...this.divergedAt.keys()].filter(
        (seed) => this.divergedAt[seed] < 0 && !(Number.isFinite(checksum[seed]) && losses.every((loss) => Number.isFinite(loss[seed]))),
      )
      const told = norms === null ? null : await this.toldBy(norms, parts[batches.length + 1], batches[0])
      return { state, losses, bad, told }
    } catch (error) {
      if (state !== this.state) disposeState(state)
      throw error
    } finally {
      dispose([indices, sums])
    }
  }

  /** Norms of the first batch from the sums of its step, or from the probe where they left the step's range; the state is still the old one. */
  private async toldBy(norms: StepNorms, sums: Float32Array, batch: Int32Array): Promise<Told> {
    const start = performance.now()
    const layerNorms: LayerNorms[] = []
    for (const [seed, own] of norms.normsOf(sums).entries()) {
      if (this.divergedAt[seed] >= 0) layerNorms.push(unknownNorms(this.layers.length))
      else layerNorms.push(own ?? (await this.probe(seed).gradientNorms({ indices: batch, from: 'train' })))
    }
    return { layerNorms, layerNormsDuration: norms.duration + performance.now() - start }
  }

  /**
   * The same steps one by one until a seed leaves the finite numbers; it is frozen before that update, the others do it.
   *
   * @returns the number of steps done.
   */
  private async replay(
    batches: readonly Int32Array[],
    losses: Float64Array,
    diverged: { seedIndex: number; step: number }[],
  ): Promise<number> {
    for (const [index, batch] of batches.entries()) {
      const outcome = await this.advance([batch])
      this.keepLosses(outcome, losses.subarray(index * this.seedCount))
      if (outcome.bad.length === 0) {
        this.commit(outcome.state, 1)
        continue
      }
      disposeState(outcome.state)
      for (const seedIndex of outcome.bad) {
        this.divergedAt[seedIndex] = this.stepsDone
        diverged.push({ seedIndex, step: this.stepsDone })
      }
      this.renewMask()
      if (this.divergedAt.includes(-1)) this.commit((await this.advance([batch])).state, 1)
      else this.stepsDone++
      return index + 1
    }
    return batches.length
  }

  private keepLosses(outcome: Outcome, target: Float64Array): void {
    for (const [step, loss] of outcome.losses.entries()) {
      for (let seed = 0; seed < this.seedCount; seed++) if (this.divergedAt[seed] < 0) target[step * this.seedCount + seed] = loss[seed]
    }
  }

  private commit(state: TrainingState, steps: number): void {
    disposeState(this.state)
    this.state = state
    this.stepsDone += steps
    for (let seed = 0; seed < this.seedCount; seed++) if (this.divergedAt[seed] < 0) this.slotSteps[seed] += steps
  }

  private renewMask(): void {
    this.mask.dispose()
    this.mask = maskOf(this.divergedAt)
  }

  private reduced(sum: number, count: number): number {
    return this.spec.loss.reduction === 'mean' ? sum / count : sum
  }

  /** [1]: weights and counts of rows; batches have one or two sizes, so these few live as long as the trainer. */
  private constant(value: number): Tensor1D {
    let tensor = this.constants.get(value)
    if (tensor === undefined) {
      tensor = tensor1d([value])
      this.constants.set(value, tensor)
    }
    return tensor
  }

  /** [seeds, P] of perturbed descent, drawn on the CPU so that every engine adds the same. */
  private noiseOf(step: number): Tensor2D | null {
    if (this.optimizer.kind !== 'perturbed') return null
    const size = this.parameterCount
    const noise = new Float32Array(this.seedCount * size)
    for (let seed = 0; seed < this.seedCount; seed++) {
      noise.set(gradientNoise(this.options.noiseSeed ?? 0, seed, step, size), seed * size)
    }
    return tensor2d(noise, [this.seedCount, size])
  }

  private borrowRoots(seedIndex: number): BorrowedRoots | null {
    const slot = rootSlot(this.optimizer.kind)
    if (slot < 0) return null
    const t = this.slotSteps[seedIndex]
    // Before the first update Adam's correction would be 0/0: v is 0 then, corrected or not.
    const correction = this.optimizer.kind === 'adam' && t > 0 ? 1 / (1 - this.optimizer.beta2 ** t) : 1
    return { roots: this.state.slots.map((slots) => laneOf(slots[slot], seedIndex)), correction }
  }
}

/** The share of the norms in a report. */
type Told = Required<Pick<TrainReport, 'layerNorms' | 'layerNormsDuration'>>

interface Outcome {
  readonly state: TrainingState
  /** [steps][seeds], reduced. */
  readonly losses: readonly Float64Array[]
  /** Living seeds with a non-finite loss or weight. */
  readonly bad: readonly number[]
  /** Where norms were asked for. */
  readonly told: Told | null
}

function emptySlots(weights: readonly Tensor3D[], kind: OptimizerSettings['kind']): Tensor3D[][] {
  return weights.map((weight) => Array.from({ length: slotCount(kind) }, () => zeros<Rank.R3>(weight.shape)))
}

/** [1, rows, columns]: a copy of one seed's tensor, or one more reference where there is only one. */
function laneOf(tensor: Tensor3D, lane: number): Tensor3D {
  return tensor.shape[0] === 1 ? clone(tensor) : slice3d(tensor, [lane, 0, 0], [1, -1, -1])
}

function maskOf(divergedAt: Int32Array): Tensor1D {
  return tensor1d(Float32Array.from(divergedAt, (step) => (step < 0 ? 1 : 0)))
}

function concatenated(batches: readonly Int32Array[]): Int32Array {
  const all = new Int32Array(batches.reduce((sum, batch) => sum + batch.length, 0))
  let offset = 0
  for (const batch of batches) {
    all.set(batch, offset)
    offset += batch.length
  }
  return all
}
