// Inner products of all per-sample gradients (the Gram matrix) and of all output gradients (the tangent kernel).
//
// K1 leaves activations and deltas of every row, K3 their products layer by layer; partial sums over groups of layers
// are added here in float64. Rows that do not fit in memory together are taken as unions of two blocks.
import { DomainFault } from '../../core/faults.ts'
import type { SampleSet, ScaledGram } from '../../core/probe.ts'
import { gramOfScaledEntries } from '../../numerics/scaledGram.ts'
import { singlesOf, splitOf } from '../sampleRows.ts'
import { scaledBatchGramOn } from './gradientPairs.ts'
import { GRAM_BLOCK, gramOperations, gramSide, gramThreads, gramWgsl } from './gramKernel.ts'
import { packRows } from './layout.ts'
import type { KernelShape } from './kernelShape.ts'
import type { MeasuringPasses } from './measuringPasses.ts'
import { OwnedBuffers } from './ownedBuffers.ts'
import type { FusedPass } from './pass.ts'
import { submitAndRead } from './readback.ts'
import { scaled } from './tileNumbers.ts'
import { cutGrid, type Piece } from './workPieces.ts'

type Head = 'loss' | 'outputs'

/** A symmetric matrix that is being filled: entry i is mantissas[i] 2^exponents[i]; without exponents they are plain numbers. */
interface Matrix {
  readonly side: number
  readonly mantissas: Float64Array
  readonly exponents: Int32Array | null
}

/** n*c of a kernel: 8192^2 numbers are 512 MiB. */
const LARGEST_SIDE = 8192
/** Layers of one group at least, and workgroups that are enough to fill a GPU. */
const GROUP_LAYERS = 8
const ENOUGH_WORKGROUPS = 128
/** Workgroups whose results are read back at once: 18 MB. */
const WORKGROUPS_PER_READ = 4096

/** [n, n] inner products of the gradients of the per-sample losses, without reduction. */
export async function perSampleGramOn(passes: MeasuringPasses, set: SampleSet, signal?: AbortSignal): Promise<Float64Array> {
  return plainGramOn(passes, set, 'loss', signal)
}

/** A square this far below the tile's largest number has lost digits, or all of them. */
const WEAKEST_SQUARE = 2 ** -100

/**
 * The same in extended range.
 *
 * Rows of one tile share exponents: where a gradient is so much smaller than its neighbours that its square is lost, all are
 * taken one by one, each with an exponent of its own. What is 0 then is zero.
 */
export async function scaledPerSampleGramOn(passes: MeasuringPasses, set: SampleSet, signal?: AbortSignal): Promise<ScaledGram> {
  const n = set.indices.length
  const exponents = new Int32Array(n * n)
  const { mantissas } = await gramOn(passes, set, 'loss', exponents, signal)
  const isWeak = (i: number): boolean => Math.abs(mantissas[i * n + i]) < WEAKEST_SQUARE
  if (!set.indices.some((_, i) => isWeak(i))) return gramOfScaledEntries({ mantissas, exponents }, n)
  return scaledBatchGramOn(passes, singlesOf(set), signal)
}

/** [n*c, n*c] tangent kernel J J^T, row = sample * c + output. */
export async function kernelGramOn(passes: MeasuringPasses, set: SampleSet, signal?: AbortSignal): Promise<Float64Array> {
  return plainGramOn(passes, set, 'outputs', signal)
}

async function plainGramOn(passes: MeasuringPasses, set: SampleSet, head: Head, signal?: AbortSignal): Promise<Float64Array> {
  return (await gramOn(passes, set, head, null, signal)).mantissas
}

/** @param exponents [side, side] to be filled; null wants plain numbers. */
async function gramOn(
  passes: MeasuringPasses,
  set: SampleSet,
  head: Head,
  exponents: Int32Array | null,
  signal: AbortSignal | undefined,
): Promise<Matrix> {
  const { dataset, probeCount, layout } = passes.context
  const rowsPerSample = head === 'loss' ? 1 : layout.outputWidth
  splitOf(dataset, probeCount, set)
  const n = set.indices.length
  const side = n * rowsPerSample
  if (side > LARGEST_SIDE) throw new DomainFault(`gramOn: too many rows, got ${side}, expected at most ${LARGEST_SIDE}`)
  const matrix: Matrix = { side, mantissas: new Float64Array(side * side), exponents }
  const together = Math.max(2, Math.floor((passes.rowsInMemory() - 4) / rowsPerSample))
  const blocks = blocksOf(n, n <= together ? n : Math.floor(together / 2))
  for (const [a, first] of blocks.entries()) {
    // A block alone is part of every union with it.
    for (const second of blocks.length === 1 ? [first] : blocks.slice(a + 1)) {
      const samples = second === first ? first : [...first, ...second]
      await unionGram(passes, set, samples, head, signal, matrix)
    }
  }
  return matrix
}

/** 0 .. n-1 in blocks of at most `size`. */
function blocksOf(n: number, size: number): number[][] {
  const blocks: number[][] = []
  for (let start = 0; start < n; start += size) blocks.push(Array.from({ length: Math.min(size, n - start) }, (_, i) => start + i))
  return blocks
}

/** Writes all products among these samples (positions in the set). */
async function unionGram(
  passes: MeasuringPasses,
  set: SampleSet,
  samples: readonly number[],
  head: Head,
  signal: AbortSignal | undefined,
  matrix: Matrix,
): Promise<void> {
  const { opened, layout } = passes.context
  const rowsPerSample = head === 'loss' ? 1 : layout.outputWidth
  const rows = samples.length * rowsPerSample
  const pass = await passes.pass({ task: 'deltas', rows: 4 * Math.ceil(rows / 4), head, from: set.from })
  const pairs = pairsOf(Math.ceil(rows / GRAM_BLOCK))
  const pairCount = pairs.length / 2
  const groups = Math.max(1, Math.min(Math.ceil(layout.layerCount / GROUP_LAYERS), Math.ceil(ENOUGH_WORKGROUPS / pairCount)))
  const groupLayers = Math.ceil(layout.layerCount / groups)
  const code = gramWgsl(pass.shape, rowsPerSample, groupLayers)
  const kernel = await passes.kernel('K3', code, ['read', 'read', 'read', 'read', 'read', 'write', 'write'])
  const owned = new OwnedBuffers(opened.device)
  try {
    const pairsPerRead = Math.min(pairCount, Math.max(1, Math.floor(WORKGROUPS_PER_READ / groups)))
    const workgroups = pairsPerRead * groups
    const inputs = owned.filled(gatheredInputs(passes, set, samples, Math.ceil(pass.shape.batchRows / rowsPerSample)))
    const pairBuffer = owned.create(8 * pairsPerRead)
    const mantissas = owned.create(4 * GRAM_BLOCK ** 2 * workgroups)
    const tops = owned.create(4 * gramThreads(pass.shape) * workgroups)
    const group = kernel.bind([inputs, pass.activations, pass.deltas, pass.exponents, pairBuffer, mantissas, tops])
    await passes.run(passes.prepareDeltas(pass, rowIndices(set, samples, rowsPerSample), 1), signal)
    for (let start = 0; start < pairCount; start += pairsPerRead) {
      const part = pairs.subarray(2 * start, 2 * Math.min(pairCount, start + pairsPerRead))
      opened.device.queue.writeBuffer(pairBuffer, 0, part)
      await passes.run(gramPieces(passes, pass, kernel.pipeline, group, part.length / 2, pairsPerRead, groups), signal)
      const [values, exponents] = await submitAndRead(opened, opened.device.createCommandEncoder(), [
        { buffer: mantissas, offset: 0, bytes: mantissas.size },
        { buffer: tops, offset: 0, bytes: tops.size },
      ])
      signal?.throwIfAborted()
      addEntries(
        pass.shape,
        new Float32Array(values),
        new Int32Array(exponents),
        part,
        pairsPerRead,
        groups,
        samples,
        rowsPerSample,
        matrix,
      )
    }
  } finally {
    owned.destroy()
  }
}

/** Lower-triangle pairs (row block, column block). */
function pairsOf(blocks: number): Uint32Array<ArrayBuffer> {
  const pairs = new Uint32Array(blocks * (blocks + 1))
  let at = 0
  for (let i = 0; i < blocks; i++) {
    for (let j = 0; j <= i; j++) {
      pairs[at++] = i
      pairs[at++] = j
    }
  }
  return pairs
}

/** Indices as K1 takes them: samples (c = 1), or sample * c + output for every output. */
function rowIndices(set: SampleSet, samples: readonly number[], rowsPerSample: number): Int32Array {
  return Int32Array.from({ length: samples.length * rowsPerSample }, (_, row) => {
    return set.indices[samples[Math.floor(row / rowsPerSample)]] * rowsPerSample + (row % rowsPerSample)
  })
}

function gatheredInputs(passes: MeasuringPasses, set: SampleSet, samples: readonly number[], rows: number): Float32Array<ArrayBuffer> {
  const { layout, dataset, probeCount } = passes.context
  const { inputs } = splitOf(dataset, probeCount, set)
  const width = layout.inputWidth
  const gathered = new Float32Array(rows * width)
  for (const [row, sample] of samples.entries()) {
    const start = set.indices[sample] * width
    gathered.set(inputs.subarray(start, start + width), row * width)
  }
  return packRows(gathered, rows, width, layout.inQuads)
}

function gramPieces(
  passes: MeasuringPasses,
  pass: FusedPass,
  pipeline: GPUComputePipeline,
  group: GPUBindGroup,
  pairCount: number,
  stride: number,
  groups: number,
): Piece[] {
  const perWorkgroup = gramOperations(pass.shape) / groups
  // Pairs are cut last: groups of layers are few.
  return cutGrid(passes.budget, groups, pairCount, perWorkgroup).map((cut) => ({
    operations: perWorkgroup * cut.width * cut.height,
    encode: (encoder) => {
      encoder.setPipeline(pipeline)
      encoder.setBindGroup(0, group, [passes.spans.write({ x: cut.y, y: cut.x, z: stride })])
      encoder.dispatchWorkgroups(cut.height, cut.width)
    },
  }))
}

function addEntries(
  shape: KernelShape,
  mantissas: Float32Array,
  exponents: Int32Array,
  pairs: Uint32Array,
  stride: number,
  groups: number,
  samples: readonly number[],
  rowsPerSample: number,
  matrix: Matrix,
): void {
  const rows = samples.length * rowsPerSample
  const places = Int32Array.from({ length: rows }, (_, row) => {
    return samples[Math.floor(row / rowsPerSample)] * rowsPerSample + (row % rowsPerSample)
  })
  const side = gramSide(shape)
  const threads = gramThreads(shape)
  const across = GRAM_BLOCK / side
  for (let pair = 0; pair < pairs.length / 2; pair++) {
    for (let thread = 0; thread < threads; thread++) {
      const firstRow = GRAM_BLOCK * pairs[2 * pair] + side * Math.floor(thread / across)
      const firstColumn = GRAM_BLOCK * pairs[2 * pair + 1] + side * (thread % across)
      const partAt = (group: number): number => (group * stride + pair) * threads + thread
      let top = 0
      if (matrix.exponents !== null) {
        top = exponents[partAt(0)]
        for (let group = 1; group < groups; group++) top = Math.max(top, exponents[partAt(group)])
      }
      for (let row = firstRow; row < Math.min(firstRow + side, rows); row++) {
        for (let column = firstColumn; column < Math.min(firstColumn + side, row + 1); column++) {
          let sum = 0
          for (let group = 0; group < groups; group++) {
            const part = partAt(group)
            sum += scaled(mantissas[(part * side + row - firstRow) * side + column - firstColumn], exponents[part] - top)
          }
          for (const at of [places[row] * matrix.side + places[column], places[column] * matrix.side + places[row]]) {
            matrix.mantissas[at] = sum
            if (matrix.exponents !== null) matrix.exponents[at] = top
          }
        }
      }
    }
  }
}
