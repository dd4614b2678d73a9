// How do the sharpest and the most negative directions move during training? The outer eigenvalues against step, on a symmetric log scale.
import type { PanelMarks } from './accuracyPanel.ts'
import { endLabelMarks, type EndLabel } from './endLabels.ts'
import { frameMarks, tickCount } from './frame.ts'
import type { HessianSample } from '../core/sample.ts'
import type { HessianPlotData } from './hessianData.ts'
import { inflated, lastPoint } from './lossMarks.ts'
import { measuredNumber } from './numberText.ts'
import type { PlotBox, Readout } from './plotKind.ts'
import { symlogScale, type PositionScale } from './positionScale.ts'
import { segment, type Box, type Mark } from './scene.ts'
import type { SpectrumRange } from './spectrumAxis.ts'
import { textWidth } from './textWidth.ts'
import { armColour, armDash, THEORY_DASH } from './theme.ts'
import { timeScale } from './timeAxis.ts'

/** Width of "A max" with the gap before it. */
const ROOM = 56

/** How the ends are drawn. */
export interface EndsLook {
  /** 1: lambda_max and lambda_min only; 3: three at each end. */
  readonly perEnd: 1 | 3
  readonly title: string
}

/** The ends of each arm's spectrum with the stability line; tinted bands are residual bounds. */
export function extremesPanel(
  data: HessianPlotData,
  range: SpectrumRange,
  panel: Box,
  look: EndsLook,
  box: PlotBox,
): PanelMarks & { readonly xScale: PositionScale; readonly yScale: PositionScale } {
  const xScale = timeScale(data.totalSteps, panel)
  const yScale = symlogScale([range.low, range.high], [panel.y + panel.height, panel.y], range.linear)
  const xTicks = xScale.ticks(tickCount(panel.width, 70, box.text))
  const yTicks = yScale.ticks(tickCount(panel.height, 38, box.text))
  const frame = frameMarks({ panel, xScale, yScale, xTicks, yTicks, xName: 'step', yName: '' }, box)
  const size = 11 * box.text
  const title: Mark = {
    type: 'text',
    x: panel.x,
    y: panel.y - size * 0.75,
    label: look.title,
    size,
    fill: box.theme.muted,
    anchor: 'start',
  }
  const canvas: Mark[] = [
    ...frame.grid,
    segment(panel.x, yScale.at(0), panel.x + panel.width, yScale.at(0), box.theme.muted, 1, { opacity: 0.6 }),
  ]
  const ends: EndLabel[] = []
  const names: Mark[] = []
  const limits: { readonly y: number; readonly label: string; readonly fill: string }[] = []
  for (const { arm, samples, stability } of data.arms) {
    const stroke = armColour(box.theme, arm)
    for (const end of ['largest', 'smallest'] as const) {
      for (let rank = look.perEnd - 1; rank >= 0; rank--) {
        const values = samples.map((sample) => endValue(sample, end, rank))
        const points = values.flatMap(({ value }, i) => [xScale.at(samples[i].step), yScale.at(value)])
        if (values.some(({ residual }) => residual > 0)) canvas.push(residualBand(samples, values, xScale, yScale, stroke, panel))
        canvas.push({
          type: 'polyline',
          points,
          stroke,
          width: (rank === 0 ? 2 : 1.2) * box.line,
          opacity: rank === 0 ? 1 : 0.65,
          dash: armDash(arm, box.line),
          clip: inflated(panel, 2),
        })
        const [x, y] = lastPoint(points)
        if (values.filter(({ value }) => Number.isFinite(value)).length === 1)
          canvas.push({ type: 'dots', points: [x, y], radius: (rank === 0 ? 3 : 2) * box.line, fill: stroke })
        if (rank > 0 || !Number.isFinite(x)) continue
        const name = end === 'largest' ? 'max' : 'min'
        ends.push({ text: data.arms.length > 1 ? `${arm} ${name}` : name, short: arm, colour: stroke, x, y, bold: end === 'largest' })
      }
    }
    if (stability === null || stability.value > range.high) continue
    const y = yScale.at(stability.value)
    canvas.push(segment(panel.x, y, panel.x + panel.width, y, stroke, 1.3 * box.line, { dash: THEORY_DASH, opacity: 0.8 }))
    limits.push({ y, label: stability.label, fill: stroke })
  }
  for (const { y, label, fill } of limits) {
    const below = y + size * 1.05
    // Two optimizers with one limit have one name for it.
    if (names.some((mark) => mark.type === 'text' && Math.abs(mark.y - below) < size * 1.2)) continue
    // It stands at the right end, or at the left where the name of a line is there.
    const from = panel.x + panel.width - textWidth(label, size)
    const isTaken = ends.some((end) => Math.abs(end.y - y - size * 0.7) < size * 1.8 && end.x + ROOM * box.text > from)
    const place = isTaken ? ({ x: panel.x + 4, anchor: 'start' } as const) : ({ x: panel.x + panel.width, anchor: 'end' } as const)
    names.push({ type: 'text', ...place, y: below, label, size, fill, halo: box.theme.background })
  }
  return { canvas, svg: [...frame.words, title, ...names, ...endLabelMarks(ends, panel, box)], xScale, yScale }
}

/** One of the outer eigenvalues, counted from the outside; NaN where the spectrum has none of this rank. */
export function endValue(
  sample: HessianSample,
  end: 'largest' | 'smallest',
  rank: number,
): { readonly value: number; readonly residual: number } {
  const { ends } = sample
  if (ends !== undefined) {
    const residuals = end === 'largest' ? ends.largestResiduals : ends.smallestResiduals
    return { value: ends[end][rank] ?? NaN, residual: residuals[rank] ?? 0 }
  }
  if (rank > 0) return { value: NaN, residual: 0 }
  return end === 'largest'
    ? { value: sample.lambdaMax, residual: sample.lambdaMaxResidual }
    : { value: sample.lambdaMin, residual: sample.lambdaMinResidual }
}

/** An eigenvalue lies somewhere in this band. */
function residualBand(
  samples: readonly HessianSample[],
  values: readonly { readonly value: number; readonly residual: number }[],
  xScale: PositionScale,
  yScale: PositionScale,
  fill: string,
  clip: Box,
): Mark {
  const known = samples.flatMap(({ step }, i) => (Number.isFinite(values[i].value) ? [{ x: xScale.at(step), ...values[i] }] : []))
  const points = known.flatMap(({ x, value, residual }) => [x, yScale.at(value + residual)])
  for (const { x, value, residual } of known.toReversed()) points.push(x, yScale.at(value - residual))
  return { type: 'area', points, fill, opacity: 0.14, clip }
}

/** What the pointer says on a panel of extremes over time. */
export function extremesProbe(
  data: HessianPlotData,
  xScale: PositionScale,
  panel: Box,
  x: number,
  y: number,
  box: PlotBox,
): Readout | null {
  if (x < panel.x || x > panel.x + panel.width || y < panel.y || y > panel.y + panel.height) return null
  const wanted = xScale.invert(x)
  const found = data.arms.flatMap(({ arm, samples }) => {
    const sample = samples.findLast(({ step }) => step <= wanted)
    return sample === undefined ? [] : [{ arm, sample }]
  })
  if (found.length === 0) return null
  const step = Math.max(...found.map(({ sample }) => sample.step))
  const lines = found.flatMap(({ arm, sample }) => {
    const stroke = armColour(box.theme, arm)
    return [
      { name: `${arm} largest`, value: measuredNumber(sample.lambdaMax), stroke },
      { name: `${arm} smallest`, value: measuredNumber(sample.lambdaMin), stroke },
    ]
  })
  return { x: xScale.at(step), y, step, title: `step ${step}`, lines, marks: [] }
}
