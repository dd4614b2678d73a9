import { describe, expect, test } from 'vitest'
import type { TheoryCurve } from '../../src/core/theoryCurve.ts'
import { armCurves, isOfArmB, relabelled } from '../../src/store/armCurves.ts'

const curve = (id: string, ...y: readonly number[]): TheoryCurve => ({
  id,
  label: 'expected',
  source: '',
  axis: 'batch',
  x: Float64Array.from(y, (_, i) => i),
  y: Float64Array.from(y),
  hypotheses: [],
})

describe('armCurves', () => {
  test('name those of arm B, in their ids and their labels', () => {
    const [a, b] = armCurves([curve('bound', 1, 2)], [curve('bound', 1, 3)])
    expect([a.id, a.label, isOfArmB(a)]).toEqual(['bound', 'expected', false])
    expect([b.id, b.label, isOfArmB(b)]).toEqual(['B.bound', 'B: expected', true])
    expect([relabelled(a, 'now').label, relabelled(b, 'now').label]).toEqual(['now', 'B: now'])
  })
  test('say a curve once that both arms have, whatever it holds', () => {
    expect(armCurves([curve('bound', 1, NaN)], [curve('bound', 1, NaN)])).toHaveLength(1)
    expect(armCurves([curve('bound', 1)], [curve('other', 1)])).toHaveLength(2)
    const elsewhere = { ...curve('bound', 1, 1), x: Float64Array.of(0, 9) }
    expect(armCurves([curve('bound', 1, 1)], [elsewhere])).toHaveLength(2)
    expect(armCurves([], [curve('bound', 1)]).map(({ id }) => id)).toEqual(['B.bound'])
  })
})
