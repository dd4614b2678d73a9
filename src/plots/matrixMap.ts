// How are one or more square matrices shown side by side? Row 1 on top, layers marked on both edges, a legend, numbers beside.
import { TICK_SIZE } from './frame.ts'
import type { PlotBox, Readout, ReadoutLine } from './plotKind.ts'
import { ordinalTicks } from './positionScale.ts'
import { segment, type Box, type Label, type Mark } from './scene.ts'
import { fitText, textWidth } from './textWidth.ts'

export interface MatrixMap {
  readonly title: string
  /** Where the title does not fit. */
  readonly short: string
  readonly colour: string
  readonly bold: boolean
  /** [cells, cells, 4]. */
  readonly pixels: Uint8ClampedArray
  readonly cells: number
  /** [L + 1] ascending shares 0 .. 1: where layers begin and end. */
  readonly cuts: readonly number[]
}

export interface MapPlaces {
  readonly squares: readonly Box[]
  /** Where legends stand: after each map, or after the last. */
  readonly bars: readonly Box[]
  /** There is a line of numbers under each map: not on a low card, where the map itself needs the room. */
  readonly numbersBelow: boolean
  /** Right of a single map; null where there is no room, and beside two, which have their numbers below. */
  readonly beside: Box | null
}

/** Hairlines between layers only while blocks are at least this wide. */
const LEAST_BLOCK = 4

/** Squares as large as they fit with their legends; room below for a line of numbers where there are two. */
export function mapPlaces(count: number, legends: 'each' | 'last', box: PlotBox): MapPlaces {
  const size = TICK_SIZE * box.text
  const top = Math.ceil(size * 1.9)
  const left = Math.ceil(size * 2.4)
  const barRoom = Math.ceil(size * 4.6) + 18
  const column = count === 1 && box.width >= 620 * box.text ? 235 * box.text : 0
  const gap = 14
  const bars = legends === 'each' ? count : 1
  const free = box.width - left - column - bars * barRoom - gap * (count - 1)
  const numbersBelow = column === 0 && box.height >= 250 * box.text
  const below = size * (numbersBelow ? 3.4 : 1.9)
  const side = Math.max(24, Math.floor(Math.min(box.height - top - below, free / count)))
  const squares: Box[] = []
  const barBoxes: Box[] = []
  let x = left
  for (let k = 0; k < count; k++) {
    squares.push({ x, y: top, width: side, height: side })
    x += side
    if (legends === 'each' || k === count - 1) {
      barBoxes.push({ x: x + 10, y: top, width: 9 * box.line, height: side })
      x += barRoom
    }
    x += gap
  }
  return { squares, bars: barBoxes, numbersBelow, beside: column === 0 ? null : { x: x + 10, y: top, width: column - 24, height: side } }
}

/** A line of numbers under a map; the shorter one, or none, where the longer does not fit. */
export function belowMap(square: Box, labels: readonly Label[], box: PlotBox): readonly Mark[] {
  const size = TICK_SIZE * box.text
  const label = labels.find((candidate) => textWidth(candidate, size) <= square.width + 8)
  if (label === undefined) return []
  return [{ type: 'text', x: square.x, y: square.y + square.height + size * 2.9, label, size, fill: box.theme.ink, anchor: 'start' }]
}

/** One map in its square: picture, hairlines between layers, layer numbers on the left (first map) and below. */
export function matrixMapMarks(
  map: MatrixMap,
  square: Box,
  first: boolean,
  box: PlotBox,
): { readonly canvas: readonly Mark[]; readonly svg: readonly Mark[] } {
  const { cuts } = map
  const { theme } = box
  const size = TICK_SIZE * box.text
  const layerCount = cuts.length - 1
  const canvas: Mark[] = [
    { type: 'rect', box: square, fill: theme.soft },
    { type: 'image', box: square, columns: map.cells, rows: map.cells, pixels: map.pixels },
  ]
  // Cells that are layers are seen without lines.
  if (layerCount > 1 && layerCount < map.cells && square.width / layerCount >= LEAST_BLOCK) {
    for (const cut of cuts.slice(1, -1)) {
      const at = Math.round(cut * square.width)
      canvas.push(segment(square.x + at, square.y, square.x + at, square.y + square.height, theme.background, 1, { opacity: 0.55 }))
      canvas.push(segment(square.x, square.y + at, square.x + square.width, square.y + at, theme.background, 1, { opacity: 0.55 }))
    }
  }
  const svg: Mark[] = [
    {
      type: 'text',
      x: square.x,
      y: square.y - size * 0.6,
      label: textWidth(map.title, size, map.bold) <= square.width + 6 ? map.title : fitText(map.short, square.width + 6, size, map.bold),
      size,
      fill: map.colour,
      anchor: 'start',
      bold: map.bold,
    },
  ]
  let lastX = -Infinity
  let lastY = -Infinity
  for (const { value, label } of ordinalTicks(layerCount, Math.max(2, square.width / (40 * box.text)))) {
    const middle = (cuts[value - 1] + cuts[value]) / 2
    const half = textWidth(label, size) / 2
    const x = Math.min(square.x + square.width - half, Math.max(square.x + half, square.x + middle * square.width))
    if (x - half > lastX + 5) {
      svg.push({ type: 'text', x, y: square.y + square.height + size * 1.35, label, size, fill: theme.muted, anchor: 'middle' })
      lastX = x + half
    }
    const y = square.y + middle * square.height + size * 0.35
    if (first && y - size > lastY) {
      svg.push({ type: 'text', x: square.x - 6, y, label, size, fill: theme.muted, anchor: 'end' })
      lastY = y
    }
  }
  return { canvas, svg }
}

/** Row and column, from 0, of the entry under a pixel; null outside. @param n entries along each side. */
export function entryAt(square: Box, n: number, x: number, y: number): readonly [number, number] | null {
  const column = Math.floor(((x - square.x) / square.width) * n)
  const row = Math.floor(((y - square.y) / square.height) * n)
  return column < 0 || row < 0 || column >= n || row >= n ? null : [row, column]
}

/** What the pointer says on a map, with a frame around [from, to) x [from, to) shares of the square. */
export function mapReadout(
  square: Box,
  frame: { readonly row: readonly [number, number]; readonly column: readonly [number, number] },
  title: Label,
  lines: readonly ReadoutLine[],
  box: PlotBox,
): Readout {
  const { row, column } = frame
  const width = Math.max(3, (column[1] - column[0]) * square.width)
  const height = Math.max(3, (row[1] - row[0]) * square.height)
  const cell: Box = { x: square.x + column[0] * square.width, y: square.y + row[0] * square.height, width, height }
  return {
    x: cell.x + width / 2,
    y: cell.y + height / 2,
    title,
    lines,
    marks: [{ type: 'rect', box: cell, fill: 'none', stroke: box.theme.ink }],
  }
}

/** [L + 1] shares at which layers of these sizes begin and end. */
export function cutsOf(sizes: ArrayLike<number>): readonly number[] {
  const cuts = [0]
  let total = 0
  for (let layer = 0; layer < sizes.length; layer++) total += sizes[layer]
  let sum = 0
  for (let layer = 0; layer < sizes.length; layer++) {
    sum += sizes[layer]
    cuts.push(total === 0 ? (layer + 1) / sizes.length : sum / total)
  }
  return cuts
}
