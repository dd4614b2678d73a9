// Where do the names at the ends of lines go, when the lines end at the same height?
//
// Labels move as little as possible in total squares and keep their order: pool adjacent violators, which is exact.

/**
 * Centres of labels on one axis: as near to `wanted` as possible, at least half the sum of two neighbours' heights apart,
 * all inside [from, to].
 *
 * Returned in the order given. Where they cannot all fit they are spread evenly over the range.
 *
 * @param wanted [n] wished centres in any order; @param heights [n].
 */
export function placeLabels(wanted: readonly number[], heights: readonly number[], from: number, to: number): number[] {
  const total = heights.reduce((sum, height) => sum + height, 0)
  const order = wanted.map((_, index) => index).sort((a, b) => wanted[a] - wanted[b] || a - b)
  const scale = Math.min(1, (to - from) / Math.max(total, 1e-9))
  // Offsets turn "at least h apart" into "not descending".
  const offsets: number[] = []
  let used = 0
  for (const index of order) {
    const height = heights[index] * scale
    offsets.push(used + height / 2)
    used += height
  }
  const blocks: { sum: number; count: number }[] = []
  for (const [position, index] of order.entries()) {
    let block = { sum: wanted[index] - offsets[position], count: 1 }
    while (blocks.length > 0 && mean(blocks.at(-1)!) > mean(block)) {
      const before = blocks.pop()!
      block = { sum: before.sum + block.sum, count: before.count + block.count }
    }
    blocks.push(block)
  }
  const result: number[] = Array.from({ length: wanted.length }, () => 0)
  let position = 0
  for (const block of blocks) {
    const base = Math.min(to - used, Math.max(from, mean(block)))
    for (let k = 0; k < block.count; k++, position++) result[order[position]] = base + offsets[position]
  }
  return result
}

function mean(block: { readonly sum: number; readonly count: number }): number {
  return block.sum / block.count
}
