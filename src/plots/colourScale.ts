// Which colour does a number get in a heat map? Viridis for sizes, orange to purple for signed ones, from tables: a cell costs one look-up.
//
// The signed ramp starts at the ground of its theme, so that zero is nothing and larger is always more contrast.
import { interpolateRgbBasis, interpolateViridis, rgb } from 'd3'
import type { PlotTheme } from './theme.ts'

const STEPS = 256
let table: Uint8ClampedArray | null = null

/** [256, 3] of viridis. */
function viridisTable(): Uint8ClampedArray {
  if (table === null) {
    table = new Uint8ClampedArray(3 * STEPS)
    for (let i = 0; i < STEPS; i++) {
      const { r, g, b } = rgb(interpolateViridis(i / (STEPS - 1)))
      table.set([r, g, b], 3 * i)
    }
  }
  return table
}

/** Writes the colour of a share (0 .. 1, clamped) as RGBA at `at`; NaN becomes transparent. */
export function writeViridis(pixels: Uint8ClampedArray, at: number, share: number): void {
  if (Number.isNaN(share)) {
    pixels.fill(0, at, at + 4)
    return
  }
  const colours = viridisTable()
  const index = 3 * Math.round(Math.min(1, Math.max(0, share)) * (STEPS - 1))
  pixels[at] = colours[index]
  pixels[at + 1] = colours[index + 1]
  pixels[at + 2] = colours[index + 2]
  pixels[at + 3] = 255
}

const SIGNED_RAMPS = {
  light: {
    negative: ['#f6f4f1', '#fbd6a0', '#f1a340', '#b35806', '#7f3b08'],
    positive: ['#f5f4f7', '#d8daeb', '#998ec3', '#542788', '#2d004b'],
  },
  dark: {
    negative: ['#1d252f', '#6f4011', '#c8741f', '#fdb863', '#fff0d4'],
    positive: ['#1d252f', '#473a78', '#7f6fc0', '#b9aee6', '#f0ecff'],
  },
} as const
const signedTables = new Map<PlotTheme['name'], Uint8ClampedArray>()

/** [2 STEPS, 3]: from the most negative over zero to the most positive. */
function signedTable(theme: PlotTheme['name']): Uint8ClampedArray {
  let found = signedTables.get(theme)
  if (found === undefined) {
    found = new Uint8ClampedArray(6 * STEPS)
    const ramps = SIGNED_RAMPS[theme]
    const negative = interpolateRgbBasis([...ramps.negative])
    const positive = interpolateRgbBasis([...ramps.positive])
    for (let i = 0; i < STEPS; i++) {
      const low = rgb(negative(1 - i / (STEPS - 1)))
      const high = rgb(positive(i / (STEPS - 1)))
      found.set([low.r, low.g, low.b], 3 * i)
      found.set([high.r, high.g, high.b], 3 * (STEPS + i))
    }
    signedTables.set(theme, found)
  }
  return found
}

/** Writes the colour of a signed share (-1 .. 1, clamped; orange to purple) as RGBA at `at`; NaN becomes transparent. */
export function writeSigned(pixels: Uint8ClampedArray, at: number, share: number, theme: PlotTheme['name']): void {
  if (Number.isNaN(share)) {
    pixels.fill(0, at, at + 4)
    return
  }
  const colours = signedTable(theme)
  const size = Math.round(Math.min(1, Math.abs(share)) * (STEPS - 1))
  const index = 3 * (share < 0 ? STEPS - 1 - size : STEPS + size)
  pixels[at] = colours[index]
  pixels[at + 1] = colours[index + 1]
  pixels[at + 2] = colours[index + 2]
  pixels[at + 3] = 255
}
