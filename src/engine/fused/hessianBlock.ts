// How does a block of vectors go through H1 and H2? Rows and vectors in, products out, in short dispatches between.
import type { SampleSet } from '../../core/probe.ts'
import { splitOf } from '../sampleRows.ts'
import { tileCount } from './kernelShape.ts'
import { hessianForwardWgsl } from './hessianForwardKernel.ts'
import { hessianRowsWgsl } from './hessianRowsKernel.ts'
import { hessianProductWgsl, productGroups } from './hessianProductKernel.ts'
import { packedPositions, packRows } from './layout.ts'
import type { MeasuringPasses } from './measuringPasses.ts'
import { OwnedBuffers } from './ownedBuffers.ts'
import { addPacked, packVector } from './packedVectors.ts'
import type { FusedPass } from './pass.ts'
import { submitAndRead } from './readback.ts'
import { tangentOffsets, type TangentShape } from './tangentLayout.ts'
import { cutGrid, type Piece } from './workPieces.ts'

/** The function whose Hessian is meant: the loss over samples, or one output of one sample. */
export interface HessianTarget {
  readonly head: 'loss' | 'outputs'
  readonly share: number
  readonly indices: Int32Array
  /** -1 for the loss. */
  readonly output: number
}

/** Kernels and buffers for blocks of vectors of one shape. */
export interface BlockRun {
  writeRows(set: SampleSet, indices: Int32Array, target: HessianTarget): void
  /** into [vectors, P] += products with the rows of block. */
  multiply(block: Float64Array, vectors: number, into: Float64Array, signal?: AbortSignal): Promise<void>
  destroy(): void
}

/** Compiles H1 and H2 and makes their buffers, which the caller destroys. */
export async function prepareBlock(passes: MeasuringPasses, pass: FusedPass, shape: TangentShape): Promise<BlockRun> {
  const { opened, spec, layout, dataset, probeCount } = passes.context
  const { device } = opened
  const wholeRows = shape.pass.tile.wholeRows === true
  const h1Wgsl = wholeRows ? hessianRowsWgsl : hessianForwardWgsl
  const forward = await passes.kernel('H1', h1Wgsl(shape), ['read', 'read', 'read', 'read', 'read', 'read', 'write', 'write'])
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
  const blocks = layout.parts * layout.layerCount
  const stride = 4 * layout.seedQuads
  let span = { rows: 0, share: 1 }

  const pieces = (vectors: number): Piece[] => {
    const groups = Math.ceil(vectors / shape.together)
    const perRow = 4 * passes.weightEntries * shape.together
    // Whole rows read so little that they take half the time.
    const perTile = (wholeRows ? 1 : 2) * perRow * shape.pass.tile.rows
    const tiles = cutGrid(passes.budget, groups, tileCount(shape.pass), perTile)
    const layers = cutGrid(passes.budget, groups, layout.layerCount, (perRow * padded) / layout.layerCount)
    return [
      ...tiles.map((cut) => ({
        operations: cut.width * cut.height * perTile,
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
          encoder.dispatchWorkgroups(productGroups(shape), cut.width, cut.height)
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
