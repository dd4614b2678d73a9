// Which colour does a number get in a heat map? Viridis for sizes, from a table, so that cells cost one look-up.
import { interpolateViridis, rgb } from 'd3'

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

/** The colour of a share as CSS. */
export function viridis(share: number): string {
  return interpolateViridis(Math.min(1, Math.max(0, share)))
}
