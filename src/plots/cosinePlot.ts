// Do the samples pull together? Densities of the cosines between gradients, with every pair in a rug below.
//
// The axis is always -1 to 1: how narrow a density is must be seen against what is possible.
import { createAxisMemory, settleDomain, type AxisMemory } from './axisMemory.ts'
import { emptyReason, spikesOf, type CosinePlotData } from './cosineData.ts'
import { cosineArmMarks, minimumLabel, type CosinePanel } from './cosineMarks.ts'
import { cosineCaption, cosineHeadline, cosineRows, cosineSummary, cosineTable } from './cosineWords.ts'
import { emptyMarks, emptyWords } from './emptyState.ts'
import { endLabelMarks, type EndLabel } from './endLabels.ts'
import { crisp, frameMarks, marginsFor, panelOf, tickCount } from './frame.ts'
import { mountPlot } from './mountPlot.ts'
import { measuredNumber, plainNumber } from './numberText.ts'
import type { Drawing, MountedPlot, PlotBox, PlotKind, Readout, ReadoutLine } from './plotKind.ts'
import { linearScale } from './positionScale.ts'
import { segment, type Mark } from './scene.ts'
import { statisticsMarks } from './statisticsColumn.ts'
import { armColour, armDash, THEORY_DASH } from './theme.ts'
import { interpolated, theoryLabel, theoryLine, theoryName } from './theoryMarks.ts'
import { yLabelStrip } from './timeAxis.ts'

export interface CosineMemory {
  readonly yAxis: AxisMemory
}

/** The cosine plot as a pure drawing with its words. */
export const cosinePlot: PlotKind<CosinePlotData, CosineMemory> = {
  name: 'Gradient cosines',
  createMemory: () => ({ yAxis: createAxisMemory() }),
  draw: drawCosines,
  headline: cosineHeadline,
  caption: cosineCaption,
  summary: cosineSummary,
  table: cosineTable,
}

/** Puts a cosine plot into a host. */
export function createCosinePlot(host: HTMLElement): MountedPlot<CosinePlotData> {
  return mountPlot(cosinePlot, host)
}

const STATISTICS_WIDTH = 220

function drawCosines(data: CosinePlotData, box: PlotBox, memory: CosineMemory): Drawing {
  const reason = emptyReason(data.arms)
  const place = cosinePanel(data, box, memory)
  const frame = cosineFrame(place, box)
  if (reason !== undefined) {
    const svg =
      reason === null ? [...frame.words, ...emptyMarks(emptyWords('cosines', null), box)] : emptyMarks(emptyWords('cosines', reason), box)
    return { canvas: reason === null ? frame.grid : [], svg, cursor: () => [], probe: () => null, stops: { x: [], y: 0 }, rescaled: [] }
  }
  const drawn = data.arms.filter((arm) => arm.current !== null)
  const canvas: Mark[] = [...frame.grid]
  const ends: EndLabel[] = []
  const names: Mark[] = []
  for (const curve of data.theory) {
    const line = theoryLine(curve, place.xScale.at, (i) => place.yScale.at(curve.y[i]), place.panel, box)
    canvas.push(line)
    names.push(...theoryName({ ...line, points: topOf(line.points) }, curve, place.panel, box, names))
  }
  for (const [row, arm] of drawn.entries()) {
    const marks = cosineArmMarks(arm, row, place, box, drawn.length > 1)
    canvas.push(...marks.canvas)
    ends.push(...marks.ends)
  }
  const svg: Mark[] = [
    ...frame.words,
    ...names,
    ...endLabelMarks(ends, place.panel, { ...box, width: place.panel.x + place.panel.width + 10 }),
  ]
  for (const [row, arm] of drawn.entries()) svg.push(...minimumLabel(arm, row, place, box))
  if (hasColumn(box)) {
    const area = {
      x: box.width - STATISTICS_WIDTH * box.text,
      y: place.panel.y,
      width: STATISTICS_WIDTH * box.text,
      height: place.panel.height + 24,
    }
    svg.push(
      ...statisticsMarks(
        drawn.map(({ arm }) => arm),
        cosineRows(drawn),
        area,
        box,
      ),
    )
  }
  return {
    canvas,
    svg,
    cursor: () => [],
    probe: (x, y) => cosineProbe(data, place, box, x, y),
    stops: { x: Float64Array.from({ length: 81 }, (_, i) => place.xScale.at(-1 + i / 40)), y: place.panel.y + place.panel.height / 2 },
    rescaled: memory.yAxis.rescaled ? [yLabelStrip(place.panel)] : [],
  }
}

function hasColumn(box: PlotBox): boolean {
  return box.variant === 'main' && box.width > 2.8 * STATISTICS_WIDTH * box.text
}

function cosinePanel(data: CosinePlotData, box: PlotBox, memory: CosineMemory): CosinePanel {
  const rows = Math.max(1, data.arms.filter((arm) => arm.current !== null).length)
  const rugHeight = Math.round((box.variant === 'main' ? 12 : 9) * box.line)
  const right = hasColumn(box) ? STATISTICS_WIDTH * box.text + 36 : 12
  const whole = panelOf(box, marginsFor(box, [{ value: 0, label: '0.0' }], right))
  const panel = { ...whole, height: whole.height - rows * rugHeight - 4 }
  const top = settleDomain(memory.yAxis, 0, highestDensity(data) * 1.06, { grid: 0.5, headroom: 0.5 })[1]
  const xScale = linearScale([-1, 1], [panel.x + 4, panel.x + panel.width - 4])
  return { panel, rugHeight, xScale, yScale: linearScale([0, top], [panel.y + panel.height, panel.y]) }
}

/** Of the measured densities; a prediction that is higher is cut, so that it never flattens the data. */
function highestDensity(data: CosinePlotData): number {
  let highest = 0.5
  for (const { current } of data.arms) {
    if (current === null) continue
    for (const statistics of [current.pairs, current.perSample]) {
      if (statistics.curve === null || spikesOf(statistics) !== null) continue
      for (const density of statistics.curve.density) highest = Math.max(highest, density)
    }
  }
  return highest
}

function cosineFrame(place: CosinePanel, box: PlotBox): ReturnType<typeof frameMarks> {
  const { panel, xScale, yScale, rugHeight } = place
  const main = box.variant === 'main'
  const axis = { ...panel, height: box.height - panel.y - Math.ceil(33 * box.text) }
  const xTicks = (main ? [-1, -0.5, 0, 0.5, 1] : [-1, 0, 1]).map((value) => ({ value, label: plainNumber(value) }))
  const yTicks = yScale.ticks(tickCount(panel.height, main ? 60 : 50, box.text))
  const across = frameMarks(
    { panel: axis, xScale, yScale, xTicks, yTicks, xName: main ? 'cosine of two gradients' : 'cosine', yName: 'density' },
    box,
  )
  const x = crisp(xScale.at(0))
  const zero = segment(x, panel.y, x, panel.y + panel.height + rugHeight, box.theme.muted, 1, { dash: [2, 3], opacity: 0.7 })
  return { grid: [...across.grid, zero], words: across.words }
}

/** Only the highest point of a curve, so that its name stands there. */
function topOf(points: ArrayLike<number>): ArrayLike<number> {
  let peak = 1
  for (let i = 1; i < points.length; i += 2) if (points[i] < points[peak]) peak = i
  return [points[peak - 1], points[peak]]
}

function cosineProbe(data: CosinePlotData, place: CosinePanel, box: PlotBox, x: number, y: number): Readout | null {
  const { panel, xScale, yScale } = place
  if (x < panel.x || x > panel.x + panel.width || y < panel.y - 8 || y > box.height) return null
  const cosine = Math.min(1, Math.max(-1, xScale.invert(x)))
  const lines: ReadoutLine[] = []
  const marks: Mark[] = []
  for (const { arm, current } of data.arms) {
    if (current === null) continue
    const stroke = armColour(box.theme, arm)
    for (const [statistics, name] of [
      [current.pairs, 'batch pairs'],
      [current.perSample, 'sample pairs'],
    ] as const) {
      const { cosines, curve } = statistics
      if (cosines.length === 0) continue
      const below = cosines.reduce((count, value) => count + (value <= cosine ? 1 : 0), 0) / cosines.length
      lines.push({ name: `${arm} ${name} below`, value: `${plainNumber(100 * below, 3)} %`, stroke, dash: armDash(arm, box.line) })
      if (curve === null || curve.bandwidth === 0 || name !== 'batch pairs') continue
      const nearest = Math.round(((cosine + 1) / 2) * (curve.grid.length - 1))
      marks.push({
        type: 'dots',
        points: [xScale.at(curve.grid[nearest]), yScale.at(curve.density[nearest])],
        radius: 3.4 * box.line,
        fill: stroke,
        stroke: box.theme.background,
        strokeWidth: 1.5,
      })
    }
  }
  for (const curve of data.theory) {
    const value = interpolated(curve, cosine, (i) => curve.y[i])
    if (!Number.isNaN(value))
      lines.push({ name: theoryLabel(curve), value: measuredNumber(value, 2), stroke: box.theme.theory, dash: THEORY_DASH })
  }
  return { x: xScale.at(cosine), y, title: `cosine ${plainNumber(cosine, 2)}`, lines, marks }
}
