// Does the optimizer step as far as the curvature allows? Its step per weight against 1/lambda_max over time, on one log axis.
//
// On a plateau an adaptive step grows as the curvature falls: two lines that run together. Plain descent keeps one step.
import type { HessianSample } from '../core/sample.ts'
import type { PanelMarks } from './accuracyPanel.ts'
import type { AxisMemory } from './axisMemory.ts'
import { endLabelMarks, type EndLabel } from './endLabels.ts'
import type { HessianPlotData } from './hessianData.ts'
import { linePanelMarks, logRange, panelLogScale, type PanelLine } from './linePanel.ts'
import { inflated, lastPoint } from './lossMarks.ts'
import type { PlotBox } from './plotKind.ts'
import type { PositionScale } from './positionScale.ts'
import type { Box, Mark } from './scene.ts'
import { armColour, armDash } from './theme.ts'
import { timeScale } from './timeAxis.ts'

/** 1/lambda_max, NaN where nothing curves upwards. */
export function inverseCurvature({ lambdaMax }: HessianSample): number {
  return lambdaMax > 0 ? 1 / lambdaMax : NaN
}

/** The median step with the range over weights tinted, and 1/lambda_max thin with hollow circles. */
export function effectiveStepPanel(
  data: HessianPlotData,
  panel: Box,
  memory: AxisMemory,
  box: PlotBox,
): PanelMarks & { readonly xScale: PositionScale } {
  const xScale = timeScale(data.totalSteps, panel)
  const range = logRange(memory, valuesOf(data), 16)
  const yScale = panelLogScale(range, panel)
  const several = data.arms.length > 1
  const bands: Mark[] = []
  const circles: Mark[] = []
  const ends: EndLabel[] = []
  const lines: PanelLine[] = []
  for (const { arm, samples } of data.arms) {
    const stroke = armColour(box.theme, arm)
    const stepped = samples.flatMap(({ step, effectiveStep }) => (effectiveStep === null ? [] : [{ step, ...effectiveStep }]))
    const floor = (value: number) => yScale.at(Math.max(range[0] / 10, value))
    if (stepped.some(({ min, max }) => max > min)) {
      const points = stepped.flatMap(({ step, max }) => [xScale.at(step), floor(max)])
      for (const { step, min } of stepped.toReversed()) points.push(xScale.at(step), floor(min))
      bands.push({ type: 'area', points, fill: stroke, opacity: 0.13, clip: panel })
    }
    lines.push({
      arm,
      name: several ? `${arm} step` : 'step',
      steps: stepped.map(({ step }) => step),
      values: stepped.map(({ median }) => median),
      bold: true,
    })
    const points = samples.flatMap((sample) => {
      const value = inverseCurvature(sample)
      return [xScale.at(sample.step), value > 0 ? yScale.at(value) : NaN]
    })
    circles.push(
      { type: 'polyline', points, stroke, width: 1.2 * box.line, opacity: 0.8, dash: armDash(arm, box.line), clip: inflated(panel, 2) },
      {
        type: 'dots',
        points: spaced(points, 11),
        radius: 2.2 * box.line,
        fill: null,
        background: box.theme.background,
        stroke,
        strokeWidth: 1.1 * box.line,
      },
    )
    const [x, y] = lastPoint(points)
    if (Number.isFinite(x))
      ends.push({ text: several ? `${arm} 1/λ` : '1/λmax', short: several ? arm : '1/λ', colour: stroke, x, y, bold: false })
  }
  const frame = linePanelMarks(
    {
      panel,
      xScale,
      yScale,
      xName: 'step',
      yName: 'step per weight, and ○ 1/λmax',
      showX: true,
      lines: lines.map((line) => ({ ...line, name: '' })),
    },
    box,
  )
  for (const { arm, name, steps, values } of lines) {
    const last = values.length - 1
    if (last >= 0 && values[last] > 0)
      ends.push({
        text: name,
        short: arm,
        colour: armColour(box.theme, arm),
        x: xScale.at(steps[last]),
        y: yScale.at(values[last]),
        bold: true,
      })
  }
  return { canvas: [...bands, ...frame.canvas, ...circles], svg: [...frame.svg, ...endLabelMarks(ends, panel, box)], xScale }
}

function* valuesOf(data: HessianPlotData): Generator<number> {
  for (const { samples } of data.arms) {
    for (const sample of samples) {
      if (sample.effectiveStep !== null) yield sample.effectiveStep.median
      yield inverseCurvature(sample)
    }
  }
}

/** Points [n] of which each is at least so many pixels from the one before. */
function spaced(points: readonly number[], least: number): readonly number[] {
  const kept: number[] = []
  for (let i = 0; i + 1 < points.length; i += 2) {
    if (!Number.isFinite(points[i + 1])) continue
    if (kept.length === 0 || points[i] - kept[kept.length - 2] >= least) kept.push(points[i], points[i + 1])
  }
  return kept
}
