// Products of a Hessian with many vectors: K1 once, then H1 and H2 for blocks of them.
//
// Rows and vectors are cut by memory, dispatches by time. A product is a sum over rows, so chunks of rows are added here
// in float64.
import { DomainFault, ShapeFault } from '../../core/faults.ts'
import type { OutputIndex, SampleSet } from '../../core/probe.ts'
import { splitOf } from '../sampleRows.ts'
import { tileCount } from './forwardBackwardKernel.ts'
import { hessianForwardWgsl, tangentWorkgroupBytes } from './hessianForwardKernel.ts'
import { hessianProductWgsl } from './hessianProductKernel.ts'
import { packRows } from './layout.ts'
import type { MeasuringPasses } from './measuringPasses.ts'
import { OwnedBuffers } from './ownedBuffers.ts'
import { addPacked, packedPositions, packVector } from './packedVectors.ts'
import type { FusedPass } from './pass.ts'
import { submitAndRead } from './readback.ts'
import { tangentBytesPerRow, tangentOffsets, type TangentShape } from './tangentLayout.ts'
import { weightGroups } from './updateKernel.ts'
import { cutGrid, type Piece } from './workPieces.ts'

const MOST_VECTORS = 64

/** [count, P] products of the Hessian of the reduced loss with the rows of block [count, P]. */
export async function hessianVectorsOn(
  passes: MeasuringPasses,
  block: Float64Array,
  count: number,
  set: SampleSet,
  signal?: AbortSignal,
): Promise<Float64Array> {
  const { spec } = passes.context
  const n = set.indices.length
  const share = spec.loss.reduction === 'mean' ? 1 / n : 1
  return products(passes, block, count, set, { head: 'loss', share, indices: set.indices, output: -1 }, signal)
}

/** [count, P] products with the Hessian of one output of one sample (a position in the set). */
export async function outputHessianVectorsOn(
  passes: MeasuringPasses,
  block: Float64Array,
  count: number,
  set: SampleSet,
  output: OutputIndex,
  signal?: AbortSignal,
): Promise<Float64Array> {
  const c = passes.context.layout.outputWidth
  if (!(output.sample in set.indices) || !(Number.isInteger(output.output) && output.output >= 0 && output.output < c)) {
    throw new DomainFault(
      `outputHessianVectors: no such output, got ${output.sample}, ${output.output}, expected below ${set.indices.length}, ${c}`,
    )
  }
  const indices = set.indices.slice(output.sample, output.sample + 1)
  return products(passes, block, count, set, { head: 'outputs', share: 1, indices, output: output.output }, signal)
}

/** The function whose Hessian is meant: the loss over samples, or one output of one sample. */
interface Target {
  readonly head: 'loss' | 'outputs'
  readonly share: number
  readonly indices: Int32Array
  /** -1 for the loss. */
  readonly output: number
}

async function products(
  passes: MeasuringPasses,
  block: Float64Array,
  count: number,
  set: SampleSet,
  target: Target,
  signal?: AbortSignal,
): Promise<Float64Array> {
  const { layout, dataset, probeCount } = passes.context
  const width = layout.parameterCount
  if (block.length !== count * width)
    throw new ShapeFault(`hessianVectors: block holds ${block.length} entries, expected ${count} x ${width}`)
  splitOf(dataset, probeCount, set)
  const result = new Float64Array(block.length)
  const n = target.indices.length
  const chunk = chunkRows(passes, n)
  const pass = await passes.pass({ task: 'deltas', rows: chunk, head: target.head, from: set.from })
  const shape = blockShape(passes, pass, count)
  const run = await prepareBlock(passes, pass, shape)
  try {
    for (let start = 0; start < n; start += chunk) {
      const indices = target.indices.subarray(start, Math.min(n, start + chunk))
      const c = target.head === 'outputs' ? layout.outputWidth : 1
      const named = indices.map((index) => index * c + Math.max(0, target.output))
      await passes.run(passes.prepareDeltas(pass, named, target.share), signal)
      run.writeRows(set, indices, target)
      for (let first = 0; first < count; first += shape.vectors) {
        signal?.throwIfAborted()
        const vectors = Math.min(shape.vectors, count - first)
        await run.multiply(
          block.subarray(first * width, (first + vectors) * width),
          vectors,
          result.subarray(first * width, (first + vectors) * width),
          signal,
        )
      }
    }
  } finally {
    run.destroy()
  }
  return result
}

/** Rows of one pass: activations, deltas and two tangents of all layers within memory. */
function chunkRows(passes: MeasuringPasses, n: number): number {
  const { layout, opened, tile } = passes.context
  const row = 16 * layout.layerCount * layout.quads
  const bound = Math.min(opened.device.limits.maxStorageBufferBindingSize, passes.budget.bytes)
  const most = Math.max(1, Math.floor(bound / (6 * row) / tile.rows)) * tile.rows
  return n <= most ? n : Math.ceil(n / Math.ceil(n / most) / tile.rows) * tile.rows
}

function blockShape(passes: MeasuringPasses, pass: FusedPass, count: number): TangentShape {
  const { limits } = passes.context.opened.device
  const two: TangentShape = { pass: pass.shape, vectors: 2, together: 2 }
  const together = count > 1 && tangentWorkgroupBytes(two) <= limits.maxComputeWorkgroupStorageSize ? 2 : 1
  const { tile, layout } = pass.shape
  const perVector = tangentBytesPerRow(two) * tileCount(pass.shape) * tile.rows + 32 * layout.seedQuads
  const fitting = Math.floor(passes.budget.bytes / perVector / together) * together
  const wanted = Math.ceil(count / together) * together
  return { pass: pass.shape, vectors: Math.max(together, Math.min(MOST_VECTORS, wanted, fitting)), together }
}

interface BlockRun {
  writeRows(set: SampleSet, indices: Int32Array, target: Target): void
  /** into [vectors, P] += products with the rows of block. */
  multiply(block: Float64Array, vectors: number, into: Float64Array, signal?: AbortSignal): Promise<void>
  destroy(): void
}

/** Buffers and bind groups for blocks of one shape. */
async function prepareBlock(passes: MeasuringPasses, pass: FusedPass, shape: TangentShape): Promise<BlockRun> {
  const { opened, spec, layout, dataset, probeCount } = passes.context
  const { device } = opened
  const forward = await passes.kernel('H1', hessianForwardWgsl(shape), ['read', 'read', 'read', 'read', 'read', 'read', 'write', 'write'])
  const product = await passes.kernel('H2', hessianProductWgsl(shape), ['read', 'read', 'read', 'read', 'read', 'write', 'write'])
  const offsets = tangentOffsets(shape)
  const owned = new OwnedBuffers(device)
  const padded = tileCount(shape.pass) * shape.pass.tile.rows
  const rows = owned.create(16 * padded * (layout.inQuads + layout.quads))
  const directions = owned.create(16 * shape.vectors * layout.seedQuads)
  const results = owned.create(16 * shape.vectors * layout.seedQuads)
  const tangents = owned.create(16 * offsets.length)
  const exponents = owned.create(4 * offsets.exponents)
  const g1 = forward.bind([passes.parameters, directions, pass.activations, pass.deltas, pass.exponents, rows, tangents, exponents])
  const g2 = product.bind([rows, pass.activations, pass.deltas, pass.exponents, tangents, exponents, results])
  const positions = packedPositions(spec, layout)
  const blocks = 2 * layout.layerCount
  const stride = 4 * layout.seedQuads
  let span = { rows: 0, share: 1 }

  const pieces = (vectors: number): Piece[] => {
    const groups = Math.ceil(vectors / shape.together)
    const perRow = 4 * passes.weightEntries * shape.together
    const tiles = cutGrid(passes.budget, groups, tileCount(shape.pass), 2 * perRow * shape.pass.tile.rows)
    const layers = cutGrid(passes.budget, groups, layout.layerCount, (perRow * padded) / layout.layerCount)
    return [
      ...tiles.map((cut) => ({
        operations: cut.width * cut.height * 2 * perRow * shape.pass.tile.rows,
        encode: (encoder: GPUComputePassEncoder) => {
          encoder.setPipeline(forward.pipeline)
          encoder.setBindGroup(0, g1, [passes.spans.write({ x: cut.y, y: cut.x, ...span })])
          encoder.dispatchWorkgroups(cut.height, cut.width)
        },
      })),
      ...layers.map((cut) => ({
        operations: (cut.width * cut.height * perRow * padded) / layout.layerCount,
        encode: (encoder: GPUComputePassEncoder) => {
          encoder.setPipeline(product.pipeline)
          encoder.setBindGroup(0, g2, [passes.spans.write({ y: cut.x, z: cut.y, ...span })])
          encoder.dispatchWorkgroups(weightGroups(shape.pass) + 1, cut.width, cut.height)
        },
      })),
    ]
  }

  return {
    writeRows(set, indices, target) {
      const split = splitOf(dataset, probeCount, set)
      const packed = new Float32Array(4 * padded * (layout.inQuads + layout.quads))
      const width = 4 * (layout.inQuads + layout.quads)
      const inputs = packRows(gathered(split.inputs, indices, layout.inputWidth), indices.length, layout.inputWidth, layout.inQuads)
      const targets = packRows(
        target.head === 'outputs'
          ? oneHotRows(indices.length, layout.outputWidth, target.output)
          : gathered(split.targets, indices, layout.outputWidth),
        indices.length,
        layout.outputWidth,
        layout.quads,
      )
      for (let row = 0; row < indices.length; row++) {
        packed.set(inputs.subarray(row * 4 * layout.inQuads, (row + 1) * 4 * layout.inQuads), row * width)
        packed.set(targets.subarray(row * 4 * layout.quads, (row + 1) * 4 * layout.quads), row * width + 4 * layout.inQuads)
      }
      device.queue.writeBuffer(rows, 0, packed)
      span = { rows: indices.length, share: target.share }
    },
    async multiply(block, vectors, into, signal) {
      const packed = new Float32Array(stride * vectors)
      const own = new Int32Array(blocks * vectors)
      for (let v = 0; v < vectors; v++) {
        packVector(
          spec,
          positions,
          block.subarray(v * layout.parameterCount, (v + 1) * layout.parameterCount),
          packed.subarray(v * stride, (v + 1) * stride),
          own.subarray(v * blocks, (v + 1) * blocks),
        )
      }
      device.queue.writeBuffer(directions, 0, packed)
      device.queue.writeBuffer(exponents, 4 * offsets.directions, own)
      await passes.run(pieces(vectors), signal)
      const [values, tops] = await submitAndRead(opened, device.createCommandEncoder(), [
        { buffer: results, offset: 0, bytes: packed.byteLength },
        { buffer: exponents, offset: 4 * offsets.products, bytes: own.byteLength },
      ])
      const mantissas = new Float32Array(values)
      const exponentsRead = new Int32Array(tops)
      for (let v = 0; v < vectors; v++) {
        addPacked(
          spec,
          positions,
          mantissas.subarray(v * stride, (v + 1) * stride),
          exponentsRead.subarray(v * blocks, (v + 1) * blocks),
          into.subarray(v * layout.parameterCount, (v + 1) * layout.parameterCount),
        )
      }
    },
    destroy: () => owned.destroy(),
  }
}

function gathered(source: ArrayLike<number>, indices: Int32Array, width: number): Float32Array {
  const rows = new Float32Array(indices.length * width)
  for (const [row, index] of indices.entries()) {
    for (let k = 0; k < width; k++) rows[row * width + k] = source[index * width + k]
  }
  return rows
}

function oneHotRows(count: number, width: number, output: number): Float32Array {
  const rows = new Float32Array(count * width)
  for (let row = 0; row < count; row++) rows[row * width + output] = 1
  return rows
}
