// What does one set of cosines look like? Density with a rug below, or needles where there are only a few values.
import type { CosineStatistics } from '../core/sample.ts'
import { armColour, armDash } from './theme.ts'
import { spikesOf, type CosineArm, type CosineSpike } from './cosineData.ts'
import type { EndLabel } from './endLabels.ts'
import { plainNumber } from './numberText.ts'
import type { PlotBox } from './plotKind.ts'
import type { PositionScale } from './positionScale.ts'
import type { Box, Mark } from './scene.ts'
import { textWidth } from './textWidth.ts'

export interface CosinePanel {
  /** Density area; the rug strip lies below it and above the axis. */
  readonly panel: Box
  readonly rugHeight: number
  readonly xScale: PositionScale
  readonly yScale: PositionScale
}

export interface CosineMarks {
  readonly canvas: readonly Mark[]
  readonly ends: readonly EndLabel[]
}

/** Bold density of mini-batch pairs, thin density of per-sample pairs, rug and minimum of one arm. */
export function cosineArmMarks(arm: CosineArm, row: number, place: CosinePanel, box: PlotBox, several: boolean): CosineMarks {
  const sample = arm.current
  if (sample === null) return { canvas: [], ends: [] }
  const colour = armColour(box.theme, arm.arm)
  const main = box.variant === 'main'
  const canvas: Mark[] = []
  const ends: EndLabel[] = []
  const name = several ? (main ? `${arm.arm} ${arm.label}` : arm.arm) : main ? 'batch pairs' : ''
  const second = main ? `${several ? `${arm.arm} ` : ''}sample pairs` : ''
  for (const [statistics, text, bold] of [
    [sample.perSample, second, false],
    [sample.pairs, name, true],
  ] as const) {
    const spikes = spikesOf(statistics)
    const width = (bold ? (main ? 2.4 : 2) : 1.2) * box.line
    const dash = armDash(arm.arm, box.line)
    const top =
      spikes === null
        ? densityMarks(statistics, place, colour, width, dash, bold, canvas)
        : spikeMarks(spikes, place, colour, width, canvas, box)
    if (top !== null && text !== '')
      ends.push({ text, short: several ? arm.arm : '', colour, x: top[0], y: Math.max(place.panel.y + 5, top[1] - 5), bold })
  }
  canvas.push(...rugMarks(sample.pairs.cosines.length > 0 ? sample.pairs : sample.perSample, row, place, colour, box))
  return { canvas, ends }
}

/** Line and, for the bold one, filled area; returns the peak. */
function densityMarks(
  statistics: CosineStatistics,
  place: CosinePanel,
  colour: string,
  width: number,
  dash: readonly number[],
  bold: boolean,
  canvas: Mark[],
): readonly [number, number] | null {
  const { curve } = statistics
  if (curve === null || curve.bandwidth === 0 || curve.grid.length === 0) return null
  const { xScale, yScale, panel } = place
  const points = new Float64Array(2 * curve.grid.length)
  let peak = 0
  for (let i = 0; i < curve.grid.length; i++) {
    points[2 * i] = xScale.at(curve.grid[i])
    points[2 * i + 1] = yScale.at(curve.density[i])
    if (curve.density[i] > curve.density[peak]) peak = i
  }
  const base = yScale.at(0)
  if (bold)
    canvas.push({
      type: 'area',
      points: [points[0], base, ...points, points[points.length - 2], base],
      fill: colour,
      opacity: 0.13,
      clip: panel,
    })
  canvas.push({
    type: 'polyline',
    points,
    stroke: colour,
    width,
    dash,
    opacity: bold ? 1 : 0.85,
    clip: { ...panel, y: panel.y - 2, height: panel.height + 3 },
  })
  return [points[2 * peak], points[2 * peak + 1]]
}

/** A needle per value, as high as its share of the axis; returns the tallest. */
function spikeMarks(
  spikes: readonly CosineSpike[],
  place: CosinePanel,
  colour: string,
  width: number,
  canvas: Mark[],
  box: PlotBox,
): readonly [number, number] | null {
  const { xScale, yScale, panel } = place
  let top: readonly [number, number] | null = null
  const base = yScale.at(0)
  for (const { value, share } of spikes) {
    const x = xScale.at(value)
    const y = base - share * (panel.height - 14)
    canvas.push({ type: 'segments', points: [x, base, x, y], stroke: colour, width })
    canvas.push({ type: 'dots', points: [x, y], radius: 3.4 * box.line, fill: colour, stroke: box.theme.background, strokeWidth: 1 })
    if (top === null || y < top[1]) top = [x, y]
  }
  return top
}

/** At most 300 hairs in a row of their own, and a triangle's worth of dot at the minimum. */
function rugMarks(statistics: CosineStatistics, row: number, place: CosinePanel, colour: string, box: PlotBox): readonly Mark[] {
  const { cosines, min } = statistics
  const { panel, xScale, rugHeight } = place
  const top = panel.y + panel.height + 2 + row * rugHeight
  const every = Math.max(1, Math.ceil(cosines.length / 300))
  const points: number[] = []
  for (let i = 0; i < cosines.length; i += every) points.push(xScale.at(cosines[i]), top, xScale.at(cosines[i]), top + rugHeight - 2)
  const marks: Mark[] = [
    { type: 'segments', points, stroke: colour, width: 1, opacity: Math.max(0.25, Math.min(0.8, 30 / Math.sqrt(cosines.length + 1) / 4)) },
  ]
  if (min !== null) {
    const x = xScale.at(min)
    marks.push({ type: 'area', points: [x - 4, top - 1, x + 4, top - 1, x, top + 5], fill: colour, opacity: 1 })
    marks.push({ type: 'segments', points: [x, top, x, top + rugHeight - 2], stroke: colour, width: 1.6 * box.line })
  }
  return marks
}

/** "min -0.31" left of the triangle. */
export function minimumLabel(arm: CosineArm, row: number, place: CosinePanel, box: PlotBox): readonly Mark[] {
  const statistics = arm.current?.pairs
  if (box.variant !== 'main' || statistics === undefined || statistics.min === null) return []
  const size = 10.5 * box.text
  const x = place.xScale.at(statistics.min)
  // On the right stands the rug. Where the word does not fit on the left the number alone may: the triangle says what it is.
  const value = plainNumber(statistics.min, 2)
  const fits = (text: string) => x - 7 - textWidth(text, size) >= 0
  const words = `min ${value}`
  const left = fits(words) || fits(value)
  const y = place.panel.y + place.panel.height + 2 + (row + 1) * place.rugHeight - 2
  return [
    {
      type: 'text',
      x: left ? x - 7 : x + 7,
      y,
      label: left && !fits(words) ? value : words,
      size,
      fill: armColour(box.theme, arm.arm),
      anchor: left ? 'end' : 'start',
      halo: box.theme.background,
    },
  ]
}
