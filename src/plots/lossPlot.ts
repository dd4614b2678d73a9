// Which run wins, and when did it leave the plateau? Loss against step for all seeds of both arms, log by default.
import { accuracyPanel } from './accuracyPanel.ts'
import { endLabelMargin, endLabelMarks, type EndLabel } from './endLabels.ts'
import { crisp, END_LABEL_SIZE, frameMarks, marginsFor, panelOf, TICK_SIZE, tickCount } from './frame.ts'
import { hasAccuracy, type LossPlotData } from './lossData.ts'
import { createLossMemory, prepareArm, type LossMemory, type PreparedArm } from './lossMemory.ts'
import { ghostMark, lossY, medianMark, spreadMarks, testLossMarks, evaluationPoints, lastPoint, type LossPanel } from './lossMarks.ts'
import { lossRange } from './lossRange.ts'
import { lossProbe } from './lossReadout.ts'
import { lossCaption, lossHeadline, lossSummary, lossTable } from './lossWords.ts'
import { mountPlot } from './mountPlot.ts'
import type { Drawing, MountedPlot, PlotBox, PlotKind } from './plotKind.ts'
import { powerOfTen } from './numberText.ts'
import { linearScale, logScale, type PositionScale, type Tick } from './positionScale.ts'
import { joinLabels, segment, type Box, type Mark } from './scene.ts'
import { textWidth } from './textWidth.ts'
import { PREDICTION_DASH } from './theme.ts'
import { theoryLine, theoryName, theoryValue } from './theoryMarks.ts'
import { changeMarks, cursorMarks, timeScale, yLabelStrip } from './timeAxis.ts'

/** The loss plot as a pure drawing with its words. */
export const lossPlot: PlotKind<LossPlotData, LossMemory> = {
  name: 'Loss',
  createMemory: createLossMemory,
  draw: drawLoss,
  headline: lossHeadline,
  caption: lossCaption,
  summary: lossSummary,
  table: lossTable,
}

/** Puts a loss plot into a host. */
export function createLossPlot(host: HTMLElement): MountedPlot<LossPlotData> {
  return mountPlot(lossPlot, host)
}

function drawLoss(data: LossPlotData, box: PlotBox, memory: LossMemory): Drawing {
  const names = endNames(data, box)
  const withAccuracy = hasAccuracy(data) && box.variant === 'main' && box.height >= 260
  const outer = outerPanel(box, names, withAccuracy, data.evaluations.length > 1)
  const xScale = timeScale(data.totalSteps, outer)
  const withMean = data.statistic === 'mean' && box.variant === 'main'
  const arms = data.arms.map((arm) => prepareArm(memory, arm, xScale, withMean && arm.seedCount > 1))
  const panel = withAccuracy ? { ...outer, height: Math.round(outer.height * 0.62) } : outer
  const place: LossPanel = { panel, xScale, yScale: lossScale(data, arms, panel, memory) }
  const below = withAccuracy ? accuracyPanel(data, accuracyBox(outer, panel, box), xScale, box) : { canvas: [], svg: [] }
  const yTicks = withFloor(place.yScale.ticks(tickCount(panel.height, box.variant === 'main' ? 46 : 40, box.text)), arms, place.yScale)
  const xTicks = xScale.ticks(tickCount(panel.width, box.variant === 'main' ? 90 : 60, box.text))
  const frame = frameMarks({ panel, xScale, yScale: place.yScale, xTicks, yTicks, xName: 'step', yName: 'loss', showX: !withAccuracy }, box)
  const curves = curveMarks(data, arms, place, box, names)
  const lowest = withAccuracy ? accuracyBox(outer, panel, box) : panel
  const first = arms.at(0)
  return {
    canvas: [...frame.grid, ...levelLines(data, place, box), ...curves.canvas, ...below.canvas],
    svg: [
      ...frame.words,
      ...levelNames(data, place, box),
      ...changeMarks(data.changes, xScale, panel, box),
      ...curves.words,
      ...endLabelMarks(curves.ends, panel, box),
      ...below.svg,
    ],
    cursor: (step) => [...cursorMarks(step, xScale, { ...panel, height: lowest.y + lowest.height - panel.y }, box)],
    probe: lossProbe(data, arms, place, box),
    stops: {
      x: first === undefined ? [] : first.quantileColumns.x.subarray(0, first.quantileColumns.count),
      y: panel.y + panel.height / 2,
    },
    rescaled: memory.yAxis.rescaled ? [yLabelStrip(panel)] : [],
  }
}

interface EndNames {
  readonly arms: readonly string[]
  readonly ghosts: readonly string[]
  readonly test: (arm: string) => string
}

/** Full names where there is room, the letter of the arm where there is not. */
function endNames(data: LossPlotData, box: PlotBox): EndNames {
  const main = box.variant === 'main'
  const one = data.arms.length === 1
  return {
    arms: data.arms.map(({ arm, label }) => (main ? (one ? label : `${arm} ${label}`) : one ? '' : arm)),
    ghosts: data.ghosts.map((ghost) => (main ? ghost.label : '')),
    test: (arm) => (main ? (one ? 'test' : `${arm} test`) : ''),
  }
}

function outerPanel(box: PlotBox, names: EndNames, withAccuracy: boolean, several: boolean): Box {
  const widest: Tick[] = [{ value: 1, label: joinLabels([{ text: '≤10' }, { text: '−10', shift: 'super' }]) }]
  const inside = box.variant === 'main' ? [names.test('A'), ...(withAccuracy ? [`${several ? 'A ' : ''}train 99.9 %`] : [])] : []
  const right = endLabelMargin([...names.arms, ...inside], box)
  return panelOf(box, marginsFor(box, widest, right))
}

function accuracyBox(outer: Box, panel: Box, box: PlotBox): Box {
  const y = panel.y + panel.height + Math.round(TICK_SIZE * box.text * 2.9)
  return { ...outer, y, height: outer.y + outer.height - y }
}

function lossScale(data: LossPlotData, arms: readonly PreparedArm[], panel: Box, memory: LossMemory): PositionScale {
  const domain = lossRange(memory.yAxis, data, arms)
  const range = [panel.y + panel.height, panel.y] as const
  return data.yScale === 'linear' ? linearScale(domain, range) : logScale(domain, range)
}

/** The lowest tick says "or less" while anything lies below the axis. */
function withFloor(ticks: readonly Tick[], arms: readonly PreparedArm[], yScale: PositionScale): readonly Tick[] {
  const [floor] = yScale.domain
  const clamped =
    yScale.type === 'log' &&
    arms.some(({ quantileColumns }) =>
      quantileColumns.low.subarray(0, quantileColumns.count * quantileColumns.series.length).some((value) => value < floor * 0.999),
    )
  if (!clamped) return ticks
  const atFloor = ticks.some((tick) => tick.value <= floor * 1.001)
  const all = atFloor ? ticks : [{ value: floor, label: powerOfTen(Math.round(Math.log10(floor))) }, ...ticks]
  return all.map((tick) => (tick.value <= floor * 1.001 ? { ...tick, label: joinLabels('≤', tick.label) } : tick))
}

function curveMarks(
  data: LossPlotData,
  arms: readonly PreparedArm[],
  place: LossPanel,
  box: PlotBox,
  names: EndNames,
): { canvas: readonly Mark[]; words: readonly Mark[]; ends: readonly EndLabel[] } {
  const { theme } = box
  const spreads: Mark[] = []
  const lines: Mark[] = []
  const words: Mark[] = []
  const ends: EndLabel[] = []
  const addEnd = (text: string, colour: string, [x, y]: readonly [number, number], bold: boolean, short = '', newest = -Infinity) => {
    if (text !== '' && Number.isFinite(x)) ends.push({ text, short, colour, x: Math.max(x, newest), lineEnd: x, y, bold })
  }
  for (const [index, ghost] of data.ghosts.entries()) {
    const { mark, end } = ghostMark(ghost, place, box)
    lines.push(mark)
    addEnd(names.ghosts[index], theme.muted, end, false)
  }
  for (const [index, arm] of arms.entries()) {
    const colour = arm.source.arm === 'A' ? theme.armA : theme.armB
    const evaluation = data.evaluations.find((candidate) => candidate.arm === arm.source.arm)
    spreads.push(...spreadMarks(arm, place, box))
    // Evaluations lag behind the batch loss: names stand after the thin line, not on it.
    const { count, steps } = arm.source
    const newest = count > 0 ? place.xScale.at(steps[count - 1]) : -Infinity
    const test = evaluation === undefined ? null : testLossMarks(evaluation, place, box)
    if (test !== null) {
      lines.push(...test.marks)
      addEnd(names.test(arm.source.arm), colour, test.end, false, '', newest)
    }
    const { marks, end } = medianMark(arm, evaluation, place, box)
    lines.push(...marks)
    addEnd(names.arms[index], colour, end, true, data.arms.length > 1 ? arm.source.arm : '', newest)
  }
  for (const curve of data.theory) {
    const y = lossY(place)
    const line = theoryLine(curve, place.xScale.at, (i) => y(theoryValue(curve, i)), place.panel, box)
    lines.push(line)
    words.push(...theoryName(line, curve, place.panel, box))
  }
  if (data.prediction !== null) {
    const points = evaluationPoints(data.prediction.steps, data.prediction.values, place.xScale, lossY(place))
    const dash = PREDICTION_DASH.map((length) => length * box.line)
    lines.push({ type: 'polyline', points, stroke: theme.prediction, width: 1.6 * box.line, dash, clip: place.panel })
    addEnd(box.variant === 'main' ? data.prediction.label : '', theme.prediction, lastPoint(points), false)
  }
  return { canvas: [...spreads, ...lines], words, ends }
}

function levelLines(data: LossPlotData, place: LossPanel, box: PlotBox): readonly Mark[] {
  return visibleLevels(data, place).map(({ y }) =>
    segment(place.panel.x, crisp(y), place.panel.x + place.panel.width, crisp(y), box.theme.muted, 1, { dash: [1, 3] }),
  )
}

function levelNames(data: LossPlotData, place: LossPanel, box: PlotBox): readonly Mark[] {
  if (box.variant !== 'main') return []
  const size = (END_LABEL_SIZE - 1.5) * box.text
  return visibleLevels(data, place).map(({ y, label }) => {
    const x = place.panel.x + place.panel.width - textWidth(label, size) - 4
    return { type: 'text', x, y: y + size * 1.05, label, size, fill: box.theme.muted, anchor: 'start', halo: box.theme.background }
  })
}

function visibleLevels(data: LossPlotData, { panel, yScale }: LossPanel): readonly { readonly y: number; readonly label: string }[] {
  return data.levels
    .map(({ value, label }) => ({ y: yScale.at(value), label }))
    .filter(({ y }) => y > panel.y && y < panel.y + panel.height)
}
