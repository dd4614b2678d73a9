// What stands around the data? Axes with named ends, hairlines at the ticks, and margins that fit the words.
//
// The name of the vertical axis stands above it, level, because nobody reads a turned word; the name of the
// horizontal axis stands under its middle. Ticks whose words would touch are left out, never set smaller.
import type { PlotBox } from './plotKind.ts'
import type { PositionScale, Tick } from './positionScale.ts'
import { segment, type Box, type Label, type Mark } from './scene.ts'
import { textWidth } from './textWidth.ts'

/** Font sizes in CSS pixels at text scale 1. */
export const TICK_SIZE = 11
export const NAME_SIZE = 11
export const END_LABEL_SIZE = 12

/** Space that the words around a panel need. */
export interface Margins {
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
}

/** From this text scale on the head of a small card names its vertical axis, and the plot gets that line. */
const HALL_TEXT = 1.3

/** Does the plot itself say what its vertical axis is? */
export function namesVerticalAxis(box: Pick<PlotBox, 'variant' | 'text'>): boolean {
  return box.variant === 'main' || box.text < HALL_TEXT
}

/** Margins for tick labels of these widths; `right` is what the caller needs for names at line ends, `titled` keeps a line above. */
export function marginsFor(box: PlotBox, yTicks: readonly Tick[], right: number, titled = namesVerticalAxis(box)): Margins {
  const size = TICK_SIZE * box.text
  const widest = Math.max(0, ...yTicks.map((tick) => textWidth(tick.label, size)))
  return {
    left: Math.ceil(widest) + 8,
    right: Math.max(10, right),
    top: Math.ceil(NAME_SIZE * box.text * (titled ? 1.9 : 0.7)),
    bottom: Math.ceil(TICK_SIZE * box.text * 3),
  }
}

/** The part of the plot that is left for the data. */
export function panelOf(box: PlotBox, margins: Margins): Box {
  return {
    x: margins.left,
    y: margins.top,
    width: Math.max(20, box.width - margins.left - margins.right),
    height: Math.max(20, box.height - margins.top - margins.bottom),
  }
}

export interface FrameSpec {
  readonly panel: Box
  readonly xScale: PositionScale
  readonly yScale: PositionScale
  readonly xTicks: readonly Tick[]
  readonly yTicks: readonly Tick[]
  readonly xName: Label
  readonly yName: Label
  /** false: another panel below has the ticks and the name. */
  readonly showX?: boolean
}

/** Marks of a frame: `grid` belongs under the data, `words` above. */
export interface FrameMarks {
  readonly grid: readonly Mark[]
  readonly words: readonly Mark[]
}

/** Hairlines, tick labels and axis names of one panel. */
export function frameMarks(spec: FrameSpec, box: PlotBox): FrameMarks {
  const { panel, xScale, yScale } = spec
  const { theme } = box
  const size = TICK_SIZE * box.text
  const bottom = panel.y + panel.height
  const right = panel.x + panel.width
  const grid: Mark[] = []
  const words: Mark[] = []
  for (const tick of spec.yTicks) {
    const y = yScale.at(tick.value)
    if (y < panel.y - 0.5 || y > bottom + 0.5) continue
    grid.push(segment(panel.x, crisp(y), right, crisp(y), theme.hair, 1))
  }
  for (const tick of apart(
    spec.yTicks,
    (tick) => yScale.at(tick.value),
    () => size * 1.15,
  )) {
    const y = yScale.at(tick.value)
    if (y < panel.y - 0.5 || y > bottom + 0.5) continue
    words.push({ type: 'text', x: panel.x - 6, y: y + size * 0.35, label: tick.label, size, fill: theme.muted, anchor: 'end' })
  }
  if (namesVerticalAxis(box))
    words.push({
      type: 'text',
      x: 0,
      y: panel.y - size * 0.75,
      label: spec.yName,
      size: NAME_SIZE * box.text,
      fill: theme.muted,
      anchor: 'start',
    })
  if (spec.showX === false) return { grid, words }
  words.push(...xAxisMarks(spec, box, xScale))
  return { grid, words }
}

function xAxisMarks(spec: FrameSpec, box: PlotBox, xScale: PositionScale): Mark[] {
  const { panel } = spec
  const { theme } = box
  const size = TICK_SIZE * box.text
  const bottom = panel.y + panel.height
  const words: Mark[] = [segment(panel.x, crisp(bottom), panel.x + panel.width, crisp(bottom), theme.muted, 1, { opacity: 0.6 })]
  const shown = apart(
    spec.xTicks,
    (tick) => xScale.at(tick.value),
    (tick) => textWidth(tick.label, size) + size * 0.7,
  )
  for (const tick of shown) {
    const x = xScale.at(tick.value)
    if (x < panel.x - 0.5 || x > panel.x + panel.width + 0.5) continue
    words.push(segment(crisp(x), bottom, crisp(x), bottom + 4, theme.muted, 1, { opacity: 0.6 }))
    words.push({
      type: 'text',
      ...insideX(x, tick.label, size, box.width),
      y: bottom + size * 1.4,
      label: tick.label,
      size,
      fill: theme.muted,
    })
  }
  const name = NAME_SIZE * box.text
  words.push({
    type: 'text',
    x: panel.x + panel.width / 2,
    y: bottom + size * 2.65,
    label: spec.xName,
    size: name,
    fill: theme.muted,
    anchor: 'middle',
  })
  return words
}

/** x and anchor of a centred label that stays within [0, width]. */
export function insideX(
  x: number,
  label: Label,
  size: number,
  width: number,
): { readonly x: number; readonly anchor: 'start' | 'middle' | 'end' } {
  const half = textWidth(label, size) / 2
  if (x + half > width) return { x: width, anchor: 'end' }
  if (x - half < 0) return { x: 0, anchor: 'start' }
  return { x, anchor: 'middle' }
}

/** As many ticks as fit, evenly thinned, each at least its own extent from the one before; zero stays, else the first does. */
export function apart(ticks: readonly Tick[], at: (tick: Tick) => number, extent: (tick: Tick) => number): readonly Tick[] {
  const anchor = Math.max(
    0,
    ticks.findIndex((tick) => tick.value === 0),
  )
  for (let every = 1; every < ticks.length; every++) {
    const kept = ticks.filter((_, index) => (index - anchor) % every === 0)
    const fits = kept.every(
      (tick, index) => index === 0 || Math.abs(at(tick) - at(kept[index - 1])) >= (extent(tick) + extent(kept[index - 1])) / 2,
    )
    if (fits) return kept
  }
  return ticks.slice(anchor, anchor + 1)
}

/** The middle of a device row, so that a hairline is one pixel and not two grey ones. */
export function crisp(position: number): number {
  return Math.round(position - 0.5) + 0.5
}

/** How many ticks a length holds. */
export function tickCount(length: number, spacing: number, text: number): number {
  return Math.max(2, Math.floor(length / (spacing * text)))
}
