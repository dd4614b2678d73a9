// Which closed forms are still the same? Those keep their objects, so that no plot is drawn again for an equal curve.
import type { TheoryCurve } from '../core/theoryCurve.ts'

/** The new curves, with the object of each equal one before, or its points where only words changed; the list before itself where all are equal. */
export function keptCurves(before: readonly TheoryCurve[], now: readonly TheoryCurve[]): readonly TheoryCurve[] {
  const kept = now.map((curve, index) => {
    const known = before[index]?.id === curve.id ? before[index] : before.find(({ id }) => id === curve.id)
    if (known === undefined || !samePicture(known, curve)) return curve
    return sameHypotheses(known, curve) ? known : { ...curve, x: known.x, y: known.y }
  })
  return kept.length === before.length && kept.every((curve, index) => curve === before[index]) ? before : kept
}

function samePicture(a: TheoryCurve, b: TheoryCurve): boolean {
  return a.label === b.label && a.source === b.source && a.axis === b.axis && samePoints(a.x, b.x) && samePoints(a.y, b.y)
}

function sameHypotheses(a: TheoryCurve, b: TheoryCurve): boolean {
  if (a.hypotheses.length !== b.hypotheses.length) return false
  return a.hypotheses.every(({ text, holds, measured }, i) => {
    const other = b.hypotheses[i]
    return text === other.text && holds === other.holds && measured === other.measured
  })
}

function samePoints(a: Float64Array, b: Float64Array): boolean {
  return a.length === b.length && a.every((value, index) => Object.is(value, b[index]))
}
