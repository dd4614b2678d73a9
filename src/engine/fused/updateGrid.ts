// How is the work of K2 shared out, and where do its norms lie? Blocks, threads and workgroups of a layer, for K2 and whoever reads it.
//
// What the bits of the norms depend on (how many blocks stand behind an entry) is settled by the shape alone.
import type { KernelShape } from './kernelShape.ts'

/** 4 x 4 blocks that one entry of the norms stands for at least; no workgroup has more threads. */
export const BLOCKS_PER_GROUP = 64

/** 4 x 4 blocks in all from which a thread owns four of them: a bit of the norms depends on it, so it depends on the shape alone. */
const LARGE_BLOCKS_FROM = 2048

/** Side of a thread's block, in vec4s; on a software adapter a read costs more than a score of products, and threads run four at a time. */
export function blockQuads(shape: KernelShape): 1 | 2 | 4 {
  const { layout, seedCount, software } = shape
  if (software === true) return layout.quads > 2 ? 4 : layout.quads > 1 ? 2 : 1
  return seedCount * layout.layerCount * layout.quads * layout.quads >= LARGE_BLOCKS_FROM && layout.quads > 1 ? 2 : 1
}

/** Workgroups in x of K2 that hold weights, at most `weightGroups`; with biases there is one more for them. */
export function updateGroups(shape: KernelShape): number {
  return Math.ceil(blocksOfLayer(shape) / updateThreads(shape))
}

function blocksOfLayer(shape: KernelShape): number {
  const { layout } = shape
  const side = blockQuads(shape)
  const rows = layout.layerCount > 1 ? Math.max(layout.inQuads, layout.quads) : layout.inQuads
  return Math.ceil(rows / side) * Math.ceil(layout.quads / side)
}

/** Threads of a workgroup of K2: with these, `updateGroups` never exceeds `weightGroups`. */
export function updateThreads(shape: KernelShape): number {
  if (shape.software !== true) return blockQuads(shape) === 2 && shape.layout.quads <= 10 ? BLOCKS_PER_GROUP / 2 : BLOCKS_PER_GROUP
  let threads = 4
  while (Math.ceil(blocksOfLayer(shape) / threads) > weightGroups(shape)) threads *= 2
  return threads
}

/** Workgroups in x of K2 behind those of the weights: one for the biases, or one each for biases, gamma and beta. */
export function otherParts({ layout }: KernelShape): 0 | 1 | 3 {
  return layout.norm !== null ? 3 : layout.bias ? 1 : 0
}

/** Entries of the norms of one layer: those of the weights, then one for each other part. */
export function groupsOfLayer(shape: KernelShape): number {
  return weightGroups(shape) + shape.layout.parts - 1
}

/** Entries of the norms per layer that hold weights (some may stay empty). */
export function weightGroups(shape: KernelShape): number {
  const { layout } = shape
  const rows = layout.layerCount > 1 ? Math.max(layout.inQuads, layout.quads) : layout.inQuads
  return Math.ceil((rows * layout.quads) / BLOCKS_PER_GROUP)
}

/** vec4s of the norms, per (seed, layer, groupsOfLayer) the sum of squares (of 2^exponent), the exponent, the sum of magnitudes, the largest weight. */
export function normEntries(shape: KernelShape): number {
  return shape.seedCount * shape.layout.layerCount * groupsOfLayer(shape)
}

/** Word of the norm buffer where [seed] bits of the largest weight stand that any step left since they were cleared. */
export function largestWeightsAt(shape: KernelShape): number {
  return 4 * normEntries(shape) + 3 * shape.layout.parts * shape.seedCount * shape.layout.layerCount
}

/** Words of the norm buffer: the norms, [3][part][seed][layer] bits of the largest slot, the largest weights. */
export function normWords(shape: KernelShape): number {
  return largestWeightsAt(shape) + shape.seedCount
}
