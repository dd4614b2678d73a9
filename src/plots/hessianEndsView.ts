// When does the valley sharpen, and does the optimizer follow? Three outer eigenvalues at each end, and the step against 1/lambda_max.
import type { AxisMemory } from './axisMemory.ts'
import { emptyReason } from './cosineData.ts'
import { effectiveStepPanel, inverseCurvature } from './effectiveStepPanel.ts'
import { emptyMarks, emptyWords } from './emptyState.ts'
import { endValue, extremesPanel } from './extremesPanel.ts'
import { marginsFor, panelOf } from './frame.ts'
import { sampleBefore } from './gradientData.ts'
import type { HessianPlotData } from './hessianData.ts'
import { measuredNumber, plainNumber } from './numberText.ts'
import type { Drawing, PlotBox, Readout, ReadoutLine } from './plotKind.ts'
import type { PositionScale } from './positionScale.ts'
import { joinLabels, type Box, type Label } from './scene.ts'
import { endsRange, type SpectrumMemory } from './spectrumAxis.ts'
import { armColour } from './theme.ts'
import { cursorMarks, yLabelStrip } from './timeAxis.ts'

/** Axes of both panels. */
export interface EndsMemory {
  readonly ends: SpectrumMemory
  readonly steps: AxisMemory
}

/** Ends over time on the left, the effective step on the right where there is room. */
export function drawEnds(data: HessianPlotData, box: PlotBox, memory: EndsMemory): Drawing {
  const reason = emptyReason(data.arms)
  const range = reason === undefined ? endsRange(data.arms, memory.ends) : null
  if (range === null) {
    const words =
      reason === undefined
        ? { head: 'Every eigenvalue is zero', body: 'The loss is exactly flat around these weights.' }
        : emptyWords('hessian', reason)
    return { canvas: [], svg: emptyMarks(words, box), cursor: () => [], probe: () => null, stops: { x: [], y: 0 }, rescaled: [] }
  }
  const wide = box.width > 520
  const left = wide ? { ...box, width: Math.round(box.width * 0.54) } : box
  const ticks = [{ value: 0, label: [{ text: '−10' }, { text: '−10', shift: 'super' as const }] }]
  const room = (data.arms.length > 1 ? 44 : 34) * box.text
  const panel = panelOf(left, marginsFor(left, ticks, room))
  const ends = extremesPanel(data, range, panel, { perEnd: 3, title: 'three largest and three smallest eigenvalues' }, left)
  const from = left.width + 46 * box.text
  const right: Box = { x: from, y: panel.y, width: box.width - from - (data.arms.length > 1 ? 48 : 50) * box.text, height: panel.height }
  const steps = wide ? effectiveStepPanel(data, right, memory.steps, box) : null
  // Names of axes begin at the left edge of the plot; this panel does not.
  const moved = (steps?.svg ?? []).map((mark) =>
    mark.type === 'text' && mark.x === 0 && mark.anchor === 'start' ? { ...mark, x: right.x } : mark,
  )
  return {
    canvas: [...ends.canvas, ...(steps?.canvas ?? [])],
    svg: [...ends.svg, ...moved],
    cursor: (step) => [
      ...cursorMarks(step, ends.xScale, panel, box),
      ...(steps === null ? [] : cursorMarks(step, steps.xScale, right, box)),
    ],
    probe: (x, y) =>
      endsProbe(data, ends.xScale, panel, x, y, box) ?? (steps === null ? null : stepsProbe(data, steps.xScale, right, x, y, box)),
    stops: { x: Float64Array.from(data.arms.at(0)?.samples ?? [], ({ step }) => ends.xScale.at(step)), y: panel.y + panel.height / 2 },
    rescaled: memory.ends.decades.rescaled || memory.ends.negative.rescaled ? [yLabelStrip(panel)] : [],
  }
}

function inside({ x, y, width, height }: Box, px: number, py: number): boolean {
  return px >= x - 6 && px <= x + width + 6 && py >= y - 10 && py <= y + height + 30
}

function endsProbe(data: HessianPlotData, xScale: PositionScale, panel: Box, x: number, y: number, box: PlotBox): Readout | null {
  if (!inside(panel, x, y)) return null
  return atStep(data, xScale, x, y, (arm, sample) => {
    const stroke = armColour(box.theme, arm)
    const value = (end: 'largest' | 'smallest'): Label => {
      const outer = [0, 1, 2].map((rank) => endValue(sample, end, rank)).filter(({ value: v }) => Number.isFinite(v))
      return joinLabels(...outer.flatMap(({ value: v }, k) => [k === 0 ? '' : ', ', measuredNumber(v, 2)]))
    }
    const bound = endValue(sample, 'largest', 0).residual
    const sure: readonly ReadoutLine[] =
      bound > 0 ? [{ name: 'bound on the first', value: joinLabels('± ', measuredNumber(bound, 1)) }] : []
    return [
      { name: `${arm} largest`, value: value('largest'), stroke },
      { name: `${arm} smallest`, value: value('smallest'), stroke },
      ...sure,
    ]
  })
}

function stepsProbe(data: HessianPlotData, xScale: PositionScale, panel: Box, x: number, y: number, box: PlotBox): Readout | null {
  if (!inside(panel, x, y)) return null
  return atStep(data, xScale, x, y, (arm, sample) => {
    const stroke = armColour(box.theme, arm)
    const { effectiveStep } = sample
    const lines: ReadoutLine[] = []
    if (effectiveStep !== null) {
      lines.push({ name: `${arm} step, median`, value: measuredNumber(effectiveStep.median, 2), stroke })
      if (effectiveStep.max > effectiveStep.min)
        lines.push({
          name: 'over all weights',
          value: joinLabels(measuredNumber(effectiveStep.min, 2), ' … ', measuredNumber(effectiveStep.max, 2)),
        })
    }
    return [...lines, { name: `${arm} 1/λmax`, value: measuredNumber(inverseCurvature(sample), 2), stroke }]
  })
}

function atStep(
  data: HessianPlotData,
  xScale: PositionScale,
  x: number,
  y: number,
  linesOf: (
    arm: HessianPlotData['arms'][number]['arm'],
    sample: HessianPlotData['arms'][number]['samples'][number],
  ) => readonly ReadoutLine[],
): Readout | null {
  const wanted = Math.max(0, xScale.invert(x))
  const found = data.arms.flatMap(({ arm, samples }) => {
    const sample = sampleBefore(samples, wanted) ?? samples.at(0)
    return sample === undefined ? [] : [{ arm, sample }]
  })
  if (found.length === 0) return null
  const step = Math.max(...found.map(({ sample }) => sample.step))
  const lines = found.flatMap(({ arm, sample }) => linesOf(arm, sample))
  return { x: xScale.at(step), y, step, title: `step ${plainNumber(step)}`, lines, marks: [] }
}
