// How do K1 and K2 of one shape meet their buffers? Pipelines and bind groups are made once; a step is two dispatches.
//
// A pass owns what belongs to its batch (activations, deltas, exponents, losses, norms); parameters and data are
// lent. Training and measuring are passes of different shapes over the same parameters.
import type { OptimizerSettings } from '../../core/experiment.ts'
import { DomainFault } from '../../core/faults.ts'
import { exponentOffsets, forwardBackwardWgsl, keepsPreactivations, tileCount, type KernelShape } from './forwardBackwardKernel.ts'
import { OwnedBuffers } from './ownedBuffers.ts'
import { SLICE_BYTES, writeStep, type StepNumbers } from './stepParameters.ts'
import { normWords, slotCount, updateGroups, updateWgsl } from './updateKernel.ts'

export type PassTask = OptimizerSettings['kind'] | 'gradient' | 'deltas' | 'forward'

export interface PassBuffers {
  /** Where the shape's seeds begin, in bytes (a multiple of 256). */
  readonly parameters: GPUBufferBinding
  readonly inputs: GPUBuffer
  readonly targets: GPUBuffer
}

const READ = 'read-only-storage'
const WRITE = 'storage'

/** Compute pipeline with an explicit layout: storage bindings in order, the step's uniform at `uniformAt`. */
async function pipelineOf(device: GPUDevice, label: string, code: string, storage: readonly GPUBufferBindingType[], uniformAt: number): Promise<{ readonly pipeline: GPUComputePipeline; readonly group: GPUBindGroupLayout }> {
  const entries: GPUBindGroupLayoutEntry[] = storage.map((type, i) => ({ binding: i < uniformAt ? i : i + 1, visibility: 4, buffer: { type } }))
  entries.push({ binding: uniformAt, visibility: 4, buffer: { type: 'uniform', hasDynamicOffset: true, minBindingSize: 48 } })
  const group = device.createBindGroupLayout({ label, entries })
  const module = device.createShaderModule({ label, code })
  const pipeline = await device.createComputePipelineAsync({ label, layout: device.createPipelineLayout({ bindGroupLayouts: [group] }), compute: { module, entryPoint: 'main' } })
  return { pipeline, group }
}

/** The two dispatches of one shape and one task. */
export class FusedPass {
  readonly shape: KernelShape
  readonly task: PassTask
  /** Steps that fit one call of `prepare`. */
  readonly capacity: number
  readonly activations: GPUBuffer
  readonly deltas: GPUBuffer
  readonly exponents: GPUBuffer
  readonly rowLosses: GPUBuffer
  readonly norms: GPUBuffer
  /** Optimizer slots, or the gradient mantissas of the task 'gradient'. */
  readonly slots: GPUBuffer
  private readonly owned: OwnedBuffers
  private readonly device: GPUDevice
  private readonly indices: GPUBuffer
  private readonly steps: GPUBuffer
  private readonly groups: { k1: GPUComputePipeline; k2: GPUComputePipeline | null; g1: GPUBindGroup; g2: GPUBindGroup | null }

  private constructor(device: GPUDevice, shape: KernelShape, task: PassTask, capacity: number, build: (owned: OwnedBuffers, pass: { readonly indices: GPUBuffer; readonly steps: GPUBuffer; readonly sizes: PassSizes }) => Built) {
    this.device = device
    this.shape = shape
    this.task = task
    this.capacity = capacity
    this.owned = new OwnedBuffers(device)
    const lanes = shape.lanes === 'batches' ? shape.seedCount : 1
    this.indices = this.owned.create(4 * capacity * lanes * shape.batchRows)
    this.steps = this.owned.create(SLICE_BYTES * capacity, 'uniform')
    const built = build(this.owned, { indices: this.indices, steps: this.steps, sizes: passSizes(shape, task, capacity) })
    this.activations = built.activations
    this.deltas = built.deltas
    this.exponents = built.exponents
    this.rowLosses = built.rowLosses
    this.norms = built.norms
    this.slots = built.slots
    this.groups = built
  }

  /** Compiles both kernels; several passes may compile at once. */
  static async create(device: GPUDevice, shape: KernelShape, task: PassTask, buffers: PassBuffers, capacity = 1): Promise<FusedPass> {
    const k1 = await pipelineOf(device, 'K1', forwardBackwardWgsl(shape, task === 'forward' ? 'forward' : 'both'), [READ, READ, READ, READ, WRITE, WRITE, WRITE, WRITE], 8)
    const withSlots = task !== 'sgd'
    const k2 = task === 'forward' || task === 'deltas' ? null : await pipelineOf(device, 'K2', updateWgsl(shape, task), [task === 'gradient' ? WRITE : WRITE, READ, READ, READ, READ, WRITE, WRITE, ...(withSlots ? [WRITE as GPUBufferBindingType] : [])], 7)
    return new FusedPass(device, shape, task, capacity, (owned, { indices, steps, sizes }) => {
      const activations = owned.create(sizes.activations)
      const deltas = owned.create(sizes.deltas)
      const exponents = owned.create(sizes.exponents)
      const rowLosses = owned.create(sizes.rowLosses)
      const norms = owned.create(sizes.norms)
      const slots = owned.create(sizes.slots)
      const uniform = { buffer: steps, size: 48 }
      const entriesOf = (resources: readonly GPUBindingResource[], uniformAt: number): GPUBindGroupEntry[] => [
        ...resources.map((resource, i) => ({ binding: i < uniformAt ? i : i + 1, resource })),
        { binding: uniformAt, resource: uniform },
      ]
      const g1 = device.createBindGroup({
        layout: k1.group,
        entries: entriesOf([buffers.parameters, { buffer: buffers.inputs }, { buffer: buffers.targets }, { buffer: indices }, { buffer: activations }, { buffer: deltas }, { buffer: exponents }, { buffer: rowLosses }], 8),
      })
      const g2 =
        k2 === null
          ? null
          : device.createBindGroup({
              layout: k2.group,
              entries: entriesOf([buffers.parameters, { buffer: buffers.inputs }, { buffer: indices }, { buffer: activations }, { buffer: deltas }, { buffer: exponents }, { buffer: norms }, ...(withSlots ? [{ buffer: slots }] : [])], 7),
            })
      return { activations, deltas, exponents, rowLosses, norms, slots, k1: k1.pipeline, k2: k2?.pipeline ?? null, g1, g2 }
    })
  }

  /**
   * Hands over the batches and numbers of the next steps.
   *
   * @param batches one per step; for lanes 'batches' one step of all lanes' rows in a row.
   */
  prepare(batches: readonly Int32Array[], steps: readonly StepNumbers[]): void {
    if (batches.length > this.capacity) throw new DomainFault(`FusedPass.prepare: too many steps, got ${batches.length}, expected at most ${this.capacity}`)
    const rows = (this.shape.lanes === 'batches' ? this.shape.seedCount : 1) * this.shape.batchRows
    const indices = new Int32Array(batches.length * rows)
    for (const [i, batch] of batches.entries()) indices.set(batch, i * rows)
    this.device.queue.writeBuffer(this.indices, 0, indices)
    const numbers = new DataView(new ArrayBuffer(SLICE_BYTES * steps.length))
    for (const [i, step] of steps.entries()) writeStep(numbers, i, step)
    this.device.queue.writeBuffer(this.steps, 0, numbers.buffer)
  }

  /** Encodes step `slice` of what was prepared: two dispatches in one compute pass (one for 'forward' and 'deltas', of as many tiles as asked). */
  encode(pass: GPUComputePassEncoder, slice: number, tiles = tileCount(this.shape)): void {
    const { k1, k2, g1, g2 } = this.groups
    const { shape } = this
    pass.setPipeline(k1)
    pass.setBindGroup(0, g1, [slice * SLICE_BYTES])
    pass.dispatchWorkgroups(tiles, shape.seedCount)
    if (k2 === null || g2 === null) return
    pass.setPipeline(k2)
    pass.setBindGroup(0, g2, [slice * SLICE_BYTES])
    pass.dispatchWorkgroups(updateGroups(shape) + (shape.layout.bias ? 1 : 0), shape.seedCount, shape.layout.layerCount)
  }

  /** Starts afresh: living seeds, empty slots, and these exponents of the biases ([seeds][L]). */
  reset(biasExponents: Int32Array): void {
    const { bias, slots, alive, length } = exponentOffsets(this.shape)
    const tail = new Int32Array(length - bias)
    tail.set(biasExponents, 0)
    tail.fill(NO_SLOT, slots - bias, alive - bias)
    tail.fill(1, alive - bias)
    this.device.queue.writeBuffer(this.exponents, 4 * bias, tail)
  }

  destroy(): void {
    this.owned.destroy()
  }
}

const NO_SLOT = -1_000_000

interface Built {
  readonly activations: GPUBuffer
  readonly deltas: GPUBuffer
  readonly exponents: GPUBuffer
  readonly rowLosses: GPUBuffer
  readonly norms: GPUBuffer
  readonly slots: GPUBuffer
  readonly k1: GPUComputePipeline
  readonly k2: GPUComputePipeline | null
  readonly g1: GPUBindGroup
  readonly g2: GPUBindGroup | null
}

/** Bytes of each buffer of a pass. */
export interface PassSizes {
  readonly activations: number
  readonly deltas: number
  readonly exponents: number
  readonly rowLosses: number
  readonly norms: number
  readonly slots: number
}

/** What a pass will allocate, for the estimate before it is made. */
export function passSizes(shape: KernelShape, task: PassTask, capacity: number): PassSizes {
  const { layout, seedCount } = shape
  const rows = tileCount(shape) * shape.tile.rows
  const tensor = 16 * seedCount * layout.layerCount * rows * layout.quads
  const slots = task === 'gradient' ? 1 : task === 'forward' || task === 'deltas' ? 0 : slotCount(task)
  return {
    activations: tensor * (keepsPreactivations(layout) ? 2 : 1),
    deltas: tensor,
    exponents: 4 * exponentOffsets(shape).length,
    rowLosses: 8 * capacity * seedCount * rows,
    norms: 4 * normWords(shape),
    slots: 16 * slots * seedCount * layout.seedQuads,
  }
}
