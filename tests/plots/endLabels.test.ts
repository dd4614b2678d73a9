// Can the name of a line be read where the line itself lies on the axis?
import { expect, test } from 'vitest'
import { END_LABEL_SIZE } from '../../src/plots/frame.ts'
import { endLabelMarks } from '../../src/plots/endLabels.ts'
import { MAIN_BOX } from './plotSamples.ts'

const panel = { x: 40, y: 20, width: 300, height: 150 }
const label = { text: 'B RMSprop', short: 'B', colour: '#000', x: 180, bold: true }

const baseline = (y: number): number => {
  const mark = endLabelMarks([{ ...label, y }], panel, MAIN_BOX).find((candidate) => candidate.type === 'text')
  if (mark?.type !== 'text') throw new Error('no name')
  return mark.y
}

test('endLabelMarks lifts the name of a line at the bottom off the axis', () => {
  const axis = panel.y + panel.height
  // Below the baseline hangs at most a fifth of the size.
  expect(baseline(axis) + END_LABEL_SIZE * MAIN_BOX.text * 0.2).toBeLessThanOrEqual(axis)
  expect(baseline(axis + 30)).toBe(baseline(axis))
})

test('endLabelMarks leaves a name at the height of its line everywhere else', () => {
  expect(baseline(100) - baseline(90)).toBeCloseTo(10, 9)
  expect(baseline(panel.y)).toBeCloseTo(panel.y + END_LABEL_SIZE * MAIN_BOX.text * 0.35, 9)
})
