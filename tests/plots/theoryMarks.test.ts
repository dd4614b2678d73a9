// theoryName
import { describe, expect, test } from 'vitest'
import type { TheoryCurve } from '../../src/core/theoryCurve.ts'
import type { Mark } from '../../src/plots/scene.ts'
import { theoryLine, theoryName } from '../../src/plots/theoryMarks.ts'
import { MAIN_BOX, SMALL_BOX } from './plotSamples.ts'

const CURVE: TheoryCurve = {
  id: 'a',
  label: 'predicted median (log10)',
  source: '',
  axis: 'layer',
  x: Float64Array.of(0, 1),
  y: Float64Array.of(0, 0),
  hypotheses: [],
}
const PANEL = { x: 40, y: 10, width: 400, height: 200 }
const line = (y: number) =>
  theoryLine(
    CURVE,
    (x) => 100 + 200 * x,
    () => y,
    PANEL,
    MAIN_BOX,
  )
const nameAt = (y: number, taken: readonly Mark[] = []) => {
  const [mark] = theoryName(line(y), CURVE, PANEL, MAIN_BOX, taken)
  if (mark?.type !== 'text') throw new Error('no name')
  return mark
}
const word = (x: number, y: number): Mark => ({ type: 'text', x, y, label: 'A depth 16', size: 12, fill: '#000', anchor: 'start' })

describe('theoryName', () => {
  test('stands above the end of its curve, below where it would cover another name, and above again where both are taken', () => {
    expect(nameAt(100).y).toBeLessThan(100)
    expect(nameAt(100, [word(280, 96)]).y).toBeGreaterThan(100)
    expect(nameAt(100, [word(280, 96), word(280, 114)]).y).toBeLessThan(100)
    // Far to the right nothing is covered.
    expect(nameAt(100, [word(320, 96)]).y).toBeLessThan(100)
  })
  test('stays inside its panel', () => {
    expect(nameAt(12).y).toBeGreaterThanOrEqual(PANEL.y)
    expect(nameAt(209, [word(280, 203)]).y).toBeLessThanOrEqual(PANEL.y + PANEL.height)
  })
  test('of a curve that is cut at the upper edge makes room for one that is cut there too', () => {
    const first = nameAt(PANEL.y)
    expect(nameAt(PANEL.y, [first]).y - first.y).toBeGreaterThan(first.size)
  })
  test('is left out of small plots', () => {
    expect(theoryName(line(100), CURVE, PANEL, SMALL_BOX)).toEqual([])
  })
})
