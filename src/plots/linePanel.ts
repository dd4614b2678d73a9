// What do all small panels of lines over time share? Log axis with memory, one line per arm, names at the ends.
import type { ArmName } from '../core/experiment.ts'
import { armColour, armDash } from './theme.ts'
import { settleDomain, type AxisMemory } from './axisMemory.ts'
import { endLabelMarks, type EndLabel } from './endLabels.ts'
import { frameMarks, tickCount } from './frame.ts'
import { inflated, lastPoint } from './lossMarks.ts'
import type { PlotBox } from './plotKind.ts'
import { logScale, type PositionScale } from './positionScale.ts'
import type { Box, Label, Mark } from './scene.ts'

/** One line: points [n] of step and value; values that are not positive are gaps on the log axis. */
export interface PanelLine {
  readonly arm: ArmName
  /** At the end of the line; empty: none. */
  readonly name: string
  readonly steps: ArrayLike<number>
  readonly values: ArrayLike<number>
  readonly bold: boolean
}

export interface LinePanelSpec {
  readonly panel: Box
  readonly xScale: PositionScale
  readonly yScale: PositionScale
  readonly xName: Label
  readonly yName: Label
  readonly showX: boolean
  readonly lines: readonly PanelLine[]
}

/** Positive range of the lines, settled on whole decades; [0.1, 1] while there is nothing. */
export function logRange(memory: AxisMemory, values: Iterable<number>, mostDecades = 12): readonly [number, number] {
  let low = Infinity
  let high = -Infinity
  for (const value of values) {
    if (!(value > 0) || !Number.isFinite(value)) continue
    low = Math.min(low, value)
    high = Math.max(high, value)
  }
  if (low > high) return memory.domain === null ? [0.1, 1] : [10 ** memory.domain[0], 10 ** memory.domain[1]]
  const top = Math.log10(high)
  const settled = settleDomain(memory, Math.max(Math.log10(low), top - mostDecades), top, { grid: 1, headroom: 1 })
  return [10 ** settled[0], 10 ** settled[1]]
}

/** A log scale on the height of a panel. */
export function panelLogScale(range: readonly [number, number], panel: Box): PositionScale {
  return logScale(range, [panel.y + panel.height, panel.y])
}

/** Grid and lines below, words above. */
export function linePanelMarks(spec: LinePanelSpec, box: PlotBox): { readonly canvas: readonly Mark[]; readonly svg: readonly Mark[] } {
  const { panel, xScale, yScale } = spec
  const main = box.variant === 'main'
  const xTicks = xScale.ticks(tickCount(panel.width, main ? 80 : 56, box.text))
  const yTicks = yScale.ticks(tickCount(panel.height, main ? 36 : 38, box.text))
  const frame = frameMarks({ panel, xScale, yScale, xTicks, yTicks, xName: spec.xName, yName: spec.yName, showX: spec.showX }, box)
  const canvas: Mark[] = [...frame.grid]
  const ends: EndLabel[] = []
  for (const { arm, name, steps, values, bold } of spec.lines) {
    const stroke = armColour(box.theme, arm)
    const points = new Float64Array(2 * steps.length)
    for (let i = 0; i < steps.length; i++) {
      points[2 * i] = xScale.at(steps[i])
      points[2 * i + 1] = values[i] > 0 ? yScale.at(values[i]) : NaN
    }
    const width = (bold ? (main ? 2.4 : 2) : 1.2) * box.line
    canvas.push({ type: 'polyline', points, stroke, width, dash: armDash(arm, box.line), clip: inflated(panel, 2) })
    const [x, y] = lastPoint(points)
    if (points.length === 2 || countFinite(points) === 1)
      canvas.push({ type: 'dots', points: [x, y], radius: 2.6 * box.line, fill: stroke })
    if (name !== '' && Number.isFinite(x)) ends.push({ text: name, short: arm, colour: stroke, x, y, bold })
  }
  return { canvas, svg: [...frame.words, ...endLabelMarks(ends, panel, box)] }
}

function countFinite(points: Float64Array): number {
  let count = 0
  for (let i = 1; i < points.length; i += 2) if (Number.isFinite(points[i])) count++
  return count
}
