// Products of a Hessian with many vectors: K1 once, then H1 and H2 for blocks of them.
//
// Rows and vectors are cut by memory, dispatches by time. A product is a sum over rows, so chunks of rows are added here
// in float64.
import { DomainFault, ShapeFault } from '../../core/faults.ts'
import type { OutputIndex, SampleSet } from '../../core/probe.ts'
import { splitOf } from '../sampleRows.ts'
import { tileCount, type KernelShape } from './kernelShape.ts'
import { prepareBlock, type HessianTarget } from './hessianBlock.ts'
import { tangentWorkgroupBytes } from './hessianForwardKernel.ts'
import type { MeasuringPasses } from './measuringPasses.ts'
import type { FusedPass } from './pass.ts'
import { tangentBytesPerRow, type TangentShape } from './tangentLayout.ts'

const MOST_VECTORS = 64
/** More rows times two vectors compile for seconds and spill registers. */
const MOST_ROWS_PER_THREAD = 4

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
  const own = Math.max(6 * row, 2 * tangentBytesPerRow(layout))
  const most = Math.max(1, Math.floor(bound / own / tile.rows)) * tile.rows
  return n <= most ? n : Math.ceil(n / Math.ceil(n / most) / tile.rows) * tile.rows
}

function blockShape(passes: MeasuringPasses, pass: FusedPass, count: number): TangentShape {
  const { limits } = passes.context.opened.device
  const { layout } = pass.shape
  // The rows of a tile are K1's, as its exponents are; how threads share them is free.
  const { rows } = pass.shape.tile
  let { rowsPerThread } = pass.shape.tile
  while (rowsPerThread > MOST_ROWS_PER_THREAD && (2 * layout.quads * rows) / rowsPerThread <= limits.maxComputeInvocationsPerWorkgroup)
    rowsPerThread /= 2
  const shape: KernelShape = { ...pass.shape, tile: { rows, rowsPerThread } }
  const two: TangentShape = { pass: shape, vectors: 2, together: 2 }
  const together = count > 1 && tangentWorkgroupBytes(two) <= limits.maxComputeWorkgroupStorageSize ? 2 : 1
  const perVector = tangentBytesPerRow(layout) * tileCount(shape) * rows + 32 * layout.seedQuads
  const fitting = Math.floor(passes.budget.bytes / perVector / together) * together
  const wanted = Math.ceil(count / together) * together
  return { pass: shape, vectors: Math.max(together, Math.min(MOST_VECTORS, wanted, fitting)), together }
}
