// Do the names in the column of statistics stand in full where there is room for them?
import { expect, test } from 'vitest'
import { statisticsMarks } from '../../src/plots/statisticsColumn.ts'
import { MAIN_BOX } from './plotSamples.ts'

const area = { x: 0, y: 0, width: 200, height: 100 }
const wordsOf = (row: Parameters<typeof statisticsMarks>[1][number]) =>
  statisticsMarks(['A', 'B'], [row], area, MAIN_BOX).flatMap((mark) => (mark.type === 'text' ? [mark.label] : []))

test('a name goes as far as the first number lets it, then its short form, then it is cut', () => {
  expect(wordsOf({ name: 'gradient variance', values: ['67', '229'] })).toEqual(['A', 'B', 'gradient variance', '67', '229'])
  const long = 'a name that is longer than any column'
  expect(wordsOf({ name: long, short: 'a name', values: ['67', '229'] })[2]).toBe('a name')
  expect(wordsOf({ name: long, values: ['67', '229'] })[2]).toMatch(/^a name.*…$/u)
})

test('a name with blanks before it stands in from those without', () => {
  const startOf = (name: string) =>
    statisticsMarks(['A'], [{ name, values: ['1'] }], area, MAIN_BOX).flatMap((mark) =>
      mark.type === 'text' ? [[mark.label, mark.x]] : [],
    )[0]
  const [outer, inner] = [startOf('all pairs'), startOf('  mean')]
  expect([outer[0], inner[0]]).toEqual(['all pairs', 'mean'])
  expect(inner[1]).toBeGreaterThan(outer[1] as number)
})
