// Which passes does a probe need, and on which weights do they run?
//
// On a copy of the seed's weights: a measurement takes several submits, and training may go on between them. Passes are
// made when a shape is first asked for and kept, the latest of them up to a bound, because compiling costs more than running.
import { DEFAULT_OPTIMIZER } from '../../core/defaults.ts'
import { DomainFault } from '../../core/faults.ts'
import type { Bytes } from '../../core/units.ts'
import { createBiasExponentKernel } from './biasExponents.ts'
import { createKernel, Spans, type ComputeKernel } from './computeKernel.ts'
import { exponentOffsets, tileCount, type KernelShape, type Tile } from './kernelShape.ts'
import type { FusedProbeContext, ResidentRows } from './fusedProbeContext.ts'
import { unpackParameters } from './layout.ts'
import { OwnedBuffers } from './ownedBuffers.ts'
import { FusedPass, passSizes, type PassSizes } from './pass.ts'
import { submitAndRead } from './readback.ts'
import type { StepNumbers } from './stepParameters.ts'
import { runPieces, workBudget, type Piece, type WorkBudget } from './workPieces.ts'

export type MeasuringTask = 'forward' | 'gradient' | 'deltas'

/** What distinguishes one measuring pass from another. */
export interface MeasuringShape {
  readonly task: MeasuringTask
  readonly rows: number
  /** Batches that ride side by side; 1 but for batch gradients. */
  readonly lanes?: number
  readonly head?: 'loss' | 'outputs'
  readonly from: 'train' | 'test' | 'probe'
  /** Instead of those of the context. */
  readonly tile?: Tile
}

/** Dispatches into which K1 may be cut: each takes a slice of the pass. */
const MOST_CUTS = 60

/** Weights of one moment. */
export interface Snapshot {
  readonly buffer: GPUBuffer
  destroy(): void
}

/** Multiplications and additions that one row costs for each weight. */
const OPERATIONS: Readonly<Record<MeasuringTask, number>> = { forward: 2, deltas: 4, gradient: 6 }

export class MeasuringPasses {
  readonly context: FusedProbeContext
  readonly budget: WorkBudget
  /** Weights of one seed at the time of `use`. */
  readonly parameters: GPUBuffer
  readonly spans: Spans
  private readonly owned: OwnedBuffers
  private readonly biasExponents: GPUBuffer
  private bias: { readonly kernel: ComputeKernel; readonly group: GPUBindGroup } | null = null
  private readonly passes = new Map<string, FusedPass>()

  constructor(context: FusedProbeContext, budget: WorkBudget = workBudget(context.opened)) {
    this.context = context
    this.budget = budget
    const { device } = context.opened
    this.owned = new OwnedBuffers(device)
    this.parameters = this.owned.create(16 * context.layout.seedQuads)
    this.biasExponents = this.owned.create(4 * context.layout.layerCount)
    this.spans = new Spans(device)
  }

  /** A copy of the weights of this moment, for `use`. */
  snapshot(): Snapshot {
    const { opened, parameters, parameterOffset } = this.context
    const owned = new OwnedBuffers(opened.device)
    const encoder = opened.device.createCommandEncoder()
    const buffer = owned.create(this.parameters.size)
    encoder.copyBufferToBuffer(parameters, parameterOffset, buffer, 0, buffer.size)
    opened.device.queue.submit([encoder.finish()])
    return { buffer, destroy: () => owned.destroy() }
  }

  /** From now on everything measures the weights of a snapshot. */
  async use(snapshot: Snapshot): Promise<void> {
    const { context } = this
    const { device, health } = context.opened
    health.check()
    if (context.layout.bias && this.bias === null) {
      const kernel = await createBiasExponentKernel(device, context.layout, this.spans)
      this.bias = { kernel, group: kernel.bind([this.parameters, this.biasExponents]) }
    }
    const encoder = device.createCommandEncoder()
    encoder.copyBufferToBuffer(snapshot.buffer, 0, this.parameters, 0, this.parameters.size)
    if (this.bias !== null) {
      const pass = encoder.beginComputePass()
      pass.setPipeline(this.bias.kernel.pipeline)
      pass.setBindGroup(0, this.bias.group, [this.spans.write({})])
      pass.dispatchWorkgroups(context.layout.layerCount)
      pass.end()
    }
    device.queue.submit([encoder.finish()])
  }

  /** The pass of a shape, with the bias exponents of the weights of `use`. */
  async pass(shape: MeasuringShape): Promise<FusedPass> {
    const { context } = this
    const { device } = context.opened
    const lanes = shape.lanes ?? 1
    const head = shape.head ?? 'loss'
    const split = shape.from === 'test' ? 'test' : 'train'
    const key = `${shape.task} ${shape.rows} ${lanes} ${head} ${split} ${JSON.stringify(shape.tile)}`
    let pass = this.passes.get(key)
    this.passes.delete(key)
    if (pass === undefined) {
      const kernelShape: KernelShape = {
        layout: context.layout,
        loss: context.spec.loss,
        batchRows: shape.rows,
        seedCount: lanes,
        lanes: 'batches',
        tile: shape.tile ?? this.tileFor(shape.rows, lanes),
        software: context.opened.software,
        head,
      }
      this.makeRoom(passBytes(kernelShape, shape.task))
      const rows = this.rowsOf(split)
      const buffers = { parameters: { buffer: this.parameters }, inputs: rows.inputs, targets: rows.targets }
      pass = await FusedPass.create(device, kernelShape, shape.task, buffers)
      pass.reset(new Int32Array(lanes * context.layout.layerCount))
    }
    this.passes.set(key, pass)
    if (this.bias !== null) {
      const encoder = device.createCommandEncoder()
      const bytes = 4 * context.layout.layerCount
      const { bias } = exponentOffsets(pass.shape)
      for (let lane = 0; lane < lanes; lane++) {
        encoder.copyBufferToBuffer(this.biasExponents, 0, pass.exponents, 4 * bias + lane * bytes, bytes)
      }
      device.queue.submit([encoder.finish()])
    }
    return pass
  }

  /** A measuring kernel that takes its spans from here. */
  async kernel(label: string, code: string, storage: readonly ('read' | 'write')[]): Promise<ComputeKernel> {
    return createKernel(this.context.opened.device, label, code, storage, this.spans)
  }

  /** Rows of one pass of a task: at most 50 ms and a share of the memory, in whole tiles; n itself where it fits. */
  rowsAtOnce(task: MeasuringTask, n: number, bytesPerRow = 0): number {
    const { layout, tile } = this.context
    const byTime = this.budget.operations / (OPERATIONS[task] * this.weightEntries)
    const own = 16 * layout.layerCount * layout.quads * (task === 'forward' ? 2 : 3) + bytesPerRow
    const byMemory = (1.5 * this.budget.bytes) / own
    const most = Math.max(1, Math.floor(Math.min(byTime, byMemory, this.rowsToBind(Infinity)) / tile.rows)) * tile.rows
    if (n <= most) return n
    const parts = Math.ceil(n / most)
    return Math.ceil(n / parts / tile.rows) * tile.rows
  }

  /** Rows whose activations and deltas fit in one pass, whatever the time it takes. */
  rowsInMemory(): number {
    const { tile } = this.context
    return Math.max(1, Math.floor(this.rowsToBind(3 * this.budget.bytes) / tile.rows)) * tile.rows
  }

  /** Rows whose activations make one binding of at most this many bytes. */
  private rowsToBind(bytes: Bytes): number {
    const { layout, opened } = this.context
    const row = 16 * layout.layerCount * layout.quads
    // h and z share a buffer, with layer norm also the normed rows and their deviations.
    const copies = layout.norm === null ? 2 : 4
    return Math.min(opened.device.limits.maxStorageBufferBindingSize, bytes) / (copies * row)
  }

  /** Weights as they lie in the buffer, padding included: what a row of a pass costs is a multiple of it. */
  get weightEntries(): number {
    const { layout } = this.context
    return 4 * (layout.firstQuads + (layout.layerCount - 1) * layout.squareQuads)
  }

  /** [P] the weights of `use`, flat. */
  async readParameters(): Promise<Float64Array> {
    const { opened, spec, layout } = this.context
    const region = { buffer: this.parameters, offset: 0, bytes: this.parameters.size }
    const [packed] = await submitAndRead(opened, opened.device.createCommandEncoder(), [region])
    return unpackParameters(spec, layout, new Float32Array(packed))
  }

  /** The dispatches of K1 over a 'deltas' pass, cut at tiles; rows without an index count nothing. */
  prepareDeltas(pass: FusedPass, indices: Int32Array, reduction: number): Piece[] {
    const tiles = tileCount(pass.shape)
    const perTile = OPERATIONS.deltas * this.weightEntries * pass.shape.tile.rows
    const most = Math.max(1, Math.floor(this.budget.operations / perTile))
    const size = Math.max(most, Math.ceil(tiles / MOST_CUTS))
    const starts = Array.from({ length: Math.ceil(tiles / size) }, (_, part) => part * size)
    pass.prepare(
      [padded(indices, pass.shape.batchRows)],
      starts.map((firstTile) => ({ ...stepOf(reduction), firstTile })),
    )
    return starts.map((start, slice) => {
      const count = Math.min(size, tiles - start)
      return { operations: count * perTile, encode: (encoder) => pass.encodeForwardBackward(encoder, slice, count) }
    })
  }

  /** Submits pieces about 50 ms at a time; see `runPieces`. */
  async run(pieces: Iterable<Piece>, signal?: AbortSignal): Promise<void> {
    await runPieces(this.context.opened, this.budget, pieces, signal)
  }

  destroy(): void {
    for (const pass of this.passes.values()) pass.destroy()
    this.passes.clear()
    this.spans.destroy()
    this.owned.destroy()
  }

  /** Higher tiles round a batch up further: not beyond the memory. */
  private tileFor(rows: number, lanes: number): Tile {
    const { context } = this
    const wanted = context.tileOf?.(rows, lanes) ?? context.tile
    return Math.ceil(rows / wanted.rows) * wanted.rows * lanes <= this.rowsInMemory() ? wanted : context.tile
  }

  private rowsOf(split: 'train' | 'test'): ResidentRows {
    const rows = split === 'train' ? this.context.train : this.context.test()
    if (rows === null) throw new DomainFault('MeasuringPasses: no samples to measure on, got an empty test split, expected rows')
    return rows
  }

  private makeRoom(bytes: Bytes): void {
    let kept = bytes
    for (const pass of this.passes.values()) kept += passBytes(pass.shape, pass.task as MeasuringTask)
    for (const [key, pass] of this.passes) {
      if (kept <= 3 * this.budget.bytes || this.passes.size <= 1) return
      kept -= passBytes(pass.shape, pass.task as MeasuringTask)
      pass.destroy()
      this.passes.delete(key)
    }
  }
}

function passBytes(shape: KernelShape, task: MeasuringTask): Bytes {
  return totalBytes(passSizes(shape, task, 1))
}

/** Bytes of all buffers of a pass. */
export function totalBytes({ activations, deltas, exponents, rowLosses, norms, slots, noise }: PassSizes): Bytes {
  return activations + deltas + exponents + rowLosses + norms + slots + noise
}

/** The numbers of a step that updates nothing. */
export function stepOf(reduction: number): StepNumbers {
  return { optimizer: DEFAULT_OPTIMIZER, reduction, chunkStep: 0, updates: 0 }
}

/** [rows] the indices, then -1: rows of no weight. */
export function padded(indices: Int32Array, rows: number): Int32Array {
  const all = new Int32Array(rows).fill(-1)
  all.set(indices)
  return all
}
