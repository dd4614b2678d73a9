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

/** Exponents at both ends of the colours, whole, at least one apart; null where every entry is zero. */
export function exponentsOf(matrices: readonly ArrayLike<number>[]): readonly [number, number] | null {
  let high = -Infinity
  const exponents: number[] = []
  for (const matrix of matrices) {
    for (let i = 0; i < matrix.length; i++) {
      const exponent = Math.log10(Math.abs(matrix[i]))
      if (!Number.isFinite(exponent)) continue
      high = Math.max(high, exponent)
      exponents.push(exponent)
    }
  }
  if (exponents.length === 0) return null
  const sorted = Float64Array.from(exponents).sort()
  // One in fifty may lie below: rounding should not set the scale.
  const low = Math.max(high - MOST_DECADES, sorted[Math.floor(sorted.length / 50)])
  const top = Math.ceil(high - 1e-9) + 0
  return [Math.min(top - 1, Math.floor(low + 1e-9) + 0), top]
}

/** Signed share of the colour scale: 0 for an exact zero, +-1 at 10^high. */
export function signedShare(value: number, [low, high]: readonly [number, number]): number {
  if (value === 0 || Number.isNaN(value)) return value
  const size = Math.max(LEAST_SHARE, Math.min(1, (Math.log10(Math.abs(value)) - low) / (high - low)))
  return value < 0 ? -size : size
}

/** [cells, cells, 4] pixels. */
export function signedPixels(values: Float64Array, range: readonly [number, number], theme: PlotTheme['name']): Uint8ClampedArray {
  const pixels = new Uint8ClampedArray(4 * values.length)
  for (let i = 0; i < values.length; i++) writeSigned(pixels, 4 * i, signedShare(values[i], range), theme)
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
