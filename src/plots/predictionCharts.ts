// Does a measurement lie where a closed form says, over any axis: depth, width, batch size, input? Dots beside long-dashed curves.
//
// One drawing for all of them: a closed form over depth is of no use without its axis, and every card has one or two.
import { curveNames } from './curveNames.ts'
import { emptyMarks } from './emptyState.ts'
import { frameMarks, marginsFor, panelOf, tickCount } from './frame.ts'
import { inflated } from './lossMarks.ts'
import { measuredNumber } from './numberText.ts'
import type { Drawing, PlotBox, Readout, ReadoutLine } from './plotKind.ts'
import { predictedAt, type ChartPoint, type PredictionChart } from './predictionData.ts'
import { linearScale, logScale, type PositionScale } from './positionScale.ts'
import { plainText, type Box, type Mark } from './scene.ts'
import { fitText } from './textWidth.ts'
import { armColour, THEORY_DASH } from './theme.ts'
import { theoryLabel, theoryLine, theoryValue } from './theoryMarks.ts'

/** Wider than high is easier to read. */
const LEAST_WIDTH = 230
/** So many powers of ten an axis shows at most, unless measurements reach further. */
const MOST_DECADES = 14
/** Predictions above all measurements are shown so far at most. */
const SPARE_DECADES = 6

/** Pixels between two ticks of the y axis, at text scale 1. */
const TICK_SPACING = 40

interface Place {
  readonly chart: PredictionChart
  /** Of the chart in the plot; everything else counts from there. */
  readonly corner: { readonly x: number; readonly y: number }
  readonly panel: Box
  readonly xScale: PositionScale
  readonly yScale: PositionScale
}

/** The charts side by side, in two rows where one has no room; those that have nothing say why. */
export function drawPredictions(charts: readonly PredictionChart[], box: PlotBox): Drawing {
  const room = Math.max(1, Math.floor(box.width / (LEAST_WIDTH * box.text)))
  const rows = Math.ceil(charts.length / room)
  const perRow = Math.ceil(charts.length / rows)
  const [width, height] = [box.width / perRow, box.height / rows]
  const canvas: Mark[] = []
  const svg: Mark[] = []
  const places: Place[] = []
  for (const [index, chart] of charts.entries()) {
    const [column, row] = [index % perRow, Math.floor(index / perRow)]
    const corner = { x: Math.round(column * width), y: Math.round(row * height) }
    const own = { ...box, width: Math.round(width) - (column < perRow - 1 ? 18 : 0), height: Math.round(height) - (row < rows - 1 ? 8 : 0) }
    const place = placeOf(chart, own)
    if (place === null) {
      svg.push(...emptyMarks(chart.missing, own).map((mark) => moved(mark, corner)))
      continue
    }
    const marks = chartMarks(place, own)
    canvas.push(...marks.canvas.map((mark) => moved(mark, corner)))
    svg.push(...marks.svg.map((mark) => moved(mark, corner)))
    places.push({ ...place, corner })
  }
  return {
    canvas,
    svg,
    cursor: () => [],
    probe: (x, y) => probeOf(places, x, y, box),
    stops: {
      x: Float64Array.from(places.flatMap(stopsOf)).sort(),
      y: places.length === 0 ? 0 : places[0].corner.y + places[0].panel.y + places[0].panel.height / 2,
    },
    rescaled: [],
  }
}

function placeOf(chart: PredictionChart, box: PlotBox): Place | null {
  const values = (log: boolean, all: readonly number[]) => all.filter((value) => Number.isFinite(value) && (!log || value > 0))
  const { points, curves } = chart
  const xs = values(chart.x === 'log', [...points.map(({ x }) => x), ...curves.flatMap(({ x }) => [...x])])
  const measured = points.flatMap(({ y, low = y, high = y }) => [y, low, high])
  const predicted = curves.flatMap((curve) => Array.from(curve.x, (_, i) => theoryValue(curve, i)))
  const ys = values(chart.y === 'log', [...measured, ...predicted])
  if (
    points.length === 0 ||
    values(
      chart.y === 'log',
      points.map(({ y }) => y),
    ).length === 0
  )
    return null
  const yRange = chart.y === 'log' ? decades(ys, values(true, measured)) : evenRange(ys)
  const yOf = (panel: Box) => scaleOf(chart.y, yRange, [panel.y + panel.height, panel.y])
  // The finest ticks that the panel may get: their names need the room.
  const ticks = yOf({ x: 0, y: 0, width: 1, height: box.height }).ticks(tickCount(box.height, TICK_SPACING, box.text))
  const panel = panelOf(box, marginsFor(box, ticks, 14))
  const xRange = xRangeOf(chart, xs)
  return {
    chart,
    corner: { x: 0, y: 0 },
    panel,
    xScale: scaleOf(chart.x, xRange, [panel.x + 5, panel.x + panel.width - 5]),
    yScale: yOf(panel),
  }
}

function scaleOf(kind: 'log' | 'linear', domain: readonly [number, number], range: readonly [number, number]): PositionScale {
  return kind === 'log' ? logScale(domain, range) : linearScale(domain, range)
}

function xRangeOf({ x }: PredictionChart, xs: readonly number[]): readonly [number, number] {
  const [low, high] = [Math.min(...xs), Math.max(...xs)]
  if (low < high) return [low, high]
  if (x === 'log') return [low / 2, high * 2]
  // Steps and layers are not negative.
  return low < 0 ? [low - 1, high + 1] : [Math.max(0, low - 1), high + 1]
}

/** What was measured is always inside, and of the predictions what is not too far away; a narrow range keeps a decade and a half at least. */
function decades(ys: readonly number[], measured: readonly number[]): readonly [number, number] {
  const [top, bottom] = [Math.log10(Math.max(...measured)), Math.log10(Math.min(...measured))]
  const high = Math.min(Math.log10(Math.max(...ys)), top + SPARE_DECADES)
  const low = Math.max(Math.log10(Math.min(...ys)), Math.min(bottom, high - MOST_DECADES))
  const spare = Math.max(0.1, (1 - (high - low)) / 2)
  return [10 ** (low - spare), 10 ** (high + spare)]
}

function evenRange(ys: readonly number[]): readonly [number, number] {
  const [low, high] = [Math.min(0, ...ys), Math.max(0, ...ys)]
  const spare = (high - low || 1) * 0.06
  return [low < 0 ? low - spare : 0, high + spare]
}

function chartMarks({ chart, panel, xScale, yScale }: Place, box: PlotBox): { canvas: readonly Mark[]; svg: readonly Mark[] } {
  const size = 11 * box.text
  const frame = frameMarks(
    {
      panel,
      xScale,
      yScale,
      xTicks: xScale.ticks(tickCount(panel.width, 56, box.text)),
      yTicks: yScale.ticks(tickCount(panel.height, TICK_SPACING, box.text)),
      xName: chart.xName,
      yName: fitText(chart.name, panel.x + panel.width, size),
    },
    box,
  )
  const clip = inflated(panel, 3)
  const lines = chart.curves.map((curve) => theoryLine(curve, xScale.at, (i) => yScale.at(theoryValue(curve, i)), clip, box))
  const dots = chart.points.map(({ x, y }) => [xScale.at(x), yScale.at(y)] as const)
  const canvas: Mark[] = [...frame.grid, ...lines]
  const names = curveNames(chart.curves, lines, dots, panel, box)
  const bars: Mark[] = []
  for (const { arm, x, y, low, high } of chart.points) {
    const stroke = armColour(box.theme, arm)
    const px = xScale.at(x)
    if (low !== undefined && high !== undefined && high > low) {
      const bottom = chart.y === 'log' && low <= 0 ? panel.y + panel.height : yScale.at(low)
      bars.push({ type: 'segments', points: [px, bottom, px, yScale.at(high)], stroke, width: 1.4 * box.line, opacity: 0.7 })
    }
    if (chart.y === 'log' && !(y > 0)) continue
    bars.push({
      type: 'dots',
      points: [px, yScale.at(y)],
      radius: (chart.points.length > 40 ? 2.2 : 3.4) * box.line,
      fill: arm === 'A' ? stroke : null,
      background: box.theme.background,
      stroke,
      strokeWidth: 1.5,
    })
  }
  return { canvas: [...canvas, ...bars], svg: [...frame.words, ...names] }
}

function stopsOf({ chart, corner, xScale }: Place): readonly number[] {
  return [...new Set(chart.points.map(({ x }) => corner.x + xScale.at(x)))]
}

/** The nearest measured place of the chart under the pointer. */
function probeOf(places: readonly Place[], px: number, py: number, box: PlotBox): Readout | null {
  const place = places.find(({ panel, corner }) => {
    const [x, y] = [px - corner.x, py - corner.y]
    return x >= panel.x - 8 && x <= panel.x + panel.width + 8 && y >= panel.y - 10 && y <= panel.y + panel.height + 30
  })
  if (place === undefined) return null
  const { chart, corner, xScale, yScale } = place
  const away = (point: ChartPoint) => Math.abs(corner.x + xScale.at(point.x) - px)
  const at = chart.points.reduce((best, point) => (away(point) < away(best) ? point : best)).x
  const measured = chart.points.filter((point) => point.x === at)
  const lines: ReadoutLine[] = measured.map(({ arm, y: value }) => ({
    name: `${arm} measured`,
    value: measuredNumber(value),
    stroke: armColour(box.theme, arm),
  }))
  for (const curve of chart.curves) {
    const value = predictedAt(curve, at)
    if (value !== null) lines.push({ name: theoryLabel(curve), value: measuredNumber(value), stroke: box.theme.theory, dash: THEORY_DASH })
  }
  const marks = measured.flatMap(({ arm, y: value }): readonly Mark[] =>
    chart.y === 'log' && !(value > 0)
      ? []
      : [
          {
            type: 'dots',
            points: [corner.x + xScale.at(at), corner.y + yScale.at(value)],
            radius: 5 * box.line,
            fill: null,
            stroke: armColour(box.theme, arm),
            strokeWidth: 1.5,
          },
        ],
  )
  return { x: corner.x + xScale.at(at), y: py, title: `${chart.xName} ${plainText(measuredNumber(at, 3))}`, lines, marks }
}

function moved(mark: Mark, { x, y }: { readonly x: number; readonly y: number }): Mark {
  const box = (own: Box): Box => ({ ...own, x: own.x + x, y: own.y + y })
  switch (mark.type) {
    case 'text':
      return { ...mark, x: mark.x + x, y: mark.y + y }
    case 'rect':
    case 'image':
      return { ...mark, box: box(mark.box) }
    case 'strands':
      return mark
    default: {
      const points = Float64Array.from(mark.points, (value, i) => value + (i % 2 === 0 ? x : y))
      return 'clip' in mark && mark.clip !== undefined ? { ...mark, points, clip: box(mark.clip) } : { ...mark, points }
    }
  }
}
