// Is a decimated line the line? Extremes per pixel column against a slow twin, incrementally and after thinning.
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { columnBand, columnMiddle, columnPoints, createColumnSummary, extendColumns, type RowTable } from '../../src/plots/columnSummary.ts'

const at = (step: number) => step / 4
const same = (value: number) => value

function tableOf(rows: readonly (readonly number[])[], steps?: readonly number[]): RowTable {
  return {
    steps: Float64Array.from(steps ?? rows.map((_, row) => row)),
    values: Float64Array.from(rows.flat()),
    count: rows.length,
    rowWidth: rows[0]?.length ?? 1,
  }
}

/** Extremes per column by the obvious loop over all rows but the newest. */
function slowExtremes(table: RowTable, series: number): Map<number, [number, number]> {
  const columns = new Map<number, [number, number]>()
  for (let row = 0; row < table.count - 1; row++) {
    const column = Math.floor(at(table.steps[row]))
    const value = table.values[row * table.rowWidth + series]
    const before = columns.get(column) ?? [Infinity, -Infinity]
    columns.set(column, Number.isNaN(value) ? before : [Math.min(before[0], value), Math.max(before[1], value)])
  }
  return columns
}

const values = fc.array(
  fc.tuple(fc.double({ min: -10, max: 10, noNaN: true }), fc.oneof(fc.double({ min: -10, max: 10, noNaN: true }), fc.constant(NaN))),
  { minLength: 1, maxLength: 60 },
)

describe('extendColumns', () => {
  test('finds the extremes of each pixel column, in one go or in pieces', () => {
    fc.assert(
      fc.property(values, fc.array(fc.nat(60), { maxLength: 6 }), (rows, cuts) => {
        const table = tableOf(rows)
        const summary = createColumnSummary(Int32Array.of(0, 1))
        for (const cut of [...cuts.map((cut) => Math.min(cut, rows.length)).sort((a, b) => a - b), rows.length])
          extendColumns(summary, { ...table, count: cut }, at, 'same')
        for (const series of [0, 1]) {
          const slow = [...slowExtremes(table, series).values()].flat()
          const fast = Array.from({ length: summary.count }, (_, column) => [
            summary.low[column * 2 + series],
            summary.high[column * 2 + series],
          ]).flat()
          expect(fast).toEqual(slow)
        }
      }),
      { seed: 11, numRuns: 300 },
    )
  })

  test('reads each settled row once', () => {
    const table = tableOf(Array.from({ length: 50 }, (_, row) => [row]))
    const summary = createColumnSummary(Int32Array.of(0))
    let asked = 0
    const counting = (step: number) => {
      asked++
      return at(step)
    }
    for (let count = 1; count <= 50; count++) extendColumns(summary, { ...table, count }, counting, 'same')
    expect(asked).toBe(49)
    expect(summary.rowsRead).toBe(49)
  })

  test('never takes in the newest row, which may still be replaced', () => {
    const summary = createColumnSummary(Int32Array.of(0))
    extendColumns(summary, tableOf([[1], [2], [99]]), at, 'same')
    expect(Math.max(...summary.high.subarray(0, summary.count))).toBe(2)
  })

  test('starts over when the scale changes or rows were thinned away', () => {
    const summary = createColumnSummary(Int32Array.of(0))
    const rows = Array.from({ length: 20 }, (_, row) => [row])
    extendColumns(summary, tableOf(rows), at, 'same')
    const first = summary.generation
    extendColumns(summary, tableOf(rows), at, 'other')
    const second = summary.generation
    expect(second).not.toBe(first)
    const thinned = rows.filter((_, row) => row % 2 === 0)
    extendColumns(
      summary,
      tableOf(
        thinned,
        thinned.map(([row]) => row),
      ),
      at,
      'other',
    )
    expect(summary.generation).not.toBe(second)
    expect(summary.rowsRead).toBe(thinned.length - 1)
  })
})

describe('columnPoints', () => {
  const table = tableOf([[5], [1], [3], [4], [2], [7]])
  const summary = createColumnSummary(Int32Array.of(0))
  extendColumns(summary, table, at, 'same')

  test('draws both extremes in the order in which they came and ends at the newest row', () => {
    expect(columnPoints(summary, table, 0, 0, null, at, same)).toEqual([0, 5, 0.5, 1, 1, 2, 1.25, 7])
  })

  test('joins pieces: each begins with the last point of the one before', () => {
    const first = columnPoints(summary, table, 0, 0, 1, at, same)
    const second = columnPoints(summary, table, 0, 1, null, at, same)
    expect(second.slice(0, 2)).toEqual(first.slice(-2))
  })

  test('leaves a gap where every value of a column is NaN', () => {
    const gap = tableOf([[1], [1], [1], [1], [NaN], [NaN], [NaN], [NaN], [2], [2]])
    const columns = createColumnSummary(Int32Array.of(0))
    extendColumns(columns, gap, at, 'same')
    expect(columnPoints(columns, gap, 0, 0, null, at, same)).toEqual([0, 1, 1, NaN, 2, 2, 2.25, 2])
  })
})

describe('columnMiddle', () => {
  test('has one point per column, half way, and the newest row', () => {
    const table = tableOf([[5], [1], [3], [4], [2], [7]])
    const summary = createColumnSummary(Int32Array.of(0))
    extendColumns(summary, table, at, 'same')
    expect([...columnMiddle(summary, table, 0, at, same)]).toEqual([0, 3, 1, 2, 1.25, 7])
  })
})

describe('columnBand', () => {
  test('runs along the largest values and back along the least', () => {
    const table = tableOf([
      [0, 10],
      [1, 12],
      [2, 11],
      [3, 9],
      [4, 8],
    ])
    const summary = createColumnSummary(Int32Array.of(0, 1))
    extendColumns(summary, table, at, 'same')
    expect([...columnBand(summary, table, 0, 1, at, same)]).toEqual([0, 12, 1, 8, 1, 4, 0, 0])
  })
})
