// How do samples enter a tape? In float64, a block of rows at a time, so that a set of any size fits in memory.
import type { SplitArrays } from '../../core/dataset.ts'

/** Rows that go through the network together; more gain nothing and leave the cache. */
export const ROW_BLOCK = 256

/** One block of rows of a set: positions start .. start + rows - 1. */
export interface RowBlock {
  readonly start: number
  readonly rows: number
}

/** The blocks of n rows in order. */
export function rowBlocks(n: number): readonly RowBlock[] {
  const blocks: RowBlock[] = []
  for (let start = 0; start < n; start += ROW_BLOCK) blocks.push({ start, rows: Math.min(ROW_BLOCK, n - start) })
  return blocks
}

/** Inputs of the block's samples, [rows, inputWidth]. */
export function gatherInputs(split: SplitArrays, width: number, indices: Int32Array, block: RowBlock, into: Float64Array): void {
  gather(split.inputs, width, indices, block, into)
}

/** Targets of the block's samples, [rows, outputWidth]. */
export function gatherTargets(split: SplitArrays, width: number, indices: Int32Array, block: RowBlock, into: Float64Array): void {
  gather(split.targets, width, indices, block, into)
}

function gather(source: SplitArrays['inputs'], width: number, indices: Int32Array, block: RowBlock, into: Float64Array): void {
  for (let row = 0; row < block.rows; row++) {
    const from = indices[block.start + row] * width
    for (let k = 0; k < width; k++) into[row * width + k] = source[from + k]
  }
}
