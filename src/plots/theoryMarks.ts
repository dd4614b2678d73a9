// How does a prediction look over a measurement? Long-dashed in ink; fainter where one of its hypotheses fails.
import type { TheoryCurve } from '../core/theoryCurve.ts'
import type { EndLabel } from './endLabels.ts'
import type { PlotBox } from './plotKind.ts'
import type { Box, PolylineMark } from './scene.ts'
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

function isLog10(curve: TheoryCurve): boolean {
  return /log\s*10/iu.test(curve.label)
}

/** One curve; `yOf` gives the pixel of its point i. */
export function theoryLine(curve: TheoryCurve, xOf: (x: number) => number, yOf: (index: number) => number, clip: Box, box: PlotBox): PolylineMark {
  const points = new Float64Array(2 * curve.x.length)
  for (let i = 0; i < curve.x.length; i++) {
    points[2 * i] = xOf(curve.x[i])
    points[2 * i + 1] = yOf(i)
  }
  const dash = THEORY_DASH.map((length) => length * box.line)
  return { type: 'polyline', points, stroke: box.theme.theory, width: 1.4 * box.line, dash, opacity: applies(curve) ? 0.9 : 0.45, clip }
}

/** The name of a curve at its last point inside the panel; null when none is. */
export function theoryEnd(line: PolylineMark, curve: TheoryCurve, clip: Box, box: PlotBox): EndLabel | null {
  for (let i = line.points.length - 2; i >= 0; i -= 2) {
    const x = line.points[i]
    const y = line.points[i + 1]
    if (x < clip.x - 1 || x > clip.x + clip.width + 1 || y < clip.y - 1 || y > clip.y + clip.height + 1) continue
    return { text: box.variant === 'main' ? curve.label : 'theory', colour: box.theme.muted, x, y, bold: false }
  }
  return null
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
