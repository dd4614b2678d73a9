// What does one arm look like on the loss panel? Seeds thin, quartiles and 5-95 % as bands, the median bold.
//
// With one seed there is no band: the noisy batch loss is thin, and the loss on the whole training set, where it was
// evaluated, is the bold line. The test loss carries hollow circles, so that it differs by shape and not by colour alone.
import { columnBand, columnMiddle, columnPoints } from './columnSummary.ts'
import type { EvaluationColumns, LossGhost } from './lossData.ts'
import { STRAND_LIMIT, type PreparedArm } from './lossMemory.ts'
import type { PlotBox } from './plotKind.ts'
import type { PositionScale } from './positionScale.ts'
import type { Box, Mark } from './scene.ts'
import { MEAN, MEAN_LOWER, MEAN_UPPER } from './seedMeans.ts'
import { HIGHEST, LOWER, LOWEST, MEDIAN, UPPER } from './seedQuantiles.ts'
import { armColour, armDash, GHOST_DASH } from './theme.ts'

/** Where losses are drawn. */
export interface LossPanel {
  readonly panel: Box
  readonly xScale: PositionScale
  readonly yScale: PositionScale
}

/** Pixel of a loss: below the axis it runs along the lower edge, above it leaves the panel. */
export function lossY({ panel, yScale }: LossPanel): (value: number) => number {
  const bottom = panel.y + panel.height
  return (value) => {
    if (Number.isNaN(value)) return NaN
    if (value === Infinity) return panel.y - panel.height
    return Math.max(panel.y - panel.height, Math.min(bottom, yScale.at(Math.max(value, Number.MIN_VALUE))))
  }
}

/** Bands and seed lines of one arm. */
export function spreadMarks(arm: PreparedArm, place: LossPanel, box: PlotBox): Mark[] {
  const { panel, xScale, yScale } = place
  const colour = armColour(box.theme, arm.source.arm)
  const y = lossY(place)
  const marks: Mark[] = []
  if (arm.means !== null) {
    const points = columnBand(arm.means.columns, arm.means.table, MEAN_LOWER, MEAN_UPPER, xScale.at, y)
    marks.push({ type: 'area', points, fill: colour, opacity: 0.24, clip: panel })
  } else if (arm.source.seedCount >= 4) {
    for (const [lower, upper, opacity] of [
      // Where every seed has a line the outer band only holds them together.
      [LOWEST, HIGHEST, arm.source.seedCount <= STRAND_LIMIT ? 0.05 : 0.1],
      [LOWER, UPPER, 0.14],
    ]) {
      marks.push({
        type: 'area',
        points: columnBand(arm.quantileColumns, arm.quantiles, lower, upper, xScale.at, y),
        fill: colour,
        opacity,
        clip: panel,
      })
    }
  }
  const { seedColumns, seeds } = arm
  const lineCount = seedColumns.series.length
  marks.push({
    type: 'strands',
    id: `seeds ${arm.source.arm}`,
    key: `${seedColumns.generation} ${xScale.key} ${yScale.key}`,
    lineCount,
    settled: Math.max(0, seedColumns.count - 1),
    line: (k, from, to) => columnPoints(seedColumns, seeds, k, from, to, xScale.at, y),
    stroke: colour,
    width: (lineCount === 1 ? 1.1 : 0.9) * box.line,
    opacity: lineCount === 1 ? 0.45 : Math.max(0.12, Math.min(0.5, 1.6 / Math.sqrt(lineCount))),
    clip: panel,
  })
  return marks
}

/** The bold line of one arm, and its end. */
export function medianMark(
  arm: PreparedArm,
  evaluation: EvaluationColumns | undefined,
  place: LossPanel,
  box: PlotBox,
): { readonly marks: readonly Mark[]; readonly end: readonly [number, number] } {
  const { xScale } = place
  const y = lossY(place)
  if (arm.means !== null) return meanMarks(arm, arm.means, place, box)
  const whole = arm.source.seedCount === 1 && evaluation !== undefined && evaluation.steps.length > 1
  const points = whole
    ? evaluationPoints(evaluation.steps, evaluation.trainLoss, xScale, y)
    : columnMiddle(arm.quantileColumns, arm.quantiles, MEDIAN, xScale.at, y)
  const stroke = armColour(box.theme, arm.source.arm)
  const width = (box.variant === 'main' ? 2.6 : 2) * box.line
  const clip = inflated(place.panel, 2)
  // The halo keeps dashes legible over the seed lines of their own colour.
  const halo: Mark = { type: 'polyline', points, stroke: box.theme.background, width: width + 2.2 * box.line, opacity: 0.8, clip }
  const line: Mark = { type: 'polyline', points, stroke, width, dash: armDash(arm.source.arm, box.line), clip }
  return { marks: [halo, line], end: lastPoint(points) }
}

/** The bold mean, and the median thin and dotted: between the two lies the tail. */
function meanMarks(
  arm: PreparedArm,
  means: NonNullable<PreparedArm['means']>,
  place: LossPanel,
  box: PlotBox,
): { readonly marks: readonly Mark[]; readonly end: readonly [number, number] } {
  const { xScale } = place
  const y = lossY(place)
  const stroke = armColour(box.theme, arm.source.arm)
  const clip = inflated(place.panel, 2)
  const bold = columnMiddle(means.columns, means.table, MEAN, xScale.at, y)
  const median = columnMiddle(arm.quantileColumns, arm.quantiles, MEDIAN, xScale.at, y)
  const width = (box.variant === 'main' ? 2.6 : 2) * box.line
  return {
    marks: [
      { type: 'polyline', points: median, stroke, width: 1.5 * box.line, dash: [2 * box.line, 2.5 * box.line], clip },
      { type: 'polyline', points: bold, stroke: box.theme.background, width: width + 2.2 * box.line, opacity: 0.8, clip },
      { type: 'polyline', points: bold, stroke, width, dash: armDash(arm.source.arm, box.line), clip },
    ],
    end: lastPoint(bold),
  }
}

/** The test loss of the focus seed: a thinner line with hollow circles; empty where it was not measured. */
export function testLossMarks(
  evaluation: EvaluationColumns,
  place: LossPanel,
  box: PlotBox,
): { readonly marks: readonly Mark[]; readonly end: readonly [number, number] } | null {
  const { testLoss, steps, arm } = evaluation
  if (testLoss === null || testLoss.length === 0) return null
  const stroke = armColour(box.theme, arm)
  const points = evaluationPoints(steps, testLoss, place.xScale, lossY(place))
  const line: Mark = {
    type: 'polyline',
    points,
    stroke,
    width: 1.4 * box.line,
    dash: armDash(arm, box.line),
    clip: inflated(place.panel, 2),
  }
  return { marks: [line, circles(points, stroke, box)], end: lastPoint(points) }
}

/** A line of an earlier run: dotted and pale. */
export function ghostMark(
  ghost: LossGhost,
  place: LossPanel,
  box: PlotBox,
): { readonly mark: Mark; readonly end: readonly [number, number] } {
  const points = evaluationPoints(ghost.steps, ghost.median, place.xScale, lossY(place))
  const dash = GHOST_DASH.map((length) => length * box.line)
  return {
    mark: {
      type: 'polyline',
      points,
      stroke: armColour(box.theme, ghost.arm),
      width: 1.6 * box.line,
      dash,
      opacity: 0.75,
      clip: place.panel,
    },
    end: lastPoint(points),
  }
}

/** Points of columns [n] as interleaved pixels. */
export function evaluationPoints(
  steps: Float64Array,
  values: Float64Array,
  xScale: PositionScale,
  y: (value: number) => number,
): Float64Array {
  const points = new Float64Array(2 * steps.length)
  for (let i = 0; i < steps.length; i++) {
    points[2 * i] = xScale.at(steps[i])
    points[2 * i + 1] = y(values[i])
  }
  return points
}

/** Hollow circles on a line, at least 18 pixels apart. */
export function circles(points: ArrayLike<number>, stroke: string, box: PlotBox): Mark {
  const kept: number[] = []
  for (let i = 0; i + 1 < points.length; i += 2) {
    if (!Number.isFinite(points[i + 1])) continue
    if (kept.length === 0 || points[i] - kept[kept.length - 2] >= 18) kept.push(points[i], points[i + 1])
  }
  return {
    type: 'dots',
    points: kept,
    radius: 2.4 * box.line,
    fill: null,
    background: box.theme.background,
    stroke,
    strokeWidth: 1.2 * box.line,
  }
}

/** The last finite point of a line, NaN for none. */
export function lastPoint(points: ArrayLike<number>): readonly [number, number] {
  for (let i = points.length - 2; i >= 0; i -= 2)
    if (Number.isFinite(points[i]) && Number.isFinite(points[i + 1])) return [points[i], points[i + 1]]
  return [NaN, NaN]
}

/** A clip that lets half a line width show at the edge. */
export function inflated(box: Box, by: number): Box {
  return { x: box.x - by, y: box.y - by, width: box.width + 2 * by, height: box.height + 2 * by }
}
