// How do samples enter a tape? In float64, a block of rows at a time, so that a set of any size fits in memory.
import type { SplitArrays } from '../../core/dataset.ts'
import type { Network } from './network.ts'

/** Rows that go through the network together; more gain nothing and leave the cache. */
const ROW_BLOCK = 256

/** One block of rows of a set: positions start .. start + rows - 1. */
export interface RowBlock {
  readonly start: number
  readonly rows: number
}

/** Rows of the largest block of n: all of them where a norm couples them (then memory grows with n), else a block. */
export function blockRows(network: Pick<Network, 'couplesRows'>, n: number): number {
  return network.couplesRows ? n : Math.min(n, ROW_BLOCK)
}

/** The blocks of n rows in order. */
export function rowBlocks(network: Pick<Network, 'couplesRows'>, n: number): readonly RowBlock[] {
  const size = blockRows(network, n)
  const blocks: RowBlock[] = []
  for (let start = 0; start < n; start += size) blocks.push({ start, rows: Math.min(size, n - start) })
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
