// How does one network look as a row? Bars for layers, sheets for convolutions, funnels for pools, arcs for skips, a line for norms.
import type { ArmName } from '../core/experiment.ts'
import type { PlotBox } from './plotKind.ts'
import { segment, type Box, type Mark } from './scene.ts'
import type { StripPlan } from './stripPlan.ts'
import { armColour } from './theme.ts'

const LEAST_HEIGHT = 0.22
/** Narrower than this a bar is only a bar. */
const SHEETS_FROM = 11
const ARC_ROOM = 0.3
const NORM_ROOM = 4
/** Arcs that are narrower than this would be a smear: one line stands for all. */
const LEAST_ARC = 5

/** Marks of one row; heights and brightness are log10 between low and high. */
export function stripRowMarks(
  plan: StripPlan,
  log10: ArrayLike<number>,
  arm: ArmName,
  row: Box,
  [low, high]: readonly [number, number],
  box: PlotBox,
): readonly Mark[] {
  const arcs = plan.skips.length === 0 ? 0 : Math.min(14 * box.line, row.height * ARC_ROOM)
  const norms = plan.slots.some((slot) => slot.norm !== null) ? NORM_ROOM * box.line : 0
  const bars: Box = { x: row.x, y: row.y + arcs, width: row.width, height: row.height - arcs - norms }
  return [
    ...barMarks(plan, log10, bars, [low, high], armColour(box.theme, arm)),
    ...poolMarks(plan, bars, box),
    ...normMarks(plan, { ...row, y: row.y + row.height - norms, height: norms }, box),
    ...arcMarks(plan, { ...row, height: arcs }, box),
  ]
}

/** One bar per layer, or per pixel pair where layers are narrower: then the mean of those that share it. */
function barMarks(
  { slots }: StripPlan,
  log10: ArrayLike<number>,
  row: Box,
  [low, high]: readonly [number, number],
  fill: string,
): readonly Mark[] {
  const bars = Math.min(slots.length, Math.max(1, Math.floor(row.width / 2)))
  return Array.from({ length: bars }, (_, bar) => {
    const from = Math.floor((bar * slots.length) / bars)
    const to = Math.max(from + 1, Math.floor(((bar + 1) * slots.length) / bars))
    const share = meanShare(log10, from, to, low, high)
    const left = row.x + slots[from].from * row.width
    const pitch = row.x + slots[to - 1].to * row.width - left
    const gap = Math.min(3, pitch * 0.25)
    const height = row.height * (LEAST_HEIGHT + (1 - LEAST_HEIGHT) * share)
    const place: Box = { x: left + gap / 2, y: row.y + row.height - height, width: pitch - gap, height }
    return { place, opacity: 0.22 + 0.78 * share, sheets: slots[from].kind === 'conv' && pitch >= SHEETS_FROM }
  }).flatMap(({ place, opacity, sheets }) => (sheets ? sheetMarks(place, fill, opacity) : [barMark(place, fill, opacity)]))
}

const barMark = (place: Box, fill: string, opacity: number): Mark => ({ type: 'rect', box: place, fill, opacity, radius: 2 })

/** A convolution as maps one behind the other: one full bar and the edges of two more. */
function sheetMarks(place: Box, fill: string, opacity: number): readonly Mark[] {
  const edge = Math.max(1.5, Math.min(3, place.width * 0.09))
  const front = place.width - 4 * edge
  const sheet = (x: number, width: number, shrink: number): Mark =>
    barMark({ x: place.x + x, y: place.y + shrink, width, height: Math.max(1, place.height - shrink) }, fill, opacity)
  return [
    sheet(0, front, 0),
    sheet(front + edge, edge, Math.min(2, place.height * 0.1)),
    sheet(front + 3 * edge, edge, Math.min(4, place.height * 0.2)),
  ]
}

/** A funnel: filled for the largest of a window, hollow for its mean; a global pool ends in a point. */
function poolMarks({ pools }: StripPlan, row: Box, { theme, line }: PlotBox): readonly Mark[] {
  return pools.flatMap(({ from, to, pooling }): readonly Mark[] => {
    const left = row.x + from * row.width + 1
    const right = row.x + to * row.width - 1
    if (right - left < 3) return []
    const middle = row.y + row.height / 2
    const tall = Math.min(row.height * 0.42, 9 * line)
    const small = pooling === 'globalAverage' ? 0 : tall * 0.4
    const points = [left, middle - tall, right, middle - small, right, middle + small, left, middle + tall]
    return pooling === 'max'
      ? [{ type: 'area', points, fill: theme.muted, opacity: 0.8 }]
      : [{ type: 'polyline', points: [...points, points[0], points[1]], stroke: theme.muted, width: 1.2 * line }]
  })
}

/** A line under each layer with a norm: full for batch norm, dotted for layer norm. */
function normMarks({ slots }: StripPlan, row: Box, { theme, line }: PlotBox): readonly Mark[] {
  if (row.height === 0) return []
  const y = row.y + row.height - line
  const runs: { from: number; to: number; norm: 'batch' | 'layer' }[] = []
  for (const { norm, from, to } of slots) {
    if (norm === null) continue
    const last = runs.at(-1)
    // Where bars have no gap to see, neighbours share one line.
    if (last !== undefined && last.norm === norm && (to - from) * row.width < 4 && last.to >= from - 1e-9) last.to = to
    else runs.push({ from, to, norm })
  }
  return runs.map(({ from, to, norm }) => {
    const gap = Math.min(1.5, (to - from) * row.width * 0.12)
    const dash = norm === 'layer' ? { dash: [2 * line, 2 * line] } : {}
    return segment(row.x + from * row.width + gap, y, row.x + to * row.width - gap, y, theme.ink, 2 * line, dash)
  })
}

function arcMarks({ skips }: StripPlan, row: Box, { theme, line }: PlotBox): readonly Mark[] {
  if (skips.length === 0) return []
  const bottom = row.y + row.height - line
  const narrowest = Math.min(...skips.map(({ from, to }) => (to - from) * row.width))
  if (narrowest < LEAST_ARC) {
    const y = row.y + row.height / 2
    const ends = [skips[0].from, skips[skips.length - 1].to].map((share) => row.x + share * row.width)
    return [segment(ends[0], y, ends[1], y, theme.ink, 1.3 * line, { dash: [3, 2] })]
  }
  return skips.map(({ from, to }): Mark => {
    const left = row.x + from * row.width + 1
    const right = row.x + to * row.width - 1
    return {
      type: 'polyline',
      points: arc(left, right, bottom, row.height - 2 * line),
      stroke: theme.ink,
      width: 1.3 * line,
      opacity: 0.85,
    }
  })
}

/** Half an ellipse over [left, right]. */
function arc(left: number, right: number, bottom: number, height: number): Float64Array {
  const corners = 20
  const points = new Float64Array(2 * (corners + 1))
  for (let i = 0; i <= corners; i++) {
    const angle = Math.PI * (1 - i / corners)
    points[2 * i] = (left + right) / 2 + ((right - left) / 2) * Math.cos(angle)
    points[2 * i + 1] = bottom - height * Math.sin(angle)
  }
  return points
}

function meanShare(log10: ArrayLike<number>, from: number, to: number, low: number, high: number): number {
  let sum = 0
  for (let layer = from; layer < to; layer++) {
    const value = log10[layer]
    sum += Number.isFinite(value) ? Math.min(1, Math.max(0, (value - low) / (high - low))) : 0
  }
  return sum / (to - from)
}
