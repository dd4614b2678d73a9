// How does a prediction look over a measurement? Long-dashed in ink; fainter where one of its hypotheses fails.
import type { TheoryCurve } from '../core/theoryCurve.ts'
import { END_LABEL_SIZE } from './frame.ts'
import type { PlotBox } from './plotKind.ts'
import type { Box, Mark, PolylineMark } from './scene.ts'
import { fitText, textWidth } from './textWidth.ts'
import { THEORY_DASH } from './theme.ts'

/** True unless a hypothesis is known to fail. */
export function applies(curve: TheoryCurve): boolean {
  return curve.hypotheses.every((hypothesis) => hypothesis.holds !== false)
}

/** The y values of a curve as plain values, whatever its label says. */
export function theoryValue(curve: TheoryCurve, index: number): number {
  return isLog10(curve) ? 10 ** curve.y[index] : curve.y[index]
}

/** The y values of a curve as log10. */
export function theoryLog10(curve: TheoryCurve, index: number): number {
  return isLog10(curve) ? curve.y[index] : Math.log10(curve.y[index])
}

/** The label without what only says how the numbers are stored. */
export function theoryLabel(curve: TheoryCurve): string {
  return curve.label.replace(/\s*\(log\s*10[^)]*\)/iu, '')
}

function isLog10(curve: TheoryCurve): boolean {
  return /log\s*10/iu.test(curve.label)
}

/** One curve; `yOf` gives the pixel of its point i. */
export function theoryLine(
  curve: TheoryCurve,
  xOf: (x: number) => number,
  yOf: (index: number) => number,
  clip: Box,
  box: PlotBox,
): PolylineMark {
  const points = new Float64Array(2 * curve.x.length)
  for (let i = 0; i < curve.x.length; i++) {
    points[2 * i] = xOf(curve.x[i])
    points[2 * i + 1] = yOf(i)
  }
  const dash = THEORY_DASH.map((length) => length * box.line)
  return { type: 'polyline', points, stroke: box.theme.theory, width: 1.4 * box.line, dash, opacity: applies(curve) ? 0.9 : 0.45, clip }
}

/**
 * The name of a curve above its last point inside the panel, in the large variant; at the upper edge for a curve that is cut there.
 *
 * @param taken words that are there already: under the curve where its name would cover one of them.
 */
export function theoryName(line: PolylineMark, curve: TheoryCurve, panel: Box, box: PlotBox, taken: readonly Mark[] = []): readonly Mark[] {
  if (box.variant !== 'main') return []
  const size = (END_LABEL_SIZE - 1) * box.text
  const label = fitText(theoryLabel(curve), panel.width * 0.6, size)
  const width = textWidth(label, size)
  for (let i = line.points.length - 2; i >= 0; i -= 2) {
    const x = line.points[i]
    if (x < panel.x - 1 || x > panel.x + panel.width + 1 || line.points[i + 1] > panel.y + panel.height + 1) continue
    const left = Math.min(panel.x + panel.width - width, Math.max(panel.x + 4, x - width - 2))
    const above = Math.max(panel.y + size, line.points[i + 1] - 5)
    const below = Math.min(panel.y + panel.height - 4, Math.max(line.points[i + 1] + size + 4, above + size * 1.4))
    const isFree = (y: number) => !taken.some((mark) => covers(mark, { x: left, y: y - size, width, height: size * 1.2 }))
    const y = isFree(above) || !isFree(below) ? above : below
    return [{ type: 'text', x: left, y, label, size, fill: box.theme.ink, anchor: 'start', halo: box.theme.background }]
  }
  return []
}

/** True for words whose place overlaps the box. */
function covers(mark: Mark, { x, y, width, height }: Box): boolean {
  if (mark.type !== 'text') return false
  const own = textWidth(mark.label, mark.size, mark.bold)
  const left = mark.anchor === 'start' ? mark.x : mark.anchor === 'end' ? mark.x - own : mark.x - own / 2
  return left < x + width && x < left + own && mark.y - mark.size < y + height && y < mark.y + mark.size * 0.2
}

/** Value of a curve at x by linear interpolation between its points, NaN outside. */
export function interpolated(curve: TheoryCurve, x: number, valueAt: (index: number) => number): number {
  const { x: xs } = curve
  if (xs.length === 0 || !(x >= xs[0] && x <= xs[xs.length - 1])) return NaN
  let right = 0
  while (right < xs.length - 1 && xs[right] < x) right++
  if (right === 0 || xs[right] === x) return valueAt(right)
  const share = (x - xs[right - 1]) / (xs[right] - xs[right - 1])
  return valueAt(right - 1) * (1 - share) + valueAt(right) * share
}
