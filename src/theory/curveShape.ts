// How does a closed form become a curve?
import type { Hypothesis, TheoryAxis, TheoryCurve } from '../core/theoryCurve.ts'

/** Everything of a curve but its points. */
export interface CurveHead {
  readonly id: string
  readonly label: string
  readonly source: string
  readonly axis: TheoryAxis
  readonly hypotheses: readonly Hypothesis[]
}

/** The curve through (x, f(x)) at the given points. */
export function curveThrough(head: CurveHead, x: ArrayLike<number>, f: (x: number, index: number) => number): TheoryCurve {
  const points = Float64Array.from(x)
  return { ...head, x: points, y: points.map((value, index) => f(value, index)) }
}

/** A horizontal line over the given points. */
export function levelCurve(head: CurveHead, x: ArrayLike<number>, level: number): TheoryCurve {
  return curveThrough(head, x, () => level)
}

/** 0 .. count - 1. */
export function layersOf(count: number): Float64Array {
  return Float64Array.from({ length: count }, (_, layer) => layer)
}

/** Whole numbers from `least` to about twice `focus`, at most twelve, `focus` among them, evenly spread in the logarithm. */
export function sizesAround(focus: number, least: number): Float64Array {
  const most = Math.max(2 * focus, least + 8)
  const sizes = new Set([focus])
  for (let i = 0; i < 11; i++) sizes.add(Math.round(least * (most / least) ** (i / 10)))
  return Float64Array.from(sizes).sort()
}
