// How do K1 and K2 of one shape meet their buffers? Pipelines and bind groups are made once; a step is two dispatches.
//
// A pass owns what belongs to its batch (activations, deltas, exponents, losses, norms); parameters and data are
// lent. Training and measuring are passes of different shapes over the same parameters.
import type { OptimizerSettings } from '../../core/experiment.ts'
import { DomainFault } from '../../core/faults.ts'
import { NO_EXPONENT } from './exponentWgsl.ts'
import { forwardBackwardWgsl } from './forwardBackwardKernel.ts'
import { exponentOffsets, keptQuads, passRows, pieceCount, tileCount, type KernelShape } from './kernelShape.ts'
import { bindKernel, kernelPipeline, uniformBinding, type KernelBinding, type KernelPipeline } from './kernelPipelines.ts'
import { OwnedBuffers } from './ownedBuffers.ts'
import { SLICE_BYTES, writeStep, type StepNumbers } from './stepParameters.ts'
import { normWords, otherParts, updateGroups } from './updateGrid.ts'
import { updateWgsl } from './updateKernel.ts'
import { slotCount } from './updateRules.ts'
import { wholeRowsWgsl } from './wholeRowsKernel.ts'

/** An optimizer trains; 'gradient' writes the gradient in place of slots; 'deltas' and 'forward' leave K2 out. */
export type PassTask = OptimizerSettings['kind'] | 'gradient' | 'deltas' | 'forward'

export interface PassBuffers {
  /** Where the shape's seeds begin, in bytes (a multiple of 256). */
  readonly parameters: GPUBufferBinding
  readonly inputs: GPUBuffer
  readonly targets: GPUBuffer
}

/** Slices of step numbers that a pass holds at least: one step may be cut into many dispatches. */
export const FEWEST_SLICES = 64

const K1_BINDINGS: readonly KernelBinding[] = ['read', 'read', 'read', 'read', 'write', 'write', 'write', 'write', 'uniform']
const K2_BINDINGS: readonly KernelBinding[] = ['write', 'read', 'read', 'read', 'read', 'write', 'write', 'uniform']

/** The two dispatches of one shape and one task. */
export class FusedPass {
  readonly shape: KernelShape
  readonly task: PassTask
  /** Batches that fit one call of `prepare`; of pieces one batch. */
  readonly capacity: number
  readonly activations: GPUBuffer
  readonly deltas: GPUBuffer
  readonly exponents: GPUBuffer
  readonly rowLosses: GPUBuffer
  readonly norms: GPUBuffer
  /** Optimizer slots, or the gradient mantissas of the task 'gradient'; behind them, for batches in pieces, the sums so far. */
  readonly slots: GPUBuffer
  /** [step of the chunk][seed][seedQuads] of perturbed descent. */
  private readonly noise: GPUBuffer
  private readonly owned: OwnedBuffers
  private readonly device: GPUDevice
  private readonly indices: GPUBuffer
  private readonly steps: GPUBuffer
  private readonly forwardBackward: BoundKernel
  private readonly bindings: readonly (GPUBuffer | GPUBufferBinding)[]
  /** K1 in ranges of layers, compiled when a step is first cut so. */
  private ranged: BoundKernel | null = null
  private readonly update: BoundKernel | null

  private constructor(device: GPUDevice, shape: KernelShape, task: PassTask, buffers: PassBuffers, capacity: number, kernels: Kernels) {
    this.device = device
    this.shape = shape
    this.task = task
    this.capacity = capacity
    const owned = new OwnedBuffers(device)
    this.owned = owned
    const lanes = shape.lanes === 'batches' ? shape.seedCount : 1
    this.indices = owned.create(4 * capacity * lanes * pieceCount(shape) * passRows(shape))
    this.steps = owned.create(SLICE_BYTES * Math.max(capacity, FEWEST_SLICES), 'uniform')
    const sizes = passSizes(shape, task, capacity)
    this.activations = owned.create(sizes.activations)
    this.deltas = owned.create(sizes.deltas)
    this.exponents = owned.create(sizes.exponents)
    this.rowLosses = owned.create(sizes.rowLosses)
    this.norms = owned.create(sizes.norms)
    this.slots = owned.create(sizes.slots)
    this.noise = owned.create(sizes.noise)
    const { parameters, inputs, targets } = buffers
    const { indices, activations, deltas, exponents, norms } = this
    const uniform = uniformBinding(this.steps)
    this.bindings = [parameters, inputs, targets, indices, activations, deltas, exponents, this.rowLosses, uniform]
    this.forwardBackward = bound(device, owned, kernels.k1, this.bindings)
    const last = { slots: [this.slots], noise: [this.noise], nothing: [] }[lastBinding(task, shape)]
    this.update =
      kernels.k2 === null
        ? null
        : bound(device, owned, kernels.k2, [parameters, inputs, indices, activations, deltas, exponents, norms, uniform, ...last])
  }

  /** Compiles both kernels, or finds them compiled; several passes may compile at once. */
  static async create(device: GPUDevice, shape: KernelShape, task: PassTask, buffers: PassBuffers, capacity = 1): Promise<FusedPass> {
    return new FusedPass(device, shape, task, buffers, capacity, await FusedPass.compile(device, shape, task))
  }

  /** Compiles ahead of `create`. */
  static async compile(device: GPUDevice, shape: KernelShape, task: PassTask): Promise<Kernels> {
    const k1Wgsl = shape.tile.wholeRows === true ? wholeRowsWgsl : forwardBackwardWgsl
    const [k1, k2] = await Promise.all([
      kernelPipeline(device, 'K1', k1Wgsl(shape, task === 'forward' ? 'forward' : 'both'), K1_BINDINGS),
      task === 'forward' || task === 'deltas'
        ? null
        : kernelPipeline(device, 'K2', updateWgsl(shape, task), [...K2_BINDINGS, ...LAST_BINDINGS[lastBinding(task, shape)]]),
    ])
    return { k1, k2 }
  }

  /**
   * Hands over the batches and numbers of the next steps.
   *
   * @param batches one per step; for lanes 'batches' one step of all lanes' rows in a row.
   * @param steps one slice each; may be more than the batches when steps are cut.
   * @param noise of perturbed descent, for the batches in order.
   */
  prepare(batches: readonly Int32Array[], steps: readonly StepNumbers[], noise: Float32Array<ArrayBuffer> | null = null): void {
    if (batches.length > this.capacity)
      throw new DomainFault(`FusedPass.prepare: too many steps, got ${batches.length}, expected at most ${this.capacity}`)
    const { shape } = this
    const rows = (shape.lanes === 'batches' ? shape.seedCount : 1) * pieceCount(shape) * passRows(shape)
    // What fills up the last piece has no weight.
    const indices = new Int32Array(batches.length * rows).fill(-1)
    for (const [i, batch] of batches.entries()) indices.set(batch, i * rows)
    this.device.queue.writeBuffer(this.indices, 0, indices)
    if (noise !== null) this.writeNoise(noise)
    this.prepareSteps(steps)
  }

  /** Other numbers for what is encoded next, for the same batches. */
  prepareSteps(steps: readonly StepNumbers[]): void {
    const numbers = new DataView(new ArrayBuffer(SLICE_BYTES * steps.length))
    for (const [i, step] of steps.entries()) writeStep(numbers, i, step)
    this.device.queue.writeBuffer(this.steps, 0, numbers.buffer)
  }

  private writeNoise(noise: Float32Array<ArrayBuffer>): void {
    // Of a batch in pieces it lies behind the sums.
    if (this.shape.pieceRows === undefined) this.device.queue.writeBuffer(this.noise, 0, noise)
    else this.device.queue.writeBuffer(this.slots, this.slots.size - noise.byteLength, noise)
  }

  /** Encodes step `slice` of what was prepared: two dispatches in one compute pass (one for 'forward' and 'deltas', of as many tiles as asked). */
  encode(pass: GPUComputePassEncoder, slice: number, tiles = tileCount(this.shape)): void {
    this.encodeForwardBackward(pass, slice, tiles)
    this.encodeUpdate(pass, slice)
  }

  /** K1 alone, from the tile and seed that the slice names. */
  encodeForwardBackward(pass: GPUComputePassEncoder, slice: number, tiles = tileCount(this.shape), seeds = this.shape.seedCount): void {
    encodeKernel(pass, this.forwardBackward, slice, tiles, seeds)
  }

  /** Compiles K1 in ranges of layers, or finds it compiled. */
  async prepareRanges(): Promise<void> {
    if (this.ranged !== null) return
    const text = this.shape.tile.wholeRows === true ? wholeRowsWgsl : forwardBackwardWgsl
    const kernel = await kernelPipeline(this.device, 'K1 in ranges', text(this.shape, 'range'), K1_BINDINGS)
    this.ranged ??= bound(this.device, this.owned, kernel, this.bindings)
  }

  /** The stations of K1 that the slice names, once `prepareRanges` is done. */
  encodeRange(pass: GPUComputePassEncoder, slice: number, tiles: number, seeds: number): void {
    encodeKernel(pass, this.ranged!, slice, tiles, seeds)
  }

  /** K2 alone, from the layer and seed that the slice names; nothing for the tasks without one. */
  encodeUpdate(pass: GPUComputePassEncoder, slice: number, layers = this.shape.layout.layerCount, seeds = this.shape.seedCount): void {
    if (this.update === null) return
    pass.setPipeline(this.update.pipeline)
    pass.setBindGroup(0, this.update.group, [slice * SLICE_BYTES])
    pass.dispatchWorkgroups(updateGroups(this.shape) + otherParts(this.shape), seeds, layers)
  }

  /** Starts afresh: living seeds, empty slots, and these exponents of the biases ([seeds][L]). */
  reset(biasExponents: Int32Array): void {
    const { bias, slots, alive, length } = exponentOffsets(this.shape)
    const tail = new Int32Array(length - bias)
    tail.set(biasExponents, 0)
    tail.fill(NO_EXPONENT, slots - bias, alive - bias)
    tail.fill(1, alive - bias)
    this.device.queue.writeBuffer(this.exponents, 4 * bias, tail)
  }

  destroy(): void {
    this.owned.destroy()
  }
}

interface Kernels {
  readonly k1: KernelPipeline
  readonly k2: KernelPipeline | null
}

interface BoundKernel {
  readonly pipeline: GPUComputePipeline
  readonly group: GPUBindGroup
}

function encodeKernel(pass: GPUComputePassEncoder, kernel: BoundKernel, slice: number, tiles: number, seeds: number): void {
  pass.setPipeline(kernel.pipeline)
  pass.setBindGroup(0, kernel.group, [slice * SLICE_BYTES])
  pass.dispatchWorkgroups(tiles, seeds)
}

function bound(
  device: GPUDevice,
  owned: OwnedBuffers,
  kernel: KernelPipeline,
  resources: readonly (GPUBuffer | GPUBufferBinding)[],
): BoundKernel {
  return { pipeline: kernel.pipeline, group: bindKernel(device, kernel, resources, (sizes) => owned.uniform(sizes)) }
}

const LAST_BINDINGS: Readonly<Record<'slots' | 'noise' | 'nothing', readonly KernelBinding[]>> = {
  slots: ['write'],
  noise: ['read'],
  nothing: [],
}

/** What K2 binds behind the numbers of the step. */
function lastBinding(task: PassTask, { pieceRows }: KernelShape): 'slots' | 'noise' | 'nothing' {
  if (pieceRows !== undefined) return 'slots'
  if (task === 'perturbed') return 'noise'
  if (task === 'gradient') return 'slots'
  return task === 'forward' || task === 'deltas' || slotCount(task) === 0 ? 'nothing' : 'slots'
}

/** Bytes of each buffer of a pass. */
export interface PassSizes {
  readonly activations: number
  readonly deltas: number
  readonly exponents: number
  readonly rowLosses: number
  readonly norms: number
  readonly slots: number
  readonly noise: number
}

/** What a pass will allocate, for the estimate before it is made. */
export function passSizes(shape: KernelShape, task: PassTask, capacity: number): PassSizes {
  const { layout, seedCount } = shape
  const rows = tileCount(shape) * shape.tile.rows
  const kept = keptQuads(shape)
  const inPieces = shape.pieceRows !== undefined
  const noiseAlone = task === 'perturbed' && !inPieces
  const own = task === 'gradient' ? 1 : task === 'forward' || task === 'deltas' ? 0 : slotCount(task)
  const slots = own + (inPieces ? 1 : 0) + (inPieces && task === 'perturbed' ? 1 : 0)
  return {
    activations: 16 * kept.activations,
    deltas: 16 * kept.deltas,
    exponents: 4 * exponentOffsets(shape).length,
    rowLosses: 8 * capacity * pieceCount(shape) * seedCount * rows,
    norms: 4 * normWords(shape),
    slots: 16 * slots * seedCount * layout.seedQuads,
    noise: noiseAlone ? 16 * capacity * seedCount * layout.seedQuads : 0,
  }
}
