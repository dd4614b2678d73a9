// How do the sharpest and the most negative direction move during training? Both extremes against step, on the spectrum's own scale.
import type { PanelMarks } from './accuracyPanel.ts'
import { endLabelMarks, type EndLabel } from './endLabels.ts'
import { frameMarks, tickCount } from './frame.ts'
import type { HessianPlotData } from './hessianData.ts'
import { inflated, lastPoint } from './lossMarks.ts'
import type { PlotBox } from './plotKind.ts'
import { symlogScale, type PositionScale } from './positionScale.ts'
import { segment, type Box, type Mark } from './scene.ts'
import type { SpectrumRange } from './spectrumAxis.ts'
import { armColour, armDash, THEORY_DASH } from './theme.ts'
import { timeScale } from './timeAxis.ts'

/** lambda_max and lambda_min of each arm with the stability line; thin bars are residual bounds. */
export function extremesPanel(
  data: HessianPlotData,
  range: SpectrumRange,
  panel: Box,
  box: PlotBox,
): PanelMarks & { readonly xScale: PositionScale } {
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
    label: 'largest and smallest eigenvalue',
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
  for (const { arm, samples, stability } of data.arms) {
    const stroke = armColour(box.theme, arm)
    for (const field of ['lambdaMax', 'lambdaMin'] as const) {
      const points = Float64Array.from({ length: 2 * samples.length }, (_, i) =>
        i % 2 === 0 ? xScale.at(samples[i >> 1].step) : yScale.at(samples[i >> 1][field]),
      )
      canvas.push({ type: 'polyline', points, stroke, width: 1.8 * box.line, dash: armDash(arm, box.line), clip: inflated(panel, 2) })
      const [x, y] = lastPoint(points)
      if (Number.isFinite(x))
        ends.push({
          text: data.arms.length > 1 ? `${arm} ${field === 'lambdaMax' ? 'max' : 'min'}` : field === 'lambdaMax' ? 'max' : 'min',
          short: arm,
          colour: stroke,
          x,
          y,
          bold: field === 'lambdaMax',
        })
    }
    if (stability === null || stability.value > range.high) continue
    const y = yScale.at(stability.value)
    canvas.push(segment(panel.x, y, panel.x + panel.width, y, stroke, 1.3 * box.line, { dash: THEORY_DASH, opacity: 0.8 }))
    names.push({
      type: 'text',
      x: panel.x + panel.width,
      y: y + size * 1.05,
      label: stability.label,
      size,
      fill: stroke,
      anchor: 'end',
      halo: box.theme.background,
    })
  }
  return { canvas, svg: [...frame.words, title, ...names, ...endLabelMarks(ends, panel, box)], xScale }
}
