// How strong is the gradient in each layer now? Median and bands over seeds against layer, with the predicted slope.
import { armColour, armDash, THEORY_DASH } from './theme.ts'
import { endLabelMarks, type EndLabel } from './endLabels.ts'
import { crisp, frameMarks, tickCount } from './frame.ts'
import { sampleQuantiles, type GradientNormArm, type GradientNormPlotData } from './gradientData.ts'
import { meanEnd, meanLine, meanMarks } from './gradientStatisticsView.ts'
import { inflated } from './lossMarks.ts'
import { measuredFromLog10 } from './numberText.ts'
import type { PlotBox, Readout, ReadoutLine } from './plotKind.ts'
import type { ProfilePanel } from './profilePlace.ts'
import { linearScale, exponentScale, ordinalTicks } from './positionScale.ts'
import { joinLabels, segment, type Box, type Mark } from './scene.ts'
import { HIGHEST, LOWER, LOWEST, MEDIAN, QUANTILE_COUNT, UPPER } from './seedQuantiles.ts'
import { interpolated, theoryLabel, theoryLine, theoryLog10, theoryName } from './theoryMarks.ts'

const NAMES = {
  norm: { long: '|gradient|, one layer', short: '|gradient|' },
  meanAbs: { long: 'mean |entry|', short: 'mean |entry|' },
  forward: { long: 'signal |z|, over that of layer 1', short: '|z| / |z₁|' },
} as const

/** Scales of the profile: layers 1 .. L across, exponents `range` up. */
export function profilePanel(data: GradientNormPlotData, panel: Box, range: readonly [number, number]): ProfilePanel {
  const layerCount = Math.max(1, ...data.arms.map(({ current, samples }) => (current ?? samples.at(-1))?.layerCount ?? 1))
  const pad = layerCount === 1 ? panel.width / 2 : Math.min(8, panel.width / (2 * layerCount))
  const xScale = linearScale([1, Math.max(layerCount, 1.0001)], [panel.x + pad, panel.x + panel.width - pad])
  return { panel, xScale, yScale: exponentScale(range, [panel.y + panel.height, panel.y]), layerCount }
}

/** Grid, bands, lines; axes and names. */
export function profileMarks(
  data: GradientNormPlotData,
  place: ProfilePanel,
  box: PlotBox,
): { readonly canvas: readonly Mark[]; readonly svg: readonly Mark[] } {
  const { panel, xScale, yScale, layerCount } = place
  const main = box.variant === 'main'
  const yTicks = yScale.ticks(tickCount(panel.height, main ? 42 : 38, box.text))
  const xTicks = ordinalTicks(layerCount, tickCount(panel.width, 44, box.text))
  const yName = main ? NAMES[data.quantity].long : NAMES[data.quantity].short
  const frame = frameMarks(
    {
      panel,
      xScale,
      yScale,
      xTicks,
      yTicks,
      xName: 'layer (1 = input)',
      yName,
    },
    box,
  )
  const canvas: Mark[] = [...frame.grid]
  const ends: EndLabel[] = []
  const names: Mark[] = []
  const drawn = data.arms.filter((arm) => arm.current !== null)
  const statistics = data.view === 'statistics' && main
  if (statistics) canvas.push(...meanMarks(data, place, box))
  else for (const arm of drawn) canvas.push(...bandMarks(arm, data, place, box))
  for (const arm of drawn) {
    const median = medianMarks(arm, data, place, box, statistics && arm.current!.seedCount > 1)
    canvas.push(...median.marks)
    const end = statistics ? meanEnd(arm, data, place) : median.end
    const text = main ? (drawn.length > 1 ? `${arm.arm} ${arm.label}` : '') : drawn.length > 1 ? arm.arm : ''
    if (end !== null && text !== '')
      ends.push({ text, short: arm.arm, colour: armColour(box.theme, arm.arm), x: end[0], y: end[1], bold: true })
  }
  const labels = endLabelMarks(ends, panel, box)
  for (const curve of data.theory) {
    const line = theoryLine(
      curve,
      (layer) => xScale.at(layer + 1),
      (i) => yScale.at(theoryLog10(curve, i)),
      panel,
      box,
    )
    canvas.push(line)
    names.push(...theoryName(line, curve, panel, box, labels))
  }
  const hovered = box.hoverLayer === null || box.hoverLayer >= layerCount ? [] : [layerLine(box.hoverLayer, place, box)]
  return { canvas, svg: [...frame.words, ...hovered, ...names, ...labels] }
}

/** The line of one layer through the profile. */
export function layerLine(layer: number, { panel, xScale }: ProfilePanel, box: PlotBox): Mark {
  const x = crisp(xScale.at(layer + 1))
  return segment(x, panel.y, x, panel.y + panel.height, box.theme.ink, 1, { opacity: 0.35 })
}

function bandMarks(arm: GradientNormArm, data: GradientNormPlotData, place: ProfilePanel, box: PlotBox): readonly Mark[] {
  const sample = arm.current!
  if (sample.seedCount < 4 || sample.layerCount < 2) return []
  const quantiles = sampleQuantiles(sample, data.quantity)
  const clamp = (value: number) => Math.max(place.yScale.domain[0] - 9, value)
  return [
    [LOWEST, HIGHEST, 0.08],
    [LOWER, UPPER, 0.15],
  ].map(([lower, upper, opacity]) => {
    const points: number[] = []
    for (let layer = 0; layer < sample.layerCount; layer++)
      points.push(place.xScale.at(layer + 1), place.yScale.at(clamp(quantiles[layer * QUANTILE_COUNT + upper])))
    for (let layer = sample.layerCount - 1; layer >= 0; layer--)
      points.push(place.xScale.at(layer + 1), place.yScale.at(clamp(quantiles[layer * QUANTILE_COUNT + lower])))
    return {
      type: 'area',
      points: points.map((value) => (Number.isNaN(value) ? place.panel.y + place.panel.height : value)),
      fill: armColour(box.theme, arm.arm),
      opacity,
      clip: place.panel,
    }
  })
}

/** The median line; hollow dots on the lower edge where it is exactly zero, hollow dots on the line where it is a bound. */
function medianMarks(
  arm: GradientNormArm,
  data: GradientNormPlotData,
  place: ProfilePanel,
  box: PlotBox,
  dotted: boolean,
): { readonly marks: readonly Mark[]; readonly end: readonly [number, number] | null } {
  const sample = arm.current!
  const { panel, xScale, yScale } = place
  const quantiles = sampleQuantiles(sample, data.quantity)
  const stroke = armColour(box.theme, arm.arm)
  const points: number[] = []
  const full: number[] = []
  const hollow: number[] = []
  let end: readonly [number, number] | null = null
  for (let layer = 0; layer < sample.layerCount; layer++) {
    const value = quantiles[layer * QUANTILE_COUNT + MEDIAN]
    const x = xScale.at(layer + 1)
    const y = value === -Infinity ? NaN : yScale.at(value)
    points.push(x, y)
    if (value === -Infinity) hollow.push(x, panel.y + panel.height - 3)
    else if (isBound(arm, layer)) hollow.push(x, y)
    else if (Number.isFinite(y)) full.push(x, y)
    if (Number.isFinite(y)) end = [x, y]
  }
  if (dotted) {
    // The mean is bold then; between it and the median lies the tail.
    const dash = [2 * box.line, 2.5 * box.line]
    return { marks: [{ type: 'polyline', points, stroke, width: 1.5 * box.line, dash, clip: inflated(panel, 3) }], end }
  }
  const width = (box.variant === 'main' ? 2.2 : 1.8) * box.line
  const spacing = panel.width / Math.max(1, sample.layerCount - 1)
  const radius = (box.variant === 'main' ? 2.6 : 2) * box.line
  const dots = spacing >= 3 * radius || sample.layerCount === 1
  const marks: Mark[] = [
    { type: 'polyline', points, stroke: box.theme.background, width: width + 2 * box.line, opacity: 0.75, clip: inflated(panel, 3) },
    { type: 'polyline', points, stroke, width, dash: armDash(arm.arm, box.line), clip: inflated(panel, 3) },
  ]
  if (dots)
    marks.push({
      type: 'dots',
      points: full,
      radius,
      fill: arm.arm === 'A' ? stroke : null,
      background: box.theme.background,
      stroke,
      strokeWidth: 1.2 * box.line,
    })
  marks.push({
    type: 'dots',
    points: hollow,
    radius: radius + 0.6,
    fill: null,
    background: box.theme.background,
    stroke,
    strokeWidth: 1.2 * box.line,
  })
  return { marks, end }
}

function isBound({ current }: GradientNormArm, layer: number): boolean {
  if (current === null) return false
  for (let seed = 0; seed < current.seedCount; seed++) if (current.underflow[seed * current.layerCount + layer] === 1) return true
  return false
}

/** What the profile says about the layer nearest to a pixel. */
export function profileProbe(data: GradientNormPlotData, place: ProfilePanel, box: PlotBox, x: number, y: number): Readout | null {
  const { panel, xScale, layerCount } = place
  if (x < panel.x - 8 || x > panel.x + panel.width + 8 || y < panel.y - 10 || y > panel.y + panel.height + 30) return null
  const layer = Math.min(layerCount, Math.max(1, Math.round(xScale.invert(x)))) - 1
  return layerReadout(data, layer, { x: xScale.at(layer + 1), y }, box, place)
}

/** Values of one layer in all arms, and the prediction. */
export function layerReadout(
  data: GradientNormPlotData,
  layer: number,
  at: { readonly x: number; readonly y: number },
  box: PlotBox,
  place: ProfilePanel,
): Readout {
  const lines: ReadoutLine[] = []
  const marks: Mark[] = []
  for (const own of data.arms) {
    const { arm, label, current } = own
    if (current === null || layer >= current.layerCount) continue
    const quantiles = sampleQuantiles(current, data.quantity)
    const value = (q: number) => quantiles[layer * QUANTILE_COUNT + q]
    const stroke = armColour(box.theme, arm)
    const name = box.variant === 'main' ? `${arm} ${label}` : arm
    lines.push({ name, value: measuredFromLog10(value(MEDIAN)), stroke, dash: armDash(arm, box.line) })
    if (current.seedCount > 1 && box.variant === 'main')
      lines.push({ name: '5–95 % of seeds', value: joinLabels(measuredFromLog10(value(LOWEST)), ' … ', measuredFromLog10(value(HIGHEST))) })
    if (box.variant === 'main') lines.push(...meanLine(own, data, layer))
    if (Number.isFinite(value(MEDIAN)))
      marks.push({
        type: 'dots',
        points: [place.xScale.at(layer + 1), place.yScale.at(value(MEDIAN))],
        radius: 3.6 * box.line,
        fill: stroke,
        stroke: box.theme.background,
        strokeWidth: 1.5,
      })
  }
  for (const curve of data.theory) {
    const value = interpolated(curve, layer, (i) => theoryLog10(curve, i))
    if (!Number.isNaN(value))
      lines.push({
        name: box.variant === 'main' ? theoryLabel(curve) : 'theory',
        value: measuredFromLog10(value),
        stroke: box.theme.theory,
        dash: THEORY_DASH,
      })
  }
  return { ...at, layer, title: `layer ${layer + 1}`, lines, marks }
}
