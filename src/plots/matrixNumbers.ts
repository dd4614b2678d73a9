// Is a matrix hollow? Typical sizes on and off its diagonal.
import { median } from '../numerics/quantiles.ts'
import { measuredNumber } from './numberText.ts'
import { joinLabels, type Label } from './scene.ts'
import type { StatisticsRow } from './statisticsColumn.ts'

/** Medians of sizes; NaN where there are none. */
export interface DiagonalSplit {
  readonly diagonal: number
  readonly offDiagonal: number
  readonly largest: number
  /** Entries that are exactly zero, of all. */
  readonly zeros: number
  readonly count: number
}

const kept = new WeakMap<Float64Array, DiagonalSplit>()

/** Median size of the n entries on the diagonal and of those beside it, of an [n, n] matrix. Computed once per array. */
export function diagonalSplit(matrix: Float64Array, n: number): DiagonalSplit {
  const known = kept.get(matrix)
  if (known !== undefined) return known
  const on = new Float64Array(n)
  const off = new Float64Array(n * n - n)
  let at = 0
  let zeros = 0
  let largest = 0
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      const size = Math.abs(matrix[i * n + j])
      if (size === 0) zeros++
      largest = Math.max(largest, size)
      if (i === j) on[i] = size
      else off[at++] = size
    }
  }
  const split = { diagonal: median(on), offDiagonal: median(off), largest, zeros, count: n * n }
  kept.set(matrix, split)
  return split
}

/** The same as rows of a column of numbers, one value per matrix. */
export function sizeRows(splits: readonly DiagonalSplit[]): readonly StatisticsRow[] {
  const row = (name: string, value: (split: DiagonalSplit) => number): StatisticsRow => ({
    name,
    values: splits.map((split) => measuredNumber(value(split), 2)),
  })
  const zeros = splits.some((split) => split.zeros > 0)
  return [
    row('median, diagonal', ({ diagonal }) => diagonal),
    row('median, beside it', ({ offDiagonal }) => offDiagonal),
    row('ratio', ({ diagonal, offDiagonal }) => diagonal / offDiagonal),
    row('largest', ({ largest }) => largest),
    ...(zeros
      ? [{ name: 'exactly zero', values: splits.map(({ zeros: count, count: all }) => `${Math.round((100 * count) / all)} %`) }]
      : []),
  ]
}

/** The same as one line, the longer form first. */
export function splitLines({ diagonal, offDiagonal }: DiagonalSplit): readonly Label[] {
  const [on, off] = [measuredNumber(diagonal, 2), measuredNumber(offDiagonal, 2)]
  return [
    joinLabels('median ', on, ' on the diagonal, ', off, ' beside it'),
    joinLabels(on, ' on the diagonal, ', off, ' off'),
    joinLabels(on, ' on, ', off, ' off'),
  ]
}
