// How are 1500 steps of 64 seeds drawn on 700 pixels, again and again while they grow? As least and largest value per pixel column.
//
// Each row is read once. The newest row is never taken in, because the store may still replace it; the caller draws it
// separately. A store that thins its rows is noticed by the step of the last row read, and everything is read again.

/** Rows of values: row r is [rowWidth] numbers at `steps[r]`, ascending; the arrays may be longer than `count`. */
export interface RowTable {
  readonly steps: Float64Array
  readonly values: Float64Array
  readonly count: number
  readonly rowWidth: number
}

/** Extremes per occupied pixel column and series. Mutable: it grows with its table. */
export interface ColumnSummary {
  /** Which entries of a row are summarised. */
  readonly series: Int32Array
  /** Occupied columns. */
  count: number
  /** [capacity] x of the first row in the column, in pixels. */
  x: Float64Array
  /** [capacity, series] least value, +Infinity where every value is NaN. */
  low: Float64Array
  high: Float64Array
  /** [capacity, series] 1 where the least value came before the largest. */
  lowFirst: Uint8Array
  rowsRead: number
  lastStepRead: number
  lastColumn: number
  /** Unique to this summary since it last started over: what was drawn under another number is void. */
  generation: number
  key: string
}

let generations = 0

/** An empty summary of the given entries of each row. */
export function createColumnSummary(series: Int32Array): ColumnSummary {
  const capacity = 256
  return {
    series,
    count: 0,
    x: new Float64Array(capacity),
    low: new Float64Array(capacity * series.length),
    high: new Float64Array(capacity * series.length),
    lowFirst: new Uint8Array(capacity * series.length),
    rowsRead: 0,
    lastStepRead: NaN,
    lastColumn: NaN,
    generation: 0,
    key: '',
  }
}

/**
 * Takes in all rows but the newest.
 *
 * @param at pixel of a step; `key` names the scale: another key, or rows that are no longer those read, start over.
 */
export function extendColumns(summary: ColumnSummary, table: RowTable, at: (step: number) => number, key: string): void {
  const { rowsRead } = summary
  const settled = Math.max(0, table.count - 1)
  const same = key === summary.key && rowsRead <= settled && (rowsRead === 0 || table.steps[rowsRead - 1] === summary.lastStepRead)
  if (!same) {
    summary.count = 0
    summary.rowsRead = 0
    summary.lastColumn = NaN
    summary.generation = ++generations
    summary.key = key
  }
  for (let row = summary.rowsRead; row < settled; row++) takeRow(summary, table, row, at(table.steps[row]))
  summary.rowsRead = settled
  summary.lastStepRead = settled > 0 ? table.steps[settled - 1] : NaN
}

function takeRow(summary: ColumnSummary, table: RowTable, row: number, x: number): void {
  const width = summary.series.length
  const column = Math.floor(x)
  if (column !== summary.lastColumn) {
    reserve(summary)
    const start = summary.count * width
    summary.x[summary.count] = x
    summary.low.fill(Infinity, start, start + width)
    summary.high.fill(-Infinity, start, start + width)
    summary.count++
    summary.lastColumn = column
  }
  const start = (summary.count - 1) * width
  const from = row * table.rowWidth
  for (let k = 0; k < width; k++) {
    const value = table.values[from + summary.series[k]]
    if (value < summary.low[start + k]) {
      summary.low[start + k] = value
      summary.lowFirst[start + k] = 0
    }
    if (value > summary.high[start + k]) {
      summary.high[start + k] = value
      summary.lowFirst[start + k] = 1
    }
  }
}

function reserve(summary: ColumnSummary): void {
  if (summary.count < summary.x.length) return
  const width = summary.series.length
  const capacity = 2 * summary.x.length
  summary.x = grown(summary.x, new Float64Array(capacity))
  summary.low = grown(summary.low, new Float64Array(capacity * width))
  summary.high = grown(summary.high, new Float64Array(capacity * width))
  summary.lowFirst = grown(summary.lowFirst, new Uint8Array(capacity * width))
}

function grown<Store extends Float64Array | Uint8Array>(from: Store, to: Store): Store {
  to.set(from)
  return to
}

/**
 * Points of series k (position in `series`) over columns [from, to), interleaved x, y; two points where a column has a spread.
 *
 * With from > 0 the last point of the column before comes first, so that pieces join. `to: null` goes to the newest row of the table.
 */
export function columnPoints(
  summary: ColumnSummary,
  table: RowTable,
  k: number,
  from: number,
  to: number | null,
  at: (step: number) => number,
  y: (value: number) => number,
): number[] {
  const width = summary.series.length
  const points: number[] = []
  const end = to ?? summary.count
  for (let column = Math.max(0, from - 1); column < end; column++) {
    const entry = column * width + k
    const low = summary.low[entry]
    const high = summary.high[entry]
    const x = summary.x[column]
    if (low > high) {
      points.push(x, NaN)
      continue
    }
    const first = y(summary.lowFirst[entry] === 1 ? low : high)
    const last = y(summary.lowFirst[entry] === 1 ? high : low)
    if (low !== high && column >= from) points.push(x, first)
    points.push(low === high ? x : x + 0.5, last)
  }
  if (to === null && table.count > 0) {
    const row = table.count - 1
    points.push(at(table.steps[row]), y(table.values[row * table.rowWidth + summary.series[k]]))
  }
  return points
}

/** One point per column, half way between its extremes on the screen, and the newest row: for bold and dashed lines. */
export function columnMiddle(
  summary: ColumnSummary,
  table: RowTable,
  k: number,
  at: (step: number) => number,
  y: (value: number) => number,
): Float64Array {
  const { low, high, count, x } = summary
  const width = summary.series.length
  const points = new Float64Array(2 * (count + (table.count > 0 ? 1 : 0)))
  for (let column = 0; column < count; column++) {
    const entry = column * width + k
    points[2 * column] = x[column]
    // Most columns hold one value where steps are few: one logarithm then, not two.
    points[2 * column + 1] =
      low[entry] > high[entry] ? NaN : low[entry] === high[entry] ? y(low[entry]) : (y(low[entry]) + y(high[entry])) / 2
  }
  if (table.count > 0) {
    const row = table.count - 1
    points[2 * count] = at(table.steps[row])
    points[2 * count + 1] = y(table.values[row * table.rowWidth + summary.series[k]])
  }
  return points
}

/** Closed polygon between the largest of series `upper` and the least of series `lower`, to the newest row. */
export function columnBand(
  summary: ColumnSummary,
  table: RowTable,
  lower: number,
  upper: number,
  at: (step: number) => number,
  y: (value: number) => number,
): Float64Array {
  const width = summary.series.length
  // The upper edge from the front, the lower edge from the back, closed up at the end.
  const points = new Float64Array(4 * (summary.count + 1))
  let used = 0
  const add = (x: number, low: number, high: number) => {
    if (low > high || !Number.isFinite(low) || !Number.isFinite(high)) return
    points[used] = x
    points[used + 1] = y(high)
    used += 2
    points[points.length - used] = x
    points[points.length - used + 1] = y(low)
  }
  for (let column = 0; column < summary.count; column++)
    add(summary.x[column], summary.low[column * width + lower], summary.high[column * width + upper])
  if (table.count > 0) {
    const row = (table.count - 1) * table.rowWidth
    add(at(table.steps[table.count - 1]), table.values[row + summary.series[lower]], table.values[row + summary.series[upper]])
  }
  points.copyWithin(used, points.length - used)
  return points.subarray(0, 2 * used)
}
