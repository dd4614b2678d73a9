// Does the tangent kernel move? Its relative drift from the start over time, and in the large plot the kernel itself.
import type { KernelSample } from '../core/sample.ts'
import { armColour, armDash, THEORY_DASH } from './theme.ts'
import { createAxisMemory, type AxisMemory } from './axisMemory.ts'
import { emptyReason } from './cosineData.ts'
import { emptyMarks, emptyWords } from './emptyState.ts'
import { endLabelMargin } from './endLabels.ts'
import { marginsFor, panelOf, TICK_SIZE } from './frame.ts'
import { sampleBefore } from './gradientData.ts'
import { drawBall, type BallMemory } from './kernelBallView.ts'
import type { KernelArm, KernelPlotData } from './kernelData.ts'
import { mapsPanel, plPanel, plValues, screePanel, type PanelPair } from './kernelPanels.ts'
import { kernelCaption, kernelHeadline, kernelSummary, kernelTable } from './kernelWords.ts'
import { linePanelMarks, logRange, panelLogScale, type PanelLine } from './linePanel.ts'
import { mountPlot } from './mountPlot.ts'
import { measuredNumber, plainNumber } from './numberText.ts'
import type { Drawing, MountedPlot, PlotBox, PlotKind, Readout, ReadoutLine } from './plotKind.ts'
import type { PositionScale } from './positionScale.ts'
import { joinLabels, type Box, type Mark } from './scene.ts'
import { statisticsMarks, type StatisticsRow } from './statisticsColumn.ts'
import { interpolated, theoryLabel, theoryLine, theoryName, theoryValue } from './theoryMarks.ts'
import { cursorMarks, timeScale, yLabelStrip } from './timeAxis.ts'

export interface KernelMemory extends BallMemory {
  readonly drift: AxisMemory
  readonly ratio: AxisMemory
}

/** The kernel plot as a pure drawing with its words. */
export const kernelPlot: PlotKind<KernelPlotData, KernelMemory> = {
  name: 'Tangent kernel',
  createMemory: () => ({ drift: createAxisMemory(), ratio: createAxisMemory(), distance: createAxisMemory(), gap: createAxisMemory() }),
  draw: drawKernel,
  headline: kernelHeadline,
  caption: kernelCaption,
  summary: kernelSummary,
  table: kernelTable,
}

/** Puts a kernel plot into a host. */
export function createKernelPlot(host: HTMLElement): MountedPlot<KernelPlotData> {
  return mountPlot(kernelPlot, host)
}

/** Below this height in lines of ticks there is one row of panels instead of two. */
const LEAST_LINES = 14

function drawKernel(data: KernelPlotData, box: PlotBox, memory: KernelMemory): Drawing {
  const reason = emptyReason(data.arms)
  if (reason !== undefined && reason !== null)
    return {
      canvas: [],
      svg: emptyMarks(emptyWords('kernel', reason), box),
      cursor: () => [],
      probe: () => null,
      stops: { x: [], y: 0 },
      rescaled: [],
    }
  const drawn = data.arms.filter(({ current }) => current !== null)
  if (data.view === 'ball' && box.variant === 'main' && drawn.length > 0) return drawBall(data, box, memory)
  const wide = box.variant === 'main' && box.width > 520 && drawn.length > 0
  const several = data.arms.length > 1
  const armNames = data.arms.map(({ arm, label }) => (several ? (wide ? `${arm} ${label}` : arm) : ''))
  const left = wide ? { ...box, width: Math.round(box.width * 0.58) } : box
  const range = logRange(memory.drift, driftValues(data))
  const ratioRange = wide ? logRange(memory.ratio, plValues(data)) : range
  const ticks = [range, ratioRange].flatMap((ends) => panelLogScale(ends, { x: 0, y: 0, width: 1, height: 100 }).ticks(4))
  const outer = panelOf(left, marginsFor(left, ticks, endLabelMargin(armNames, left, 0.3)))
  const gap = Math.round(TICK_SIZE * box.text * 2.6)
  // Read from the back of a hall a card holds one row of panels: two would be stripes.
  const tall = wide && outer.height > LEAST_LINES * TICK_SIZE * box.text
  const panel = tall ? { ...outer, height: Math.round((outer.height - gap) * 0.6) } : outer
  const xScale = timeScale(data.totalSteps, panel)
  const yScale = panelLogScale(range, panel)
  const lines = data.arms.map(({ arm, samples }, index): PanelLine => ({
    arm,
    name: armNames[index],
    steps: samples.map(({ step }) => step),
    values: samples.map(({ drift }) => drift),
    bold: true,
  }))
  const drift = linePanelMarks(
    { panel, xScale, yScale, xName: 'step', yName: wide ? 'drift |K − K₀| / |K₀|' : 'drift', showX: !tall, lines },
    left,
  )
  const theory = data.theory.map((curve) => theoryLine(curve, xScale.at, (i) => yScale.at(theoryValue(curve, i)), panel, box))
  const lower = { ...panel, y: panel.y + panel.height + gap, height: outer.height - panel.height - gap }
  const ratio: PanelPair = tall ? plPanel(data, lower, xScale, ratioRange, left) : { canvas: [], svg: [] }
  const right = wide
    ? rightPanels(data, { x: left.width + 30, y: outer.y, width: box.width - left.width - 42, height: outer.height }, box)
    : { canvas: [], svg: [] }
  const names = data.theory.flatMap((curve, index) => theoryName(theory[index], curve, panel, box))
  const empty: readonly Mark[] = drawn.length === 0 ? emptyMarks(emptyWords('kernel', null), box) : []
  const through: Box = wide ? { ...panel, height: outer.height } : panel
  return {
    canvas: [...drift.canvas, ...theory, ...ratio.canvas, ...right.canvas],
    svg: [...drift.svg, ...names, ...ratio.svg, ...right.svg, ...empty],
    cursor: (step) => cursorMarks(step, xScale, through, box),
    probe: (x, y) => driftProbe(data, { panel: through, xScale, yScale }, box, x, y),
    stops: { x: Float64Array.from(data.arms.at(0)?.samples ?? [], ({ step }) => xScale.at(step)), y: panel.y + panel.height / 2 },
    rescaled: [...(memory.drift.rescaled ? [yLabelStrip(panel)] : []), ...(tall && memory.ratio.rescaled ? [yLabelStrip(lower)] : [])],
  }
}

function driftValues(data: KernelPlotData): readonly number[] {
  const predicted = data.theory.flatMap((curve) => Array.from(curve.x, (_, i) => theoryValue(curve, i)))
  return [...predicted, ...data.arms.flatMap(({ samples }) => samples.map(({ drift }) => drift))]
}

function rightPanels(data: KernelPlotData, area: Box, box: PlotBox): PanelPair {
  const drawn = data.arms.filter(({ current }) => current !== null)
  const size = TICK_SIZE * box.text
  if (drawn.every(({ current }) => current!.eigenvalues.length === 1)) return singleNumber(drawn, area, box)
  if (area.height < LEAST_LINES * size) return mapsPanel(drawn, data.classes, area, box)
  const mapHeight = Math.min(area.height * 0.56, area.width / Math.max(1, drawn.length))
  const maps = mapsPanel(drawn, data.classes, { ...area, height: mapHeight }, box)
  const below = area.y + mapHeight + size * 2.6
  const left = 34 * box.text
  const scree = screePanel(
    drawn,
    { x: area.x + left, y: below, width: area.width - left, height: Math.max(30, area.y + area.height - below) },
    box,
  )
  // The name of the axis stands above it, and this axis does not begin at the left edge of the plot.
  const svg = scree.svg.map((mark) => (mark.type === 'text' && mark.x === 0 && mark.anchor === 'start' ? { ...mark, x: area.x } : mark))
  return { canvas: [...maps.canvas, ...scree.canvas], svg: [...maps.svg, ...svg] }
}

/** A kernel of one sample and one output is a number: a map of it would be a square of one colour. */
function singleNumber(arms: readonly KernelArm[], area: Box, box: PlotBox): PanelPair {
  const row = (name: string, value: (sample: KernelSample) => number): StatisticsRow => ({
    name,
    values: arms.map(({ current }) => measuredNumber(value(current!), 3)),
  })
  const size = TICK_SIZE * box.text
  const title: Mark = {
    type: 'text',
    x: area.x,
    y: area.y - size * 0.75,
    label: 'one sample, one output: K is a number',
    size,
    fill: box.theme.muted,
    anchor: 'start',
  }
  const rows = [
    row('K', ({ lambdaMax }) => lambdaMax),
    row('drift', ({ drift }) => drift),
    row('PL* ratio', ({ plRatio }) => plRatio),
    row('distance', ({ weightDistance }) => weightDistance),
  ]
  const names = arms.map(({ arm }) => arm)
  return { canvas: [], svg: [title, ...statisticsMarks(names, rows, { ...area, y: area.y + size * 1.2 }, box)] }
}

function driftProbe(
  data: KernelPlotData,
  place: { panel: Box; xScale: PositionScale; yScale: PositionScale },
  box: PlotBox,
  x: number,
  y: number,
): Readout | null {
  const { panel, xScale, yScale } = place
  if (x < panel.x - 8 || x > panel.x + panel.width + 8 || y < panel.y - 10 || y > panel.y + panel.height + 30) return null
  const wanted = Math.max(0, xScale.invert(x))
  const found = data.arms.flatMap(({ arm, label, samples }) => {
    const sample = sampleBefore(samples, wanted) ?? samples.at(0)
    return sample === undefined ? [] : [{ arm, label, sample }]
  })
  if (found.length === 0) return null
  const step = Math.max(...found.map(({ sample }) => sample.step))
  const main = box.variant === 'main'
  const marks: Mark[] = []
  const lines = found.flatMap(({ arm, label, sample }): readonly ReadoutLine[] => {
    const stroke = armColour(box.theme, arm)
    const dash = armDash(arm, box.line)
    if (sample.drift > 0)
      marks.push({
        type: 'dots',
        points: [xScale.at(sample.step), yScale.at(sample.drift)],
        radius: 3.6 * box.line,
        fill: stroke,
        stroke: box.theme.background,
        strokeWidth: 1.5,
      })
    const first: ReadoutLine = { name: main ? `${arm} ${label}, drift` : `${arm} drift`, value: measuredNumber(sample.drift), stroke, dash }
    return main
      ? [
          first,
          ...(sample.change === undefined ? [] : [{ name: '|K − K₀|₂', value: measuredNumber(sample.change.value) }]),
          { name: 'λmin … λmax', value: joinLabels(measuredNumber(sample.lambdaMin), ' … ', measuredNumber(sample.lambdaMax)) },
          { name: 'PL* ratio', value: measuredNumber(sample.plRatio) },
          { name: 'distance from start', value: measuredNumber(sample.weightDistance) },
        ]
      : [first]
  })
  const predicted = data.theory.flatMap((curve): readonly ReadoutLine[] => {
    const value = interpolated(curve, step, (i) => theoryValue(curve, i))
    return Number.isNaN(value)
      ? []
      : [{ name: main ? theoryLabel(curve) : 'theory', value: measuredNumber(value), stroke: box.theme.theory, dash: THEORY_DASH }]
  })
  return { x: xScale.at(step), y, step, title: `step ${plainNumber(step)}`, lines: [...lines, ...predicted], marks }
}
