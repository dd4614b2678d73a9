// Which arm does a curve belong to, where both are drawn? Those of arm B say so in their ids and labels; one for both is arm A's.
import type { TheoryCurve } from '../core/theoryCurve.ts'

/** Curves of arm A, then those of arm B that differ, with ids `B.…` and labels that name the arm. */
export function armCurves(a: readonly TheoryCurve[], b: readonly TheoryCurve[]): readonly TheoryCurve[] {
  const apart = b.filter((curve) => !a.some((other) => sameCurve(other, curve)))
  return [...a, ...apart.map((curve) => ({ ...curve, id: `B.${curve.id}`, label: `B: ${curve.label}` }))]
}

/** True for a curve of arm B that arm A does not share. */
export function isOfArmB({ id }: Pick<TheoryCurve, 'id'>): boolean {
  return id.startsWith('B.')
}

/** The curve under another label, which still names its arm. */
export function relabelled(curve: TheoryCurve, label: string): TheoryCurve {
  return { ...curve, label: isOfArmB(curve) ? `B: ${label}` : label }
}

function sameCurve(a: TheoryCurve, b: TheoryCurve): boolean {
  return a.id === b.id && sameNumbers(a.x, b.x) && sameNumbers(a.y, b.y)
}

function sameNumbers(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  return a.length === b.length && Array.from(a).every((value, index) => Object.is(value, b[index]))
}
