// Does a measurement lie where a closed form says, over any axis: depth, width, batch size, input? Dots beside long-dashed curves.
//
// One drawing for all of them: a closed form over depth is of no use without its axis, and every card has one or two.
import type { ArmName } from '../core/experiment.ts'
import type { TheoryCurve } from '../core/theoryCurve.ts'
import { emptyMarks, type EmptyWords } from './emptyState.ts'
import { frameMarks, marginsFor, panelOf, tickCount } from './frame.ts'
import { inflated } from './lossMarks.ts'
import { measuredNumber } from './numberText.ts'
import type { DataTable, Drawing, PlotBox, PlotKind, Readout, ReadoutLine } from './plotKind.ts'
import { linearScale, logScale, type PositionScale } from './positionScale.ts'
import { plainText, type Box, type Mark } from './scene.ts'
import { fitText, textWidth } from './textWidth.ts'
import { armColour, THEORY_DASH } from './theme.ts'
import { applies, interpolated, theoryLabel, theoryLine, theoryName, theoryValue } from './theoryMarks.ts'

/** A measured value with the interval in which it may as well lie. */
export interface ChartPoint {
  readonly arm: ArmName
  readonly x: number
  readonly y: number
  readonly low?: number
  readonly high?: number
}

/** Measurements and predictions over one axis; a log axis leaves out what is not positive. */
export interface PredictionChart {
  /** What is measured, above the axis. */
  readonly name: string
  readonly xName: string
  readonly x: 'log' | 'linear'
  readonly y: 'log' | 'linear'
  readonly points: readonly ChartPoint[]
  readonly curves: readonly TheoryCurve[]
  /** Said in place of the picture where nothing was measured yet. */
  readonly missing: EmptyWords
}

/** Wider than high is easier to read. */
const LEAST_WIDTH = 230
/** Beyond so many powers of ten below its top an axis shows nothing. */
const MOST_DECADES = 14

interface Place {
  readonly chart: PredictionChart
  readonly panel: Box
  readonly xScale: PositionScale
  readonly yScale: PositionScale
}

/** The charts side by side, as many as have room; those that have nothing say why. */
export function drawPredictions(charts: readonly PredictionChart[], box: PlotBox): Drawing {
  const room = Math.max(1, Math.min(charts.length, Math.floor(box.width / (LEAST_WIDTH * box.text))))
  const width = box.width / room
  const canvas: Mark[] = []
  const svg: Mark[] = []
  const places: Place[] = []
  for (const [index, chart] of charts.slice(0, room).entries()) {
    const from = Math.round(index * width)
    const own = { ...box, width: Math.round(width) - (index < room - 1 ? 18 : 0) }
    const place = placeOf(chart, own, from)
    if (place === null) svg.push(...emptyMarks(chart.missing, own).map((mark) => moved(mark, from)))
    else {
      places.push(place)
      const marks = chartMarks(place, box, from)
      canvas.push(...marks.canvas)
      svg.push(...marks.svg)
    }
  }
  return {
    canvas,
    svg,
    cursor: () => [],
    probe: (x, y) => probeOf(places, x, y, box),
    stops: {
      x: Float64Array.from(places.flatMap(stopsOf)).sort(),
      y: places.length === 0 ? 0 : places[0].panel.y + places[0].panel.height / 2,
    },
    rescaled: [],
  }
}

/** One row per point and per prediction at its place. */
function predictionTable(charts: readonly PredictionChart[]): DataTable {
  const columns = ['quantity', 'arm', 'over', 'at', 'measured', 'from', 'to', 'prediction', 'predicted']
  const rows = charts.flatMap((chart) =>
    chart.points.flatMap(({ arm, x, y, low, high }) => {
      const own = [chart.name, arm, chart.xName, x, y, low ?? null, high ?? null] as const
      const curves = chart.curves.map((curve) => [...own, theoryLabel(curve), predictedAt(curve, x)])
      return curves.length === 0 ? [[...own, null, null]] : curves
    }),
  )
  return { columns, rows }
}

/** A sentence per chart: the newest measurement beside each prediction that applies. */
function predictionSummary(charts: readonly PredictionChart[]): string {
  return charts
    .flatMap(({ name, xName, points, curves, missing }) => {
      const last = points.at(-1)
      if (last === undefined) return [`${name}: ${missing.head}.`]
      const said = curves.flatMap((curve) => {
        const value = predictedAt(curve, last.x)
        return value === null || !applies(curve) ? [] : [`${theoryLabel(curve)} ${plainText(measuredNumber(value, 2))}`]
      })
      const beside = said.length === 0 ? '' : `; ${said.join(', ')}`
      return [`${name} at ${xName} ${plainText(measuredNumber(last.x, 3))}: ${plainText(measuredNumber(last.y, 2))}${beside}.`]
    })
    .join(' ')
}

function predictedAt(curve: TheoryCurve, x: number): number | null {
  const value = interpolated(curve, x, (i) => theoryValue(curve, i))
  return Number.isNaN(value) ? null : value
}

function placeOf(chart: PredictionChart, box: PlotBox, from: number): Place | null {
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
  const yRange = chart.y === 'log' ? decades(ys) : evenRange(ys)
  const yOf = (panel: Box) => scaleOf(chart.y, yRange, [panel.y + panel.height, panel.y])
  const ticks = yOf({ x: 0, y: 0, width: 1, height: box.height }).ticks(5)
  const inner = panelOf(box, marginsFor(box, ticks, 14))
  const panel = { ...inner, x: inner.x + from }
  const xRange = xRangeOf(chart, xs)
  return { chart, panel, xScale: scaleOf(chart.x, xRange, [panel.x + 5, panel.x + panel.width - 5]), yScale: yOf(panel) }
}

function scaleOf(kind: 'log' | 'linear', domain: readonly [number, number], range: readonly [number, number]): PositionScale {
  return kind === 'log' ? logScale(domain, range) : linearScale(domain, range)
}

function xRangeOf({ x }: PredictionChart, xs: readonly number[]): readonly [number, number] {
  const [low, high] = [Math.min(...xs), Math.max(...xs)]
  if (low < high) return [low, high]
  return x === 'log' ? [low / 2, high * 2] : [low - 1, high + 1]
}

/** Whole decades; a narrow range keeps a decade and a half at least. */
function decades(ys: readonly number[]): readonly [number, number] {
  const high = Math.log10(Math.max(...ys))
  const low = Math.max(high - MOST_DECADES, Math.log10(Math.min(...ys)))
  const spare = Math.max(0.1, (1 - (high - low)) / 2)
  return [10 ** (low - spare), 10 ** (high + spare)]
}

function evenRange(ys: readonly number[]): readonly [number, number] {
  const [low, high] = [Math.min(0, ...ys), Math.max(0, ...ys)]
  const spare = (high - low || 1) * 0.06
  return [low < 0 ? low - spare : 0, high + spare]
}

function chartMarks(
  { chart, panel, xScale, yScale }: Place,
  box: PlotBox,
  from: number,
): { canvas: readonly Mark[]; svg: readonly Mark[] } {
  const own = { ...box, width: panel.x + panel.width + 14 }
  const size = 11 * box.text
  const frame = frameMarks(
    {
      panel,
      xScale,
      yScale,
      xTicks: xScale.ticks(tickCount(panel.width, 56, box.text)),
      yTicks: yScale.ticks(tickCount(panel.height, 40, box.text)),
      xName: chart.xName,
      yName: fitText(chart.name, panel.x + panel.width - from, size),
    },
    own,
  )
  const clip = inflated(panel, 3)
  const canvas: Mark[] = [...frame.grid]
  const names: Mark[] = []
  const taken: number[] = []
  for (const curve of chart.curves) {
    const line = theoryLine(curve, xScale.at, (i) => yScale.at(theoryValue(curve, i)), clip, box)
    canvas.push(line)
    for (const mark of theoryName(line, curve, panel, box)) {
      if (mark.type !== 'text') continue
      // Two curves that end together have their names one above the other.
      let { y } = mark
      while (taken.some((other) => Math.abs(other - y) < size * 1.2)) y += size * 1.25
      taken.push(y)
      const x = Math.min(mark.x, panel.x + panel.width - textWidth(mark.label, mark.size))
      names.push({ ...mark, y, x: Math.max(panel.x + 2, x) })
    }
  }
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
  const words = frame.words.map((mark) => (mark.type === 'text' && mark.x === 0 && mark.anchor === 'start' ? { ...mark, x: from } : mark))
  return { canvas: [...canvas, ...bars], svg: [...words, ...names] }
}

function stopsOf({ chart, xScale }: Place): readonly number[] {
  return [...new Set(chart.points.map(({ x }) => xScale.at(x)))]
}

/** The nearest measured place of the chart under the pointer. */
function probeOf(places: readonly Place[], x: number, y: number, box: PlotBox): Readout | null {
  const place = places.find(
    ({ panel }) => x >= panel.x - 8 && x <= panel.x + panel.width + 8 && y >= panel.y - 10 && y <= panel.y + panel.height + 30,
  )
  if (place === undefined) return null
  const { chart, xScale, yScale } = place
  const at = chart.points.reduce((best, point) => (Math.abs(xScale.at(point.x) - x) < Math.abs(xScale.at(best.x) - x) ? point : best)).x
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
            points: [xScale.at(at), yScale.at(value)],
            radius: 5 * box.line,
            fill: null,
            stroke: armColour(box.theme, arm),
            strokeWidth: 1.5,
          },
        ],
  )
  return { x: xScale.at(at), y, title: `${chart.xName} ${plainText(measuredNumber(at, 3))}`, lines, marks }
}

function moved(mark: Mark, by: number): Mark {
  switch (mark.type) {
    case 'text':
      return { ...mark, x: mark.x + by }
    case 'polyline':
    case 'dots':
      return { ...mark, points: Float64Array.from(mark.points, (value, i) => (i % 2 === 0 ? value + by : value)) }
    default:
      return mark
  }
}

/** A plot that can show charts in place of its own picture; its words and table follow. */
export interface Charted<Data> {
  readonly own: Data
  /** null: the picture of its own. */
  readonly charts: readonly PredictionChart[] | null
}

/** The same plot with charts beside its own picture; the small variant is always its own. */
export function withPredictions<Data, Memory>(kind: PlotKind<Data, Memory>): PlotKind<Charted<Data>, Memory> {
  return {
    name: kind.name,
    createMemory: () => kind.createMemory(),
    draw: ({ own, charts }, box, memory) =>
      charts !== null && box.variant === 'main' ? drawPredictions(charts, box) : kind.draw(own, box, memory),
    headline: ({ own }) => kind.headline(own),
    caption: ({ own, charts }) => (charts === null ? kind.caption(own) : 'dots measured, long dashes predicted'),
    summary: ({ own, charts }) => (charts === null ? kind.summary(own) : predictionSummary(charts)),
    table: ({ own, charts }) => (charts === null ? kind.table(own) : predictionTable(charts)),
  }
}
