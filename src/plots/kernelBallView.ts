// Do the weights stay where the theory of the tangent kernel speaks, and is the network still its tangent?
//
// Left: the distance from the start against the radius R inside which gradient descent must find a solution. Right, where a
// linearised arm is trained beside: how far the outputs of the two are apart, against how far the network has moved at all.
import { certificateRadii, lipschitzEstimates } from '../core/kernelCertificate.ts'
import type { AxisMemory } from './axisMemory.ts'
import { endLabelMargin, endLabelMarks, type EndLabel } from './endLabels.ts'
import { marginsFor, panelOf } from './frame.ts'
import { sampleBefore } from './gradientData.ts'
import { gapSamples, type KernelPlotData } from './kernelData.ts'
import { linePanelMarks, logRange, panelLogScale } from './linePanel.ts'
import { inflated, lastPoint } from './lossMarks.ts'
import { measuredNumber, plainNumber } from './numberText.ts'
import type { Drawing, PlotBox, Readout, ReadoutLine } from './plotKind.ts'
import type { PositionScale } from './positionScale.ts'
import type { Box, Mark } from './scene.ts'
import { armColour, armDash, THEORY_DASH } from './theme.ts'
import { cursorMarks, timeScale, yLabelStrip } from './timeAxis.ts'

/** Axes of both panels. */
export interface BallMemory {
  readonly distance: AxisMemory
  readonly gap: AxisMemory
}

interface Place {
  readonly panel: Box
  readonly xScale: PositionScale
  readonly canvas: readonly Mark[]
  readonly svg: readonly Mark[]
}

/** Distance against radius, and the gap where a tangent runs beside. */
export function drawBall(data: KernelPlotData, box: PlotBox, memory: BallMemory): Drawing {
  const gaps = gapSamples(data)
  const two = gaps.length > 0 && box.width > 520
  const left = two ? { ...box, width: Math.round(box.width * 0.5) } : box
  const distance = distancePanel(data, left, memory.distance)
  const gap = two ? gapPanel(data, { ...box, width: box.width - left.width }, left.width, memory.gap) : null
  const places = gap === null ? [distance] : [distance, gap]
  return {
    canvas: places.flatMap(({ canvas }) => canvas),
    svg: places.flatMap(({ svg }) => svg),
    cursor: (step) => places.flatMap(({ panel, xScale }) => cursorMarks(step, xScale, panel, box)),
    probe: (x, y) => ballProbe(data, distance, x, y, box) ?? (gap === null ? null : gapProbe(data, gap, x, y)),
    stops: {
      x: Float64Array.from(data.arms.at(0)?.samples ?? [], ({ step }) => distance.xScale.at(step)),
      y: distance.panel.y + distance.panel.height / 2,
    },
    rescaled: memory.distance.rescaled ? [yLabelStrip(distance.panel)] : [],
  }
}

function distancePanel(data: KernelPlotData, box: PlotBox, memory: AxisMemory): Place {
  const radii = data.arms.map(({ samples }) => (data.loss === undefined ? null : certificateRadii(samples, data.loss)))
  const several = data.arms.length > 1
  const finite = radii.flatMap((own) => Array.from(own ?? []).filter(Number.isFinite))
  const distances = data.arms.flatMap(({ samples }) => samples.map(({ weightDistance }) => weightDistance))
  const range = logRange(memory, [...distances, ...finite], 9)
  const ticks = panelLogScale(range, { x: 0, y: 0, width: 1, height: 100 }).ticks(24)
  const panel = panelOf(box, marginsFor(box, ticks, endLabelMargin(['A |w|', 'A R'], box, 0.3)))
  const xScale = timeScale(data.totalSteps, panel)
  const yScale = panelLogScale(range, panel)
  const lines = data.arms.map(({ arm, samples }) => ({
    arm,
    name: '',
    steps: samples.map(({ step }) => step),
    values: samples.map(({ weightDistance }) => weightDistance),
    bold: true,
  }))
  const ends: EndLabel[] = []
  const balls = data.arms.flatMap(({ arm, samples }, index): readonly Mark[] => {
    const own = radii[index]
    const stroke = armColour(box.theme, arm)
    const last = samples.at(-1)
    if (last !== undefined && last.weightDistance > 0)
      ends.push({
        text: several ? `${arm} moved` : 'moved',
        short: arm,
        colour: stroke,
        x: xScale.at(last.step),
        y: yScale.at(last.weightDistance),
        bold: true,
      })
    if (own === null) return []
    const points = samples.flatMap(({ step }, k) => [xScale.at(step), Number.isFinite(own[k]) ? yScale.at(own[k]) : NaN])
    const [x, y] = lastPoint(points)
    if (Number.isFinite(x)) ends.push({ text: several ? `${arm} R` : 'R', short: 'R', colour: stroke, x, y, bold: false })
    const dash = THEORY_DASH.map((length) => length * box.line)
    return [{ type: 'polyline', points, stroke, width: 1.5 * box.line, dash, opacity: 0.9, clip: inflated(panel, 2) }]
  })
  const yName = finite.length > 0 ? 'distance |w − w₀|, and radius R' : 'distance |w − w₀|'
  const marks = linePanelMarks({ panel, xScale, yScale, xName: 'step', yName, showX: true, lines }, box)
  return { panel, xScale, canvas: [...marks.canvas, ...balls], svg: [...marks.svg, ...endLabelMarks(ends, panel, box)] }
}

/** |F - F_lin| bold in ink, how far the network has moved thin in the colour of its arm. */
function gapPanel(data: KernelPlotData, box: PlotBox, from: number, memory: AxisMemory): Place {
  const samples = gapSamples(data)
  const range = logRange(
    memory,
    samples.flatMap(({ tangentGap }) => [tangentGap.rms, tangentGap.moved]),
    12,
  )
  const ticks = panelLogScale(range, { x: 0, y: 0, width: 1, height: 100 }).ticks(24)
  const inner = panelOf(box, marginsFor(box, ticks, endLabelMargin(['moved'], box, 0.3)))
  const panel = { ...inner, x: inner.x + from }
  const xScale = timeScale(data.totalSteps, panel)
  const yScale = panelLogScale(range, panel)
  const frame = linePanelMarks(
    { panel, xScale, yScale, xName: 'step', yName: 'outputs: |F − Fₗᵢₙ| and |F − F₀|', showX: true, lines: [] },
    { ...box, width: box.width + from },
  )
  const line = (field: 'rms' | 'moved') =>
    samples.flatMap(({ step, tangentGap }) => [xScale.at(step), tangentGap[field] > 0 ? yScale.at(tangentGap[field]) : NaN])
  const clip = inflated(panel, 2)
  const [gap, moved] = [line('rms'), line('moved')]
  const colour = armColour(box.theme, 'A')
  const ends: EndLabel[] = []
  for (const [points, text, fill, bold] of [
    [gap, 'gap', box.theme.ink, true],
    [moved, 'moved', colour, false],
  ] as const) {
    const [x, y] = lastPoint(points)
    if (Number.isFinite(x)) ends.push({ text, colour: fill, x, y, bold })
  }
  // The name of the axis stands above it, and this axis does not begin at the left edge of the plot.
  const svg = frame.svg.map((mark) => (mark.type === 'text' && mark.x === 0 && mark.anchor === 'start' ? { ...mark, x: from } : mark))
  return {
    panel,
    xScale,
    canvas: [
      ...frame.canvas,
      { type: 'polyline', points: moved, stroke: colour, width: 1.4 * box.line, dash: armDash('A', box.line), clip },
      { type: 'polyline', points: gap, stroke: box.theme.ink, width: 2.4 * box.line, clip },
    ],
    svg: [...svg, ...endLabelMarks(ends, panel, { ...box, width: box.width + from })],
  }
}

function inside({ x, y, width, height }: Box, px: number, py: number): boolean {
  return px >= x - 6 && px <= x + width + 6 && py >= y - 10 && py <= y + height + 30
}

function ballProbe(data: KernelPlotData, { panel, xScale }: Place, x: number, y: number, box: PlotBox): Readout | null {
  if (!inside(panel, x, y)) return null
  const wanted = Math.max(0, xScale.invert(x))
  const found = data.arms.flatMap(({ arm, samples }) => {
    const sample = sampleBefore(samples, wanted) ?? samples.at(0)
    if (sample === undefined) return []
    const seen = samples.slice(0, samples.indexOf(sample) + 1)
    const radii = data.loss === undefined ? null : certificateRadii(seen, data.loss)
    return [{ arm, sample, radius: radii?.at(-1), lipschitz: lipschitzEstimates(seen).at(-1)! }]
  })
  if (found.length === 0) return null
  const step = Math.max(...found.map(({ sample }) => sample.step))
  const lines = found.flatMap(({ arm, sample, radius, lipschitz }): readonly ReadoutLine[] => {
    const stroke = armColour(box.theme, arm)
    return [
      { name: `${arm} distance`, value: measuredNumber(sample.weightDistance), stroke, dash: armDash(arm, box.line) },
      ...(radius === undefined ? [] : [{ name: `${arm} radius R`, value: measuredNumber(radius), stroke, dash: THEORY_DASH }]),
      { name: `${arm} L_F so far`, value: measuredNumber(lipschitz) },
    ]
  })
  return { x: xScale.at(step), y, step, title: `step ${plainNumber(step)}`, lines, marks: [] }
}

function gapProbe(data: KernelPlotData, { panel, xScale }: Place, x: number, y: number): Readout | null {
  if (!inside(panel, x, y)) return null
  const samples = gapSamples(data)
  const sample = sampleBefore(samples, Math.max(0, xScale.invert(x))) ?? samples.at(0)
  if (sample === undefined) return null
  const { rms, moved } = sample.tangentGap
  const lines: readonly ReadoutLine[] = [
    { name: '|F − Fₗᵢₙ| per sample', value: measuredNumber(rms) },
    { name: '|F − F₀| per sample', value: measuredNumber(moved) },
    { name: 'share', value: moved > 0 ? measuredNumber(rms / moved, 2) : '–' },
  ]
  return { x: xScale.at(sample.step), y, step: sample.step, title: `step ${plainNumber(sample.step)}`, lines, marks: [] }
}
