// Under which conditions does everything that is drawn hold? Each said once; arm B's only where it is decided otherwise.
import type { Hypothesis, TheoryCurve } from '../../core/theoryCurve.ts'
import { isOfArmB } from '../../store/armCurves.ts'

/** The conditions of all these curves, in order; of two with one text and one verdict the first. */
export function hypothesesOf(curves: readonly TheoryCurve[]): readonly Hypothesis[] {
  const own = curves.filter((curve) => !isOfArmB(curve)).flatMap(({ hypotheses }) => hypotheses)
  const other = curves.filter(isOfArmB).flatMap(({ hypotheses }) => hypotheses)
  const said = saidOnce(own)
  const apart = other.filter(({ text, holds, measured }) =>
    said.every((known) => known.text !== text || known.holds !== holds || known.measured !== measured),
  )
  return saidOnce([...said, ...apart.map((hypothesis) => ({ ...hypothesis, text: `B: ${hypothesis.text}` }))])
}

/** The first of those with the same text. */
export function saidOnce(hypotheses: readonly Hypothesis[]): readonly Hypothesis[] {
  return hypotheses.filter(({ text }, at) => hypotheses.findIndex((other) => other.text === text) === at)
}
