// How do several steps of an ensemble run before anything is read? Weights, slots and batches stay on the GPU.
//
// Seeds ride in the leading axis of every tensor, so an ensemble costs no more dispatches than one network. Steps are kept
// only after their readback was believed: a poisoned or lost device leaves the state before them.
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
import type { OptimizerSettings } from '../../core/experiment.ts'
import { parameterCount, type NetworkSpec } from '../../core/networkSpec.ts'
import type { LayerNorms, SampleSet } from '../../core/probe.ts'
import { resolveEps } from '../../core/resolve.ts'
import type { Milliseconds } from '../../core/units.ts'
import type { OpenedDevice } from '../device.ts'
import type { ChunkOutcome, SteppedEnsemble, ToldNorms } from '../ensembleSteps.ts'
import { gradientNoise } from '../gradientNoise.ts'
import { momentCorrection } from '../optimizers/momentCorrection.ts'
import { StepClock } from '../stepClock.ts'
import type { TrainerCheckpoint, TrainerOptions } from '../trainer.ts'
import { unknownNorms } from '../blankNorms.ts'
import { gradientBanks, type GradientBank } from './gradientBanks.ts'
import { flatOrder, type LayerTensors } from './layerTensors.ts'
import { layersOf, tensorsOf } from './layout.ts'
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

interface NetworkOutcome extends ChunkOutcome {
  readonly state: TrainingState
}

/** Weights, slots, optimizer and living seeds of one ensemble. */
export class NetworkEnsemble implements SteppedEnsemble<NetworkOutcome> {
  readonly data: ResidentData
  readonly divergedAt: Int32Array
  optimizer: OptimizerSettings
  step = 0
  private readonly options: TrainerOptions
  private readonly spec: NetworkSpec
  private readonly seedCount: number
  private readonly opened: OpenedDevice
  private readonly normsOf: (seedIndex: number, set: SampleSet) => Promise<LayerNorms>
  private readonly clock = new StepClock(FIRST_GUESS_MS)
  private readonly constants = new Map<number, Tensor1D>()
  private readonly noSums: Tensor
  private readonly banks: readonly GradientBank[]
  /** Once norms were asked for. */
  private normRuns: StepNormRuns | null = null
  private state: TrainingState
  private mask: Tensor
  private slotSteps: number[]
  private warm = false

  /** @param normsOf measures the norms of a seed's gradient where they leave the range of the step. */
  constructor(options: TrainerOptions, opened: OpenedDevice, normsOf: (seedIndex: number, set: SampleSet) => Promise<LayerNorms>) {
    this.options = options
    this.spec = options.spec
    this.opened = opened
    this.normsOf = normsOf
    this.optimizer = options.optimizer
    this.seedCount = options.initialWeights.length
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

  get suggestedChunk(): number {
    return Math.min(LARGEST_CHUNK, this.clock.chunk)
  }

  /** Another kind starts with empty slots. */
  setOptimizer(optimizer: OptimizerSettings): void {
    if (optimizer.kind !== this.optimizer.kind) {
      for (const slots of this.state.slots) for (const slot of slots) slot.dispose()
      this.state = { weights: this.state.weights, slots: emptySlots(this.state.weights, optimizer.kind), slotStep: 0 }
      this.slotSteps.fill(0)
    }
    this.optimizer = optimizer
  }

  /** All of them: nothing is read before the last. */
  async chunkAt(batches: readonly Int32Array[], start: number): Promise<readonly Int32Array[]> {
    return batches.slice(start)
  }

  async run(batches: readonly Int32Array[], wantsNorms: boolean): Promise<NetworkOutcome> {
    const { spec, banks } = this
    const split = this.data.split(this.options.dataset.train)
    const eps = resolveEps(this.optimizer, 'network')
    const indices = indexTensor(concatenated(batches))
    const sums: Tensor[] = []
    const norms = wantsNorms ? new StepNorms((this.normRuns ??= new StepNormRuns(spec, banks, this.seedCount))) : null
    let state = this.state
    let offset = 0
    try {
      for (const [index, { length }] of batches.entries()) {
        const noise = this.noiseOf(this.step + index)
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
      const losses = new Float64Array(batches.length * this.seedCount)
      for (const [index, { length }] of batches.entries()) {
        for (const [seed, sum] of parts[index].entries()) losses[index * this.seedCount + seed] = this.reduced(sum, length)
      }
      const finite = Uint8Array.from(parts[batches.length], (checksum) => (Number.isFinite(checksum) ? 1 : 0))
      const told = norms === null ? null : await this.toldBy(norms, parts[batches.length + 1], batches[0])
      return { state, losses, finite, told }
    } catch (error) {
      if (state !== this.state) disposeState(state)
      throw error
    } finally {
      dispose([indices, sums])
    }
  }

  record(steps: number, duration: Milliseconds): void {
    // The first chunk compiles the pipelines.
    if (this.warm) this.clock.record(steps, duration)
    this.warm = true
  }

  keep({ state }: NetworkOutcome, steps: number): void {
    disposeState(this.state)
    this.state = state
    this.step += steps
    for (let seed = 0; seed < this.seedCount; seed++) if (this.divergedAt[seed] < 0) this.slotSteps[seed] += steps
  }

  takeBack({ state }: NetworkOutcome): void {
    disposeState(state)
  }

  freeze(seeds: readonly number[]): void {
    for (const seed of seeds) this.divergedAt[seed] = this.step
    this.renewMask()
  }

  passOver(steps: number): void {
    this.step += steps
  }

  /** The weights of a seed; the borrower disposes. */
  borrow(seedIndex: number): LayerTensors[] {
    return layersOf(
      this.spec,
      this.state.weights.map((tensor) => laneOf(tensor, seedIndex)),
    )
  }

  borrowRoots(seedIndex: number): BorrowedRoots | null {
    const slot = rootSlot(this.optimizer.kind)
    if (slot < 0) return null
    const correction = 1 / momentCorrection(this.optimizer, this.slotSteps[seedIndex])
    return { roots: this.state.slots.map((slots) => laneOf(slots[slot], seedIndex)), correction }
  }

  async checkpoint(): Promise<TrainerCheckpoint> {
    // What belongs to the step is taken before the wait, like the tensors.
    const rest = { step: this.step, slotSteps: [...this.slotSteps], divergedAt: this.divergedAt.slice(), optimizer: this.optimizer }
    return { ...rest, ...(await readState(this.opened, this.state, rest.optimizer.kind)) }
  }

  /** @throws {ShapeFault} when the vectors are not of this network; then nothing has changed. */
  restore(checkpoint: TrainerCheckpoint): void {
    const state = uploadState(this.spec, checkpoint)
    disposeState(this.state)
    this.state = state
    this.divergedAt.set(checkpoint.divergedAt)
    this.slotSteps = [...checkpoint.slotSteps]
    this.optimizer = checkpoint.optimizer
    this.step = checkpoint.step
    this.renewMask()
    this.opened.health.check()
  }

  dispose(): void {
    disposeState(this.state)
    this.data.dispose()
    this.mask.dispose()
    this.noSums.dispose()
    this.normRuns?.dispose()
    for (const tensor of this.constants.values()) tensor.dispose()
  }

  /** Norms of the first batch from the sums of its step, or from the probe where they left the step's range; the state is still the old one. */
  private async toldBy(norms: StepNorms, sums: Float32Array, batch: Int32Array): Promise<ToldNorms> {
    const start = performance.now()
    const layerNorms: LayerNorms[] = []
    for (const [seed, own] of norms.normsOf(sums).entries()) {
      if (this.divergedAt[seed] >= 0) layerNorms.push(unknownNorms(this.spec.layers.length))
      else layerNorms.push(own ?? (await this.normsOf(seed, { indices: batch, from: 'train' })))
    }
    return { layerNorms, layerNormsDuration: norms.duration + performance.now() - start }
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
    const size = parameterCount(this.spec)
    const noise = new Float32Array(this.seedCount * size)
    for (let seed = 0; seed < this.seedCount; seed++) {
      noise.set(gradientNoise(this.options.noiseSeed ?? 0, seed, step, size), seed * size)
    }
    return tensor2d(noise, [this.seedCount, size])
  }
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
