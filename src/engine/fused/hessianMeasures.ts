// Products of a Hessian with many vectors: K1 once, then H1 and H2 for blocks of them.
//
// Rows and vectors are cut by memory, dispatches by time. A product is a sum over rows, so chunks of rows are added here
// in float64.
import { DomainFault, ShapeFault } from '../../core/faults.ts'
import type { OutputIndex, SampleSet } from '../../core/probe.ts'
import { splitOf } from '../sampleRows.ts'
import { tileCount, type KernelShape, type Tile } from './kernelShape.ts'
import { prepareBlock, type HessianTarget } from './hessianBlock.ts'
import { tangentWorkgroupBytes } from './hessianForwardKernel.ts'
import type { FusedLayout } from './layout.ts'
import type { MeasuringPasses } from './measuringPasses.ts'
import type { FusedPass } from './pass.ts'
import { tangentBytesPerRow, type TangentShape } from './tangentLayout.ts'
import { wholeRowTiles, type TileLimits } from './tileChoice.ts'

const MOST_VECTORS = 64
/** More rows times two vectors compile for seconds and spill registers. */
const MOST_ROWS_PER_THREAD = 4
/** 4 x 4 products of a thread that takes whole rows, each written out twice: more of them compile for too long. */
const MOST_BLOCKS = 128
/** Rows of such a thread, each vector's counted: more of them save little reading and compile longer. */
const MOST_WHOLE_ROWS = 16

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

async function products(
  passes: MeasuringPasses,
  block: Float64Array,
  count: number,
  set: SampleSet,
  target: HessianTarget,
  signal?: AbortSignal,
): Promise<Float64Array> {
  const { layout, dataset, probeCount } = passes.context
  const width = layout.parameterCount
  if (block.length !== count * width)
    throw new ShapeFault(`hessianVectors: block holds ${block.length} entries, expected ${count} x ${width}`)
  splitOf(dataset, probeCount, set)
  const result = new Float64Array(block.length)
  const n = target.indices.length
  const ofWholeRows = softwareTile(passes, n, count)
  const tile = ofWholeRows ?? passes.context.tile
  const chunk = chunkRows(passes, n, tile.rows)
  const pass = await passes.pass({ task: 'deltas', rows: chunk, head: target.head, from: set.from, tile })
  const shape = blockShape(passes, pass, count, ofWholeRows !== null)
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
function chunkRows(passes: MeasuringPasses, n: number, tileRows: number): number {
  const { layout, opened } = passes.context
  const row = 16 * layout.layerCount * layout.quads
  const bound = Math.min(opened.device.limits.maxStorageBufferBindingSize, passes.budget.bytes)
  const own = Math.max(6 * row, 2 * tangentBytesPerRow(layout))
  const most = Math.max(1, Math.floor(bound / own / tileRows)) * tileRows
  return n <= most ? n : Math.ceil(n / Math.ceil(n / most) / tileRows) * tileRows
}

/** The tile where threads take whole rows; null where they share them: on graphics chips, with norms and skips, and in wide networks. */
function softwareTile(passes: MeasuringPasses, n: number, count: number): Tile | null {
  const { layout, opened, sharesRows } = passes.context
  if (!opened.software || sharesRows === true) return null
  const together = Math.min(2, count)
  const mostRows = Math.min(MOST_WHOLE_ROWS, MOST_BLOCKS / layout.quads) / together
  // With fewer rows a thread would not save enough reading.
  if (mostRows < 4) return null
  const fitting = wholeRowTiles(layout).filter(({ rowsPerThread }) => rowsPerThread <= mostRows)
  return fitting.find(({ rows }) => rows < 2 * n) ?? fitting.at(-1) ?? null
}

function blockShape(passes: MeasuringPasses, pass: FusedPass, count: number, wholeRows: boolean): TangentShape {
  const { limits } = passes.context.opened.device
  const { layout } = pass.shape
  const shape: KernelShape = wholeRows ? pass.shape : { ...pass.shape, tile: sharedTile(layout, pass.shape.tile, limits) }
  const two: TangentShape = { pass: shape, vectors: 2, together: 2 }
  const together = count > 1 && (wholeRows || tangentWorkgroupBytes(two) <= limits.maxComputeWorkgroupStorageSize) ? 2 : 1
  const perVector = tangentBytesPerRow(layout) * tileCount(shape) * shape.tile.rows + 32 * layout.seedQuads
  const fitting = Math.floor(passes.budget.bytes / perVector / together) * together
  const wanted = Math.ceil(count / together) * together
  return { pass: shape, vectors: Math.max(together, Math.min(MOST_VECTORS, wanted, fitting)), together }
}

/** The rows of a tile are K1's, as its exponents are; how threads share them is free. */
function sharedTile({ quads }: FusedLayout, tile: Tile, limits: TileLimits): Tile {
  const { rows } = tile
  let { rowsPerThread } = tile
  while (rowsPerThread > MOST_ROWS_PER_THREAD && (2 * quads * rows) / rowsPerThread <= limits.maxComputeInvocationsPerWorkgroup) {
    rowsPerThread /= 2
  }
  return { rows, rowsPerThread }
}
