// What does the loss plot say under the pointer? The nearest step that every arm has, with median and spread.
import { accuracyLines } from './accuracyPanel.ts'
import { rowAt, type LossPlotData } from './lossData.ts'
import { lossY, type LossPanel } from './lossMarks.ts'
import type { PreparedArm } from './lossMemory.ts'
import { measuredNumber, plainNumber } from './numberText.ts'
import type { PlotBox, Readout, ReadoutLine } from './plotKind.ts'
import { joinLabels, type Mark } from './scene.ts'
import { rowMean } from './seedMeans.ts'
import { HIGHEST, LOWEST, MEDIAN, QUANTILE_COUNT } from './seedQuantiles.ts'
import { armColour, armDash, THEORY_DASH } from './theme.ts'
import { interpolated, theoryLabel, theoryValue } from './theoryMarks.ts'

/** Readout of the step nearest to a pixel; null outside the panel and before the first row. */
export function lossProbe(
  data: LossPlotData,
  arms: readonly PreparedArm[],
  place: LossPanel,
  box: PlotBox,
): (x: number, y: number) => Readout | null {
  const { panel, xScale } = place
  return (x, y) => {
    if (x < panel.x - 8 || x > panel.x + panel.width + 8 || y < panel.y - 12) return null
    const wanted = Math.round(Math.min(xScale.domain[1], Math.max(0, xScale.invert(x))))
    const steps = arms.flatMap(({ quantiles }) => {
      const row = Math.max(0, rowAt(quantiles.steps, quantiles.count, wanted))
      return quantiles.count === 0 ? [] : [quantiles.steps[row]]
    })
    if (steps.length === 0) return null
    const step = Math.max(...steps)
    const marks: Mark[] = []
    const lines: ReadoutLine[] = []
    for (const arm of arms) {
      const row = rowAt(arm.quantiles.steps, arm.quantiles.count, step)
      if (row < 0) continue
      lines.push(...armLines(arm, row, box, data.evaluations.length > 0))
      const value = arm.quantiles.values[row * QUANTILE_COUNT + MEDIAN]
      const fill = armColour(box.theme, arm.source.arm)
      marks.push({
        type: 'dots',
        points: [xScale.at(step), lossY(place)(value)],
        radius: 3.6 * box.line,
        fill,
        stroke: box.theme.background,
        strokeWidth: 1.5,
      })
    }
    lines.push(...evaluationLines(data, step, box), ...accuracyLines(data.evaluations, step, box), ...theoryLines(data, step, box))
    return { x: xScale.at(step), y, step, title: `step ${plainNumber(step)}`, lines, marks }
  }
}

function armLines(arm: PreparedArm, row: number, box: PlotBox, evaluated: boolean): readonly ReadoutLine[] {
  const { values } = arm.quantiles
  const at = (q: number) => values[row * QUANTILE_COUNT + q]
  const many = arm.source.seedCount > 1
  const name = box.variant === 'main' ? `${arm.source.arm} ${arm.source.label}` : arm.source.arm
  const lines: ReadoutLine[] = [
    {
      name: many ? `${name}, median` : evaluated ? `${name}, batch` : name,
      value: measuredNumber(at(MEDIAN)),
      stroke: armColour(box.theme, arm.source.arm),
      dash: armDash(arm.source.arm, box.line),
    },
  ]
  if (many && box.variant === 'main') {
    lines.push({ name: '5–95 % of seeds', value: joinLabels(measuredNumber(at(LOWEST), 2), ' … ', measuredNumber(at(HIGHEST), 2)) })
    const { mean, lower, upper } = rowMean(arm.source.values, row * arm.source.seedCount, arm.source.seedCount)
    lines.push({
      name: 'mean, 95 % interval',
      value: joinLabels(measuredNumber(mean, 2), ', ', measuredNumber(lower, 2), ' … ', measuredNumber(upper, 2)),
    })
  }
  return lines
}

function evaluationLines(data: LossPlotData, step: number, box: PlotBox): readonly ReadoutLine[] {
  if (box.variant !== 'main') return []
  return data.evaluations.flatMap(({ arm, steps, trainLoss, testLoss }) => {
    const row = rowAt(steps, steps.length, step)
    if (row < 0) return []
    const stroke = armColour(box.theme, arm)
    const dash = armDash(arm, box.line)
    const train: ReadoutLine = { name: `${arm} train loss`, value: measuredNumber(trainLoss[row]), stroke, dash }
    return testLoss === null ? [train] : [train, { name: `${arm} test loss`, value: measuredNumber(testLoss[row]), stroke, dash }]
  })
}

function theoryLines(data: LossPlotData, step: number, box: PlotBox): readonly ReadoutLine[] {
  if (box.variant !== 'main') return []
  return data.theory.flatMap((curve) => {
    const value = interpolated(curve, step, (i) => theoryValue(curve, i))
    return Number.isNaN(value)
      ? []
      : [{ name: theoryLabel(curve), value: measuredNumber(value), stroke: box.theme.theory, dash: THEORY_DASH }]
  })
}
