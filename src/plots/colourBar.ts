// Which value does a colour of the heat map mean? A bar with ticks, as high as the map it explains.
import { writeViridis } from './colourScale.ts'
import { TICK_SIZE } from './frame.ts'
import type { PlotBox } from './plotKind.ts'
import type { Tick } from './positionScale.ts'
import { segment, type Box, type Label, type Mark } from './scene.ts'

const STEPS = 64

const BAR_PIXELS = (() => {
  const pixels = new Uint8ClampedArray(4 * STEPS)
  for (let row = 0; row < STEPS; row++) writeViridis(pixels, 4 * row, 1 - row / (STEPS - 1))
  return pixels
})()

/** A vertical bar; `share` places a tick from 0 (bottom) to 1 (top). */
export function colourBarMarks(
  bar: Box,
  ticks: readonly Tick[],
  share: (value: number) => number,
  name: Label,
  box: PlotBox,
): { readonly canvas: readonly Mark[]; readonly svg: readonly Mark[] } {
  const size = (TICK_SIZE - 0.5) * box.text
  const words: Mark[] = [
    { type: 'text', x: bar.x + bar.width, y: bar.y - size * 0.75, label: name, size, fill: box.theme.muted, anchor: 'end' },
  ]
  let last = Infinity
  for (const tick of ticks.toSorted((a, b) => share(a.value) - share(b.value))) {
    const y = bar.y + bar.height * (1 - share(tick.value))
    if (y < bar.y - 0.5 || y > bar.y + bar.height + 0.5 || last - y < size * 1.15) continue
    last = y
    words.push(segment(bar.x + bar.width, y, bar.x + bar.width + 3, y, box.theme.muted, 1))
    words.push({
      type: 'text',
      x: bar.x + bar.width + 5,
      y: y + size * 0.35,
      label: tick.label,
      size,
      fill: box.theme.muted,
      anchor: 'start',
    })
  }
  return { canvas: [{ type: 'image', box: bar, columns: 1, rows: STEPS, pixels: BAR_PIXELS }], svg: words }
}
