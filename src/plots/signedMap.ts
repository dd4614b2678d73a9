// How does a matrix with entries over fifteen decades and of both signs become a picture?
//
// Log of the size as contrast, sign as colour. A matrix finer than the screen shows the largest entry of each cell: an average
// of opposite signs would show nothing where there is most.
import { writeSigned } from './colourScale.ts'
import { TICK_SIZE } from './frame.ts'
import { powerOfTen } from './numberText.ts'
import type { PlotBox } from './plotKind.ts'
import { joinLabels, segment, type Box, type Label, type Mark } from './scene.ts'
import type { PlotTheme } from './theme.ts'

/** Sizes at and below the lower end keep this share of the colour, so that only an exact zero has none. */
const LEAST_SHARE = 0.07
const MOST_DECADES = 15

const binned = new WeakMap<Float64Array, { readonly cells: number; readonly values: Float64Array }>()

/** [cells, cells] the entry of largest size in each cell of an [n, n] matrix, cells <= n. */
export function largestByCell(entries: Float64Array, n: number, cells: number): Float64Array {
  const known = binned.get(entries)
  if (known?.cells === cells) return known.values
  const values = new Float64Array(cells * cells)
  for (let i = 0; i < n; i++) {
    const row = Math.floor((i * cells) / n) * cells
    for (let j = 0; j < n; j++) {
      const at = row + Math.floor((j * cells) / n)
      const value = entries[i * n + j]
      if (Math.abs(value) > Math.abs(values[at])) values[at] = value
    }
  }
  binned.set(entries, { cells, values })
  return values
}

/** Enough entries to find one in fifty; a matrix of 512 parameters has a quarter of a million. */
const LOOKED_AT = 20_000

const reaches = new WeakMap<ArrayLike<number>, readonly [number, number]>()

/** Exponents at both ends of the colours, whole, at least one apart; null where every entry is zero. */
export function exponentsOf(matrices: readonly ArrayLike<number>[]): readonly [number, number] | null {
  const ends = matrices.map(reachOf)
  const high = Math.max(...ends.map(([, end]) => end))
  if (!Number.isFinite(high)) return null
  const low = Math.max(high - MOST_DECADES, Math.min(...ends.map(([end]) => end)))
  const top = Math.ceil(high - 1e-9) + 0
  return [Math.min(top - 1, Math.floor(low + 1e-9) + 0), top]
}

/** Exponents that one entry in fifty lies below, and that of the largest; computed once per matrix. */
function reachOf(matrix: ArrayLike<number>): readonly [number, number] {
  const known = reaches.get(matrix)
  if (known !== undefined) return known
  const stride = Math.max(1, Math.floor(matrix.length / LOOKED_AT))
  const exponents: number[] = []
  let largest = 0
  for (let i = 0; i < matrix.length; i++) {
    const size = Math.abs(matrix[i])
    if (size > largest && Number.isFinite(size)) largest = size
    if (i % stride === 0 && size > 0 && Number.isFinite(size)) exponents.push(Math.log10(size))
  }
  const sorted = Float64Array.from(exponents).sort()
  const high = Math.log10(largest)
  // Rounding should not set the scale.
  const reach = [sorted.length === 0 ? high : sorted[Math.floor(sorted.length / 50)], high] as const
  reaches.set(matrix, reach)
  return reach
}

/** Signed share of the colour scale: 0 for an exact zero, +-1 at 10^high. */
export function signedShare(value: number, [low, high]: readonly [number, number]): number {
  if (value === 0 || Number.isNaN(value)) return value
  const size = Math.max(LEAST_SHARE, Math.min(1, (Math.log10(Math.abs(value)) - low) / (high - low)))
  return value < 0 ? -size : size
}

const painted = new WeakMap<Float64Array, { readonly key: string; readonly pixels: Uint8ClampedArray }>()

/** [cells, cells, 4] pixels; the same array while nothing has changed, so that it is painted once. */
export function signedPixels(values: Float64Array, range: readonly [number, number], theme: PlotTheme['name']): Uint8ClampedArray {
  const key = `${range.join()} ${theme}`
  const known = painted.get(values)
  if (known?.key === key) return known.pixels
  const pixels = new Uint8ClampedArray(4 * values.length)
  for (let i = 0; i < values.length; i++) writeSigned(pixels, 4 * i, signedShare(values[i], range), theme)
  painted.set(values, { key, pixels })
  return pixels
}

const BAR_STEPS = 65

/** The legend: positive up, negative down, the smallest sizes in the middle. */
export function signedBarMarks(
  bar: Box,
  range: readonly [number, number],
  box: PlotBox,
): { readonly canvas: readonly Mark[]; readonly svg: readonly Mark[] } {
  const [low, high] = range
  const size = (TICK_SIZE - 0.5) * box.text
  const pixels = new Uint8ClampedArray(4 * BAR_STEPS)
  for (let row = 0; row < BAR_STEPS; row++) writeSigned(pixels, 4 * row, 1 - (2 * row) / (BAR_STEPS - 1), box.theme.name)
  const middle = bar.y + bar.height / 2
  const svg: Mark[] = []
  const tick = (y: number, label: Label) => {
    svg.push(segment(bar.x + bar.width, y, bar.x + bar.width + 3, y, box.theme.muted, 1))
    svg.push({ type: 'text', x: bar.x + bar.width + 6, y: y + size * 0.35, label, size, fill: box.theme.muted, anchor: 'start' })
  }
  const every = Math.max(1, Math.ceil((high - low) / Math.max(1, Math.floor(bar.height / 2 / (size * 1.9)))))
  for (let exponent = high; exponent > low; exponent -= every) {
    const away = ((exponent - low) / (high - low)) * (bar.height / 2)
    if (away < size * 1.3) break
    tick(middle - away, powerOfTen(exponent))
    tick(middle + away, joinLabels('−', powerOfTen(exponent)))
  }
  tick(middle, joinLabels('±', powerOfTen(low)))
  return { canvas: [{ type: 'image', box: bar, columns: 1, rows: BAR_STEPS, pixels }], svg }
}
