// Does a fused network fit, and what is the nearest that does? Asked before anything is allocated.
import { FOOTPRINT_LIMITS } from '../../core/footprint.ts'
import type { Fault } from '../../core/faults.ts'
import type { Bytes } from '../../core/units.ts'
import type { OptimizerSettings } from '../../core/experiment.ts'
import type { KernelShape } from './kernelShape.ts'
import { passSizes } from './pass.ts'
import { slotCount } from './updateRules.ts'

export type MemoryLimits = Pick<GPUSupportedLimits, 'maxStorageBufferBindingSize' | 'maxBufferSize'>

/** What one training network holds on the GPU. */
export interface FusedMemory {
  readonly bytes: Bytes
  readonly largestBuffer: Bytes
}

/** Row losses of a chunk take at most about this much, so that many seeds mean fewer steps at once. */
const LOSS_BYTES: Bytes = 8 * 2 ** 20
/** The same for the noise of perturbed descent, which is drawn on the CPU. */
const NOISE_BYTES: Bytes = 8 * 2 ** 20
const MOST_STEPS = 64

/** Steps whose losses fit in one readback and whose noise in one upload, 1 .. 64; one of a batch in pieces. */
export function chunkCapacity(shape: KernelShape, kind: OptimizerSettings['kind']): number {
  if (shape.pieceRows !== undefined) return 1
  const { rowLosses, noise } = passSizes(shape, kind, 1)
  return Math.max(1, Math.min(MOST_STEPS, Math.floor(LOSS_BYTES / rowLosses), Math.floor(NOISE_BYTES / Math.max(1, noise))))
}

/**
 * Bytes of parameters, slots, their copies, data and everything that a pass owns.
 *
 * @param dataRows rows of the training and the test split.
 */
export function fusedMemory(shape: KernelShape, kind: OptimizerSettings['kind'], dataRows: number): FusedMemory {
  const { layout, seedCount } = shape
  const parameters = 16 * seedCount * layout.seedQuads
  const own = passSizes(shape, kind, chunkCapacity(shape, kind))
  const inputs = 16 * dataRows * layout.inQuads
  const targets = 16 * dataRows * layout.quads
  const buffers: readonly number[] = Object.values<number>({ ...own })
  const largestBuffer = Math.max(parameters, inputs, targets, ...buffers)
  const ofPass = buffers.reduce((sum, bytes) => sum + bytes, 0)
  return { bytes: (2 + slotCount(kind)) * parameters + ofPass + inputs + targets, largestBuffer }
}

/**
 * The shape itself where it fits, else the one that takes its batch in the fewest pieces that do; null where one tile of rows is too much.
 *
 * Pieces are whole tiles, all of about one size, so that no order of summing depends on what else the adapter holds.
 */
export function fittingShape(
  shape: KernelShape,
  kind: OptimizerSettings['kind'],
  dataRows: number,
  limits: MemoryLimits,
): KernelShape | null {
  const fits = (candidate: KernelShape): boolean => fitsIn(candidate, kind, dataRows, limits)
  if (fits(shape)) return shape
  const { rows } = shape.tile
  const tiles = Math.ceil(shape.batchRows / rows)
  const inPieces = (ofPiece: number): KernelShape => ({ ...shape, pieceRows: ofPiece * rows })
  if (tiles < 2 || !fits(inPieces(1))) return null
  let most = 1
  let tooMany = tiles
  while (tooMany - most > 1) {
    const middle = (most + tooMany) >> 1
    if (fits(inPieces(middle))) most = middle
    else tooMany = middle
  }
  return inPieces(Math.ceil(tiles / Math.ceil(tiles / most)))
}

function fitsIn(shape: KernelShape, kind: OptimizerSettings['kind'], dataRows: number, limits: MemoryLimits): boolean {
  const memory = fusedMemory(shape, kind, dataRows)
  return memory.largestBuffer <= bindable(limits) && memory.bytes <= FOOTPRINT_LIMITS.bytes
}

function bindable({ maxStorageBufferBindingSize, maxBufferSize }: MemoryLimits): Bytes {
  return Math.min(maxStorageBufferBindingSize, maxBufferSize)
}

/** Null when the network fits, if need be with its batch in pieces; else the refusal in words, with the nearest batch or ensemble that fits. */
export function fusedRefusal(
  shape: KernelShape,
  kind: OptimizerSettings['kind'],
  dataRows: number,
  limits: MemoryLimits,
): Extract<Fault, { type: 'refused' }> | null {
  const largest = bindable(limits)
  const fits = (candidate: KernelShape): boolean => fittingShape(candidate, kind, dataRows, limits) !== null
  if (fits(shape)) return null
  // What the smallest piece needs: less than that nobody can do.
  const least = shape.batchRows > shape.tile.rows ? { ...shape, pieceRows: shape.tile.rows } : shape
  const needed = fusedMemory(least, kind, dataRows)
  const [bytes, limit] = needed.largestBuffer > largest ? [needed.largestBuffer, largest] : [needed.bytes, FOOTPRINT_LIMITS.bytes]
  const nearest = nearestThatFits(shape, fits)
  const what = needed.largestBuffer > largest ? 'one buffer of' : 'altogether'
  return {
    type: 'refused',
    bytes,
    limit,
    nearest,
    detail: `The fused engine would need ${what} ${inMegabytes(bytes)} on the GPU, more than the ${inMegabytes(limit)} that it may take. The nearest that fits: ${nearest}.`,
  }
}

function nearestThatFits(shape: KernelShape, fits: (shape: KernelShape) => boolean): string {
  for (let batchRows = shape.batchRows >> 1; batchRows >= 1; batchRows >>= 1) {
    if (fits({ ...shape, batchRows })) return `batch ${batchRows}`
  }
  for (let seedCount = shape.seedCount >> 1; seedCount >= 1; seedCount >>= 1) {
    if (fits({ ...shape, seedCount, batchRows: Math.min(shape.batchRows, 32) }))
      return `${seedCount} seeds with batches of ${Math.min(shape.batchRows, 32)}`
  }
  return 'a narrower or shallower network'
}

function inMegabytes(bytes: Bytes): string {
  return `${Math.ceil(bytes / 2 ** 20)} MB`
}
