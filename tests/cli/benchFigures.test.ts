import { describe, expect, test } from 'vitest'
import { benchArguments, isWanted } from '../../src/cli/bench/benchArguments.ts'
import { tableRecord, tableText, type BenchTable } from '../../src/cli/bench/benchTable.ts'
import { exactly, figureOf, figureText, ratioOf } from '../../src/cli/bench/figures.ts'
import { DomainFault, ShapeFault } from '../../src/core/faults.ts'

describe('figureOf', () => {
  test('is the median between its quartiles, whatever the order', () => {
    expect(figureOf([5, 1, 3, 2, 4], 'ms')).toEqual({ value: 3, low: 2, high: 4, unit: 'ms', rounds: 5 })
  })
  test('of one round is that round', () => {
    expect(figureOf([7], 'ms')).toEqual({ value: 7, low: 7, high: 7, unit: 'ms', rounds: 1 })
  })
  test('refuses to say anything about nothing', () => {
    expect(() => figureOf([], 'ms')).toThrow(DomainFault)
  })
})

describe('ratioOf', () => {
  test('compares within a round, so that a slow machine cancels', () => {
    // Both sides slow down tenfold together: the ratio of medians would be 2 as well, its spread would not be 0.
    expect(ratioOf([2, 20, 4], [1, 10, 2])).toEqual({ value: 2, low: 2, high: 2, unit: 'times', rounds: 3 })
  })
  test('is not the ratio of the medians', () => {
    expect(ratioOf([1, 9, 10], [1, 1, 10]).value).toBe(1)
  })
  test('takes the rounds that both have, whichever has more', () => {
    expect(ratioOf([2, 20, 4], [1, 10])).toEqual({ value: 2, low: 2, high: 2, unit: 'times', rounds: 2 })
    expect(ratioOf([2], [1, 10])).toMatchObject({ value: 2, rounds: 1 })
    expect(() => ratioOf([1, 2], [])).toThrow(DomainFault)
  })
})

describe('figureText', () => {
  test.each([
    [exactly(0.0123456, 'ms'), '12.3 us'],
    [exactly(1.5, 'ms'), '1.5 ms'],
    [exactly(99.96, 'ms'), '100 ms'],
    [exactly(1234.4, 'ms'), '1234 ms'],
    [exactly(12345, 'ms'), '12.3 s'],
    [exactly(2048, 'bytes'), '2 kB'],
    [exactly(20, 'times'), '\u00d7 20'],
    [exactly(0, 'count'), '0'],
    [exactly(1028, 'count'), '1028'],
    [exactly(Infinity, 'times'), '\u00d7 Infinity'],
  ])('writes %o as %s', (figure, text) => {
    expect(figureText(figure)).toBe(text)
  })
  test('gives both ends of the spread in the unit of the median', () => {
    expect(figureText(figureOf([0.05, 0.09, 0.2], 'ms'))).toBe('90 us (70\u2013145)')
  })
  test('leaves the brackets out where nothing varies', () => {
    expect(figureText(figureOf([3, 3, 3], 'ms'))).toBe('3 ms')
  })
})

describe('tableText', () => {
  const table: BenchTable = {
    title: 'Steps',
    columns: ['engine', 'time'],
    rows: [
      ['a|b', exactly(1.5, 'ms')],
      ['longer name', exactly(100, 'ms')],
    ],
    notes: ['On a machine.'],
  }
  test('is markdown that a terminal shows as well: figures to the right, bars escaped', () => {
    expect(tableText(table).split('\n')).toEqual([
      '**Steps**',
      '',
      '| engine      |   time |',
      '| ----------- | -----: |',
      '| a\\|b        | 1.5 ms |',
      '| longer name | 100 ms |',
      '',
      'On a machine.',
    ])
  })
  test('refuses a row that does not fit the columns', () => {
    expect(() => tableText({ ...table, rows: [['alone']] })).toThrow(ShapeFault)
  })
  test('keeps its numbers for --json', () => {
    const record = tableRecord(table)
    expect(record.rows[1]).toEqual({ engine: 'longer name', time: { value: 100, low: 100, high: 100, unit: 'ms', rounds: 1 } })
  })
})

describe('benchArguments', () => {
  test('measures everything seven times when nothing is said', () => {
    expect(benchArguments([])).toEqual({
      sections: ['engines', 'instruments', 'zoo', 'fused', 'page'],
      pairs: 7,
      quick: false,
      json: false,
      only: null,
    })
    expect(benchArguments(['all'])).toEqual(benchArguments([]))
  })
  test('keeps the order of the report, not that of the command line', () => {
    expect(benchArguments(['page', 'fused']).sections).toEqual(['fused', 'page'])
  })
  test('is quick with fewer pairs, unless their number is given', () => {
    expect(benchArguments(['--quick']).pairs).toBe(3)
    expect(benchArguments(['--quick', '--pairs', '9']).pairs).toBe(9)
  })
  test.each([[['engine']], [['--pairs', '0']], [['--pairs', '2.5']], [['--fast']], [['--only', ' ']], [['--only']]])(
    'refuses %j',
    (args) => {
      expect(() => benchArguments(args)).toThrow(DomainFault)
    },
  )
  test('takes a part of a name, without its margins', () => {
    expect(benchArguments(['fused', '--only', ' 300 x 100 '])).toMatchObject({ sections: ['fused'], only: '300 x 100' })
  })
})

describe('isWanted', () => {
  test('measures everything without a name, but what is slow when it must be quick', () => {
    expect(isWanted({ only: null, quick: false }, 'step, 300 x 100', true)).toBe(true)
    expect(isWanted({ only: null, quick: true }, 'step, 300 x 100', true)).toBe(false)
    expect(isWanted({ only: null, quick: true }, 'step, 32 x 100')).toBe(true)
  })
  test('measures what is named, slow or not, and nothing else', () => {
    expect(isWanted({ only: '300 x 100', quick: true }, 'step, 300 x 100', true)).toBe(true)
    expect(isWanted({ only: '300 x 100', quick: false }, 'step, 32 x 100')).toBe(false)
    expect(isWanted({ only: 'javascript', quick: false }, 'JavaScript of a step')).toBe(true)
  })
})
