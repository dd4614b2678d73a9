// When are the curves of two arms one curve? When the arms differ only in what the axis counts: then one of them reaches further.
import type { Experiment } from '../../core/experiment.ts'
import type { TheoryCurve } from '../../core/theoryCurve.ts'

/** The same curves, of two that are one function over depth or width only the longer, under arm A's name. */
export function oneOfTwo(curves: readonly TheoryCurve[], { versus }: Experiment): readonly TheoryCurve[] {
  const axis = onlyDifference(versus)
  if (axis === null) return curves
  const isShared = ({ axis: own, id, label }: TheoryCurve) => own === axis && !id.includes('kernel.') && !/from 0\)/.test(label)
  return curves.flatMap((curve) => {
    if (!isShared(curve)) return [curve]
    const base = curve.id.replace(/^B\./, '')
    const other = curves.find(({ id }) => id === (curve.id === base ? `B.${base}` : base))
    if (other === undefined) return [curve]
    if (curve.id !== base) return []
    const [own, far] = [curve.x.at(-1) ?? 0, other.x.at(-1) ?? 0]
    return [far > own ? { ...other, id: base, label: curve.label } : curve]
  })
}

/** The one size in which arm B differs; null for none, several or others. */
function onlyDifference(versus: Experiment['versus']): 'depth' | 'width' | null {
  const [[part, change] = [], ...others] = Object.entries(versus ?? {})
  if (part !== 'model' || others.length > 0) return null
  const [key, ...more] = Object.keys(change as object)
  return more.length === 0 && (key === 'depth' || key === 'width') ? key : null
}
