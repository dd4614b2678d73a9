// How do many steps run in one submit, and how are they undone?
//
// A training pass holds what belongs to one optimizer and one batch size. Everything that a step changes is copied on the
// GPU at the start of a chunk; a chunk in which a seed left the finite numbers is taken back as if it had never run.
import type { OptimizerSettings } from '../../core/experiment.ts'
import type { OpenedDevice } from '../device.ts'
import { exponentOffsets, pieceCount, tileCount, type KernelShape } from './kernelShape.ts'
import { OwnedBuffers } from './ownedBuffers.ts'
import { FEWEST_SLICES, FusedPass, type PassBuffers } from './pass.ts'
import { submitAndRead, type Region } from './readback.ts'
import { reducedLosses } from './rowLosses.ts'
import type { PackedSlots } from './slotExchange.ts'
import { encodeCut, numbersOf, stepCuts } from './stepCuts.ts'
import type { StepNumbers } from './stepParameters.ts'
import { adapterCores } from './tileChoice.ts'
import { largestWeightsAt, normEntries } from './updateGrid.ts'
import { slotCount } from './updateRules.ts'

export interface ChunkResult {
  /** [steps, seeds] reduced. */
  readonly losses: Float64Array
  /** [seeds] 1 where every weight that any step left was finite. */
  readonly finite: Uint8Array
  /** What K2 left of the gradient of the first batch, see `normEntries`; null where it was not asked for. */
  readonly norms: Float32Array | null
}

/** A range that a step changes, and its copy. */
interface Kept {
  readonly live: Region
  readonly copy: GPUBuffer
}

const INFINITE_BITS = 0x7f80_0000
const RING = 3

export class TrainingPass {
  readonly pass: FusedPass
  readonly kind: OptimizerSettings['kind']
  private readonly opened: OpenedDevice
  private readonly owned: OwnedBuffers
  private readonly kept: readonly Kept[]
  /** The norms of the first step of a chunk; the next step writes over K2's own. */
  private firstNorms: GPUBuffer | null = null

  private constructor(opened: OpenedDevice, pass: FusedPass, kind: OptimizerSettings['kind'], parameters: GPUBuffer) {
    this.opened = opened
    this.pass = pass
    this.kind = kind
    this.owned = new OwnedBuffers(opened.device)
    const { norms, shape } = pass
    const regions: Region[] = [
      whole(parameters),
      tailOf(pass),
      { buffer: norms, offset: 16 * normEntries(shape), bytes: norms.size - 16 * normEntries(shape) },
    ]
    if (slotCount(kind) > 0) regions.push(this.ofSlots)
    this.kept = regions.map((live) => ({ live, copy: this.owned.create(live.bytes) }))
  }

  /** Compiles, or finds compiled, the kernels of an optimizer and a shape. */
  static async create(
    opened: OpenedDevice,
    shape: KernelShape,
    kind: OptimizerSettings['kind'],
    buffers: PassBuffers & { readonly parameters: { readonly buffer: GPUBuffer } },
    capacity: number,
  ): Promise<TrainingPass> {
    return new TrainingPass(opened, await FusedPass.create(opened.device, shape, kind, buffers, capacity), kind, buffers.parameters.buffer)
  }

  /** Starts with given slots and the exponents of the biases; seeds with `alive` 0 stay as they are. */
  start(biasExponents: Int32Array, slots: PackedSlots | null, updates: number, divergedAt: Int32Array): void {
    const { pass } = this
    const { shape } = pass
    pass.reset(biasExponents)
    for (const [seed, step] of divergedAt.entries()) if (step >= 0) this.freeze(seed)
    if (slots === null || slotCount(this.kind) === 0) return
    const { queue } = this.opened.device
    queue.writeBuffer(pass.slots, 0, slots.mantissas)
    queue.writeBuffer(pass.exponents, this.slotExponents(updates).offset, slots.exponents)
    queue.writeBuffer(pass.norms, 16 * normEntries(shape) + (updates % RING) * slots.largestBits.byteLength, slots.largestBits)
  }

  /** Takes over from a pass of the same network: exponents of the biases and living seeds; with the same optimizer also the slots. */
  adopt(before: TrainingPass, withSlots: boolean): void {
    const { device } = this.opened
    const encoder = device.createCommandEncoder()
    const from = exponentOffsets(before.pass.shape)
    const to = exponentOffsets(this.pass.shape)
    const copy = (start: number, toStart: number, words: number): void => {
      encoder.copyBufferToBuffer(before.pass.exponents, 4 * start, this.pass.exponents, 4 * toStart, 4 * words)
    }
    copy(from.bias, to.bias, from.slots - from.bias)
    copy(from.alive, to.alive, from.sums - from.alive)
    if (withSlots && slotCount(this.kind) > 0) {
      copy(from.slots, to.slots, from.alive - from.slots)
      encoder.copyBufferToBuffer(before.pass.slots, 0, this.pass.slots, 0, this.ofSlots.bytes)
      const start = 16 * normEntries(this.pass.shape)
      encoder.copyBufferToBuffer(before.pass.norms, start, this.pass.norms, start, this.pass.norms.size - start)
    }
    device.queue.submit([encoder.finish()])
  }

  /**
   * Runs one chunk: two dispatches a step in one submit, or each of `parts` cuts of a long step in its own.
   *
   * A batch in pieces takes two dispatches a piece, one submit each; the last of them updates.
   *
   * @param batches at most `pass.capacity`, each of `shape.batchRows` indices.
   * @param updates done since the slots were empty.
   * @param noise of perturbed descent for these batches.
   * @param wantsNorms reads the norms of the first batch's gradient along with the losses.
   * @throws {FaultError} poisoned or deviceLost.
   */
  async run(
    batches: readonly Int32Array[],
    optimizer: OptimizerSettings,
    updates: number,
    parts: number,
    noise: Float32Array<ArrayBuffer> | null = null,
    wantsNorms = false,
  ): Promise<ChunkResult> {
    const { pass, opened } = this
    const { shape } = pass
    const { device, health } = opened
    health.check()
    const reduction = shape.loss.reduction === 'mean' ? 1 / shape.batchRows : 1
    const steps = batches.map((_, index): StepNumbers => ({ optimizer, reduction, chunkStep: index, updates: updates + index }))
    const weights = { buffer: pass.norms, offset: 4 * largestWeightsAt(shape), bytes: 4 * shape.seedCount }
    const norms = { buffer: pass.norms, offset: 0, bytes: 16 * normEntries(shape) }
    const pieces = pieceCount(shape)
    let encoder = device.createCommandEncoder()
    for (const { live, copy } of this.kept) encoder.copyBufferToBuffer(live.buffer, live.offset, copy, 0, live.bytes)
    encoder.clearBuffer(weights.buffer, weights.offset, weights.bytes)
    if (pieces > 1 || (parts > 1 && batches.length === 1)) {
      const ofPiece = Math.ceil(parts / pieces)
      const cuts = stepCuts(shape, ofPiece, shape.software === true ? adapterCores() : 1)
      pass.prepare(batches, [], noise)
      if (cuts.some(({ stations }) => stations !== undefined)) await pass.prepareRanges()
      for (let piece = 0; piece < pieces; piece++) {
        // Written between submits, so a step may have more cuts than there are slices.
        for (const [index, cut] of cuts.entries()) {
          const slice = index % FEWEST_SLICES
          if (slice === 0) {
            const group = cuts.slice(index, index + FEWEST_SLICES)
            pass.prepareSteps(group.map((one) => numbersOf(one, { ...steps[0], chunkStep: piece })))
          }
          const encoded = encoder.beginComputePass()
          encodeCut(pass, encoded, cut, slice)
          encoded.end()
          // Two whole dispatches go together.
          if (ofPiece === 1 && index + 1 < cuts.length) continue
          device.queue.submit([encoder.finish()])
          encoder = device.createCommandEncoder()
        }
      }
    } else {
      pass.prepare(batches, steps, noise)
      // Only a copy between two steps needs a pass of its own.
      const cut = wantsNorms && batches.length > 1 ? 1 : 0
      if (cut > 0) {
        encodeSteps(pass, encoder, 0, cut)
        this.firstNorms ??= this.owned.create(norms.bytes)
        encoder.copyBufferToBuffer(norms.buffer, norms.offset, this.firstNorms, 0, norms.bytes)
      }
      encodeSteps(pass, encoder, cut, batches.length)
    }
    const rows = 8 * batches.length * pieces * shape.seedCount * tileCount(shape) * shape.tile.rows
    const first = batches.length > 1 && this.firstNorms !== null ? { ...norms, buffer: this.firstNorms } : norms
    const regions = [{ buffer: pass.rowLosses, offset: 0, bytes: rows }, weights, ...(wantsNorms ? [first] : [])]
    const [lossBytes, weightBytes, normBytes] = await submitAndRead(opened, encoder, regions)
    return {
      losses: reducedLosses(shape, shape.loss, new Float32Array(lossBytes), batches.length),
      finite: Uint8Array.from(new Uint32Array(weightBytes), (bits) => (bits < INFINITE_BITS ? 1 : 0)),
      norms: wantsNorms ? new Float32Array(normBytes) : null,
    }
  }

  /** Takes the last chunk back. */
  undo(): void {
    const { device } = this.opened
    const encoder = device.createCommandEncoder()
    for (const { live, copy } of this.kept) encoder.copyBufferToBuffer(copy, 0, live.buffer, live.offset, live.bytes)
    device.queue.submit([encoder.finish()])
  }

  /** From now on updates pass this seed over. */
  freeze(seed: number): void {
    this.opened.device.queue.writeBuffer(this.pass.exponents, 4 * (exponentOffsets(this.pass.shape).alive + seed), new Int32Array(1))
  }

  /** What a checkpoint needs beside the weights: [slot][seed] mantissas, and [part][seed][layer] exponents that belong to them. */
  slotRegions(updates: number): Region[] {
    return slotCount(this.kind) === 0 ? [] : [this.ofSlots, this.slotExponents(updates)]
  }

  destroy(): void {
    this.pass.destroy()
    this.owned.destroy()
  }

  /** The optimizer's own, without what lies behind them. */
  private get ofSlots(): Region {
    const { slots, shape } = this.pass
    return { buffer: slots, offset: 0, bytes: 16 * slotCount(this.kind) * shape.seedCount * shape.layout.seedQuads }
  }

  private slotExponents(updates: number): Region {
    const { shape, exponents } = this.pass
    const words = shape.layout.parts * shape.seedCount * shape.layout.layerCount
    return { buffer: exponents, offset: 4 * (exponentOffsets(shape).slots + (updates % 2) * words), bytes: 4 * words }
  }
}

/** Steps `start` .. `end` - 1 in one compute pass. */
function encodeSteps(pass: FusedPass, encoder: GPUCommandEncoder, start: number, end: number): void {
  const encoded = encoder.beginComputePass()
  for (let slice = start; slice < end; slice++) pass.encode(encoded, slice)
  encoded.end()
}

function whole(buffer: GPUBuffer): Region {
  return { buffer, offset: 0, bytes: buffer.size }
}

/** Exponents that outlive a step: those of biases and slots, and who is alive. */
function tailOf(pass: FusedPass): Region {
  const { bias, sums } = exponentOffsets(pass.shape)
  return { buffer: pass.exponents, offset: 4 * bias, bytes: 4 * (sums - bias) }
}
