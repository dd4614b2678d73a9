// How fast does a quantity change per layer (or per doubling of the width), and how sure is that?
import { ShapeFault } from '../core/faults.ts'
import { studentTQuantile } from './studentT.ts'

/** A straight line by least squares; bounds are NaN below three points. */
export interface LineFit {
  readonly slope: number
  readonly intercept: number
  readonly slopeStandardError: number
  readonly slopeLower: number
  readonly slopeUpper: number
  /** Root mean square of the residuals with n - 2. */
  readonly residual: number
  readonly count: number
}

/**
 * Least-squares line y = intercept + slope x with a confidence interval of the slope by Student's t.
 *
 * All x equal or fewer than two points: slope NaN. Points that are not finite are left out and not counted.
 * Source: Draper and Smith 1998, section 1.4.
 *
 * @throws {ShapeFault} when x and y differ in length.
 */
export function fitLine(x: ArrayLike<number>, y: ArrayLike<number>, confidence = 0.95): LineFit {
  if (x.length !== y.length) throw new ShapeFault(`fitLine: x holds ${x.length} values, expected ${y.length}`)
  const used: number[] = []
  for (let i = 0; i < x.length; i++) if (Number.isFinite(x[i]) && Number.isFinite(y[i])) used.push(i)
  const count = used.length
  let meanX = 0
  let meanY = 0
  for (const i of used) {
    meanX += x[i] / count
    meanY += y[i] / count
  }
  let spread = 0
  let product = 0
  for (const i of used) {
    spread += (x[i] - meanX) ** 2
    product += (x[i] - meanX) * (y[i] - meanY)
  }
  const slope = spread > 0 ? product / spread : NaN
  const intercept = meanY - slope * meanX
  let squares = 0
  for (const i of used) squares += (y[i] - intercept - slope * x[i]) ** 2
  if (count < 3) return { slope, intercept, slopeStandardError: NaN, slopeLower: NaN, slopeUpper: NaN, residual: NaN, count }
  const residual = Math.sqrt(squares / (count - 2))
  const slopeStandardError = residual / Math.sqrt(spread)
  const half = slopeStandardError === 0 ? 0 : slopeStandardError * studentTQuantile((1 + confidence) / 2, count - 2)
  return { slope, intercept, slopeStandardError, slopeLower: slope - half, slopeUpper: slope + half, residual, count }
}
