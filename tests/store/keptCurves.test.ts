// Each title finishes the sentence "keptCurves ...".
import { expect, test } from 'vitest'
import type { TheoryCurve } from '../../src/core/theoryCurve.ts'
import { keptCurves } from '../../src/store/keptCurves.ts'

const curve = (id: string, y: readonly number[], measured = '1 < 2'): TheoryCurve => ({
  id,
  label: id,
  source: 'a paper',
  x: Float64Array.from(y, (_, i) => i),
  y: Float64Array.from(y),
  axis: 'step',
  hypotheses: [{ text: 'a < b', holds: true, measured }],
})

test('gives back the list before when nothing changed, NaN included', () => {
  const before = [curve('a', [1, NaN]), curve('b', [2])]
  expect(keptCurves(before, [curve('a', [1, NaN]), curve('b', [2])])).toBe(before)
})
test('keeps the points of a curve of which only the verdict changed', () => {
  const before = [curve('a', [1, 2])]
  const [kept] = keptCurves(before, [curve('a', [1, 2], '3 > 2')])
  expect(kept.y).toBe(before[0].y)
  expect(kept.hypotheses[0].measured).toBe('3 > 2')
})
test('takes a curve whose points changed, keeps the others, and finds them at another place', () => {
  const before = [curve('a', [1]), curve('b', [2])]
  const now = [curve('b', [2]), curve('a', [5])]
  const kept = keptCurves(before, now)
  expect(kept[0]).toBe(before[1])
  expect(kept[1]).toBe(now[1])
})
test('is a new list where curves came or left', () => {
  const before = [curve('a', [1]), curve('b', [2])]
  expect(keptCurves(before, [curve('a', [1])])).toEqual([before[0]])
})
