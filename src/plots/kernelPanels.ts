// What else does a kernel tell? Eigenvalues against rank, the map of one sample per arm, and the PL* ratio between its bounds.
import type { KernelSample } from '../core/sample.ts'
import { armColour, armDash } from './theme.ts'
import { createAxisMemory } from './axisMemory.ts'
import { frameMarks, tickCount } from './frame.ts'
import type { KernelArm, KernelPlotData } from './kernelData.ts'
import { kernelMapMarks } from './kernelMap.ts'
import { linePanelMarks, logRange, panelLogScale, type PanelLine } from './linePanel.ts'
import { inflated } from './lossMarks.ts'
import { measuredNumber } from './numberText.ts'
import type { PlotBox } from './plotKind.ts'
import { linearScale, ordinalTicks, type PositionScale } from './positionScale.ts'
import { joinLabels, type Box, type Mark } from './scene.ts'

export interface PanelPair {
  readonly canvas: readonly Mark[]
  readonly svg: readonly Mark[]
}

/** |grad L|^2 / (2 L) of each arm inside the band that the inequality allows. */
export function plPanel(
  data: KernelPlotData,
  panel: Box,
  xScale: PositionScale,
  range: readonly [number, number],
  box: PlotBox,
): PanelPair {
  const yScale = panelLogScale(range, panel)
  const bottom = panel.y + panel.height
  const y = (value: number) => (value > 0 ? Math.min(bottom, yScale.at(value)) : bottom)
  const bands = data.arms.map(({ arm, samples }): Mark => {
    const points = samples.flatMap((sample) => [xScale.at(sample.step), y(sample.plUpper)])
    for (const sample of samples.toReversed()) points.push(xScale.at(sample.step), y(sample.plLower))
    return { type: 'area', points, fill: armColour(box.theme, arm), opacity: 0.12, clip: panel }
  })
  const lines = data.arms.map(({ arm, samples }): PanelLine => ({
    arm,
    name: '',
    steps: samples.map(({ step }) => step),
    values: samples.map(({ plRatio }) => plRatio),
    bold: false,
  }))
  const marks = linePanelMarks({ panel, xScale, yScale, xName: 'step', yName: 'PL* ratio within its bounds', showX: true, lines }, box)
  return { canvas: [...bands, ...marks.canvas], svg: marks.svg }
}

/** Values that the axis of the PL* panel must show. */
export function plValues(data: KernelPlotData): readonly number[] {
  return data.arms.flatMap(({ samples }) => samples.flatMap(({ plRatio, plLower, plUpper }) => [plRatio, plLower, plUpper]))
}

/** Trace kernels of the arms side by side, as large as they fit. */
export function mapsPanel(arms: readonly KernelArm[], classes: Int32Array | null, area: Box, box: PlotBox): PanelPair {
  const size = 11 * box.text
  const gap = 14
  const side = Math.max(10, Math.min(area.height, (area.width - gap * (arms.length - 1)) / Math.max(1, arms.length)))
  const canvas: Mark[] = []
  const svg: Mark[] = []
  for (const [index, { arm, current }] of arms.entries()) {
    const square = { x: area.x + index * (side + gap), y: area.y, width: side, height: side }
    canvas.push(...kernelMapMarks(current!, classes, square, box))
    const several = arms.length > 1
    const name = several ? `${arm} kernel` : `kernel of ${current!.sampleCount} samples${classes === null ? '' : ', by class'}`
    svg.push({
      type: 'text',
      x: square.x,
      y: square.y - size * 0.6,
      label: name,
      size,
      fill: several ? armColour(box.theme, arm) : box.theme.muted,
      anchor: 'start',
      bold: several,
    })
  }
  return { canvas, svg }
}

/** Eigenvalues of K in descending order on a log axis; values at or below zero lie on the lower edge as hollow dots. */
export function screePanel(arms: readonly KernelArm[], panel: Box, box: PlotBox): PanelPair {
  const count = Math.max(1, ...arms.map(({ current }) => current!.eigenvalues.length))
  const range = logRange(
    createAxisMemory(),
    arms.flatMap(({ current }) => [...current!.eigenvalues]),
    10,
  )
  const yScale = panelLogScale(range, panel)
  const xScale = linearScale([1, Math.max(1.0001, count)], [panel.x + 4, panel.x + panel.width - 4])
  const xTicks = ordinalTicks(count, tickCount(panel.width, 44, box.text))
  const yTicks = yScale.ticks(tickCount(panel.height, 34, box.text))
  const frame = frameMarks({ panel, xScale, yScale, xTicks, yTicks, xName: 'rank', yName: 'eigenvalues' }, box)
  const canvas: Mark[] = [...frame.grid]
  for (const { arm, current } of arms) {
    const stroke = armColour(box.theme, arm)
    const points: number[] = []
    const floor: number[] = []
    const { eigenvalues } = current!
    for (let rank = 1; rank <= eigenvalues.length; rank++) {
      const value = eigenvalues[eigenvalues.length - rank]
      if (value >= range[0]) points.push(xScale.at(rank), yScale.at(value))
      else floor.push(xScale.at(rank), panel.y + panel.height)
    }
    canvas.push({ type: 'polyline', points, stroke, width: 1.3 * box.line, dash: armDash(arm, box.line), clip: inflated(panel, 2) })
    if (points.length < 100)
      canvas.push({
        type: 'dots',
        points,
        radius: 2 * box.line,
        fill: arm === 'A' ? stroke : null,
        background: box.theme.background,
        stroke,
        strokeWidth: 1,
      })
    canvas.push({ type: 'dots', points: floor, radius: 2 * box.line, fill: null, background: box.theme.background, stroke, strokeWidth: 1 })
  }
  const condition = conditionLabel(arms)
  const size = 11 * box.text
  const words: Mark[] =
    condition === null
      ? []
      : [{ type: 'text', x: panel.x + panel.width, y: panel.y - size * 0.75, label: condition, size, fill: box.theme.muted, anchor: 'end' }]
  return { canvas, svg: [...frame.words, ...words] }
}

function conditionLabel(arms: readonly KernelArm[]): ReturnType<typeof joinLabels> | null {
  const parts = arms.map(({ arm, current }) =>
    joinLabels(arms.length > 1 ? `${arm} ` : '', measuredNumber((current as KernelSample).condition, 2)),
  )
  return parts.length === 0 ? null : joinLabels('condition ', ...parts.flatMap((part, index) => (index === 0 ? [part] : [' · ', part])))
}
