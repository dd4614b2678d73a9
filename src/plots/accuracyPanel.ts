// How many samples are right? Train and test accuracy of the focus seed, in per cent, under the loss on the same time axis.
import { endLabelMarks, type EndLabel } from './endLabels.ts'
import { frameMarks, tickCount } from './frame.ts'
import { rowAt, type EvaluationColumns, type LossPlotData } from './lossData.ts'
import { circles, evaluationPoints, lastPoint } from './lossMarks.ts'
import type { PlotBox, ReadoutLine } from './plotKind.ts'
import { linearScale, type PositionScale } from './positionScale.ts'
import type { Box, Mark } from './scene.ts'
import { armColour, armDash } from './theme.ts'

/** Grid and curves for the canvas, words for the layer above. */
export interface PanelMarks {
  readonly canvas: readonly Mark[]
  readonly svg: readonly Mark[]
}

/** The panel with a fixed axis from 0 to 100 %. */
export function accuracyPanel(data: LossPlotData, panel: Box, xScale: PositionScale, box: PlotBox): PanelMarks {
  const yScale = linearScale([0, 1], [panel.y + panel.height, panel.y])
  const every = panel.height > 90 * box.text ? 0.25 : 0.5
  const yTicks = Array.from({ length: 1 + 1 / every }, (_, k) => ({ value: k * every, label: `${100 * k * every} %` }))
  const xTicks = xScale.ticks(tickCount(panel.width, 90, box.text))
  const frame = frameMarks({ panel, xScale, yScale, xTicks, yTicks, xName: 'step', yName: 'accuracy' }, box)
  const canvas: Mark[] = [...frame.grid]
  const ends: EndLabel[] = []
  const single = data.evaluations.length === 1
  for (const evaluation of data.evaluations) {
    const colour = armColour(box.theme, evaluation.arm)
    for (const [values, name, width] of [
      [evaluation.trainAccuracy, 'train', 2.2],
      [evaluation.testAccuracy, 'test', 1.4],
    ] as const) {
      if (values === null || values.length === 0) continue
      const points = evaluationPoints(evaluation.steps, values, xScale, yScale.at)
      canvas.push({ type: 'polyline', points, stroke: colour, width: width * box.line, dash: armDash(evaluation.arm, box.line) })
      if (name === 'test') canvas.push(circles(points, colour, box))
      const [x, y] = lastPoint(points)
      const value = `${(100 * values[values.length - 1]).toFixed(1)} %`
      ends.push({ text: `${single ? '' : `${evaluation.arm} `}${name} ${value}`, colour, x, y, bold: name === 'train' })
    }
  }
  return { canvas, svg: [...frame.words, ...endLabelMarks(ends, panel, box)] }
}

/** Accuracies at a step, for the readout. */
export function accuracyLines(evaluations: readonly EvaluationColumns[], step: number, box: PlotBox): readonly ReadoutLine[] {
  return evaluations.flatMap((evaluation) => {
    const row = rowAt(evaluation.steps, evaluation.steps.length, step)
    if (row < 0) return []
    const stroke = armColour(box.theme, evaluation.arm)
    const percent = (values: Float64Array | null, name: string): readonly ReadoutLine[] =>
      values === null
        ? []
        : [
            {
              name: `${evaluation.arm} ${name} accuracy`,
              value: `${(100 * values[row]).toFixed(1)} %`,
              stroke,
              dash: armDash(evaluation.arm, box.line),
            },
          ]
    return [...percent(evaluation.trainAccuracy, 'train'), ...percent(evaluation.testAccuracy, 'test')]
  })
}
