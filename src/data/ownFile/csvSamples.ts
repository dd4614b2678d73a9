// Which columns of a table are to be learnt from the others? One at an end, or as many at the end as somebody says.
//
// What holds words is learnt, since only numbers can be inputs; else last columns whose names count up (y1, y2), else a header
// word such as "label" decides, else the column that holds classes, the last one where both do. A number of last columns that
// somebody chose goes before all of that, and a link carries it.
import { LIMITS } from '../../core/limits.ts'
import { corrupt } from '../dataFaults.ts'
import { demandClasses, guessClasses, isGapless, wordClasses } from './classLabels.ts'
import type { NumberTable } from './csvTable.ts'
import type { OwnTargets, ReadSamples } from './ownSamples.ts'
import { squareImageSide } from './squareImage.ts'

const LABEL_WORDS: ReadonlySet<string> = new Set(['label', 'labels', 'class', 'classes', 'target', 'targets', 'y', 'digit', 'category'])
const CLASS_WORDS: ReadonlySet<string> = new Set(['label', 'labels', 'class', 'classes', 'digit', 'category'])
/** A name that counts targets: y1, y_2, target 3, output-4. */
const COUNTED_NAME = /^(y|targets?|outputs?)[ _-]?(\d{1,3})$/u
/** Targets of one sample. */
export const MOST_TARGETS = LIMITS.fileTargets.max

/** Which columns, from `first` to `last`, and why. */
interface Learnt {
  readonly first: number
  readonly last: number
  readonly targets: OwnTargets
  readonly why: string
}

/**
 * The samples of a table: some columns are targets, the others are the inputs.
 *
 * @param file the name that a fault shall carry.
 * @param chosen so many last columns are numbers to be predicted; null: the table says it.
 * @throws {FaultError} `dataCorrupt` when there is but one column or too few rows, or a column of labels is none.
 */
export function csvSamples(table: NumberTable, file: string, chosen: number | null = null): ReadSamples {
  const { rows, columns, header } = table
  if (columns < 2) throw corrupt(file, 'has a single column, and at least one input and one target are needed')
  const { first, last, targets, why } = chosen === null ? findTargets(table, file) : lastColumns(table, file, chosen)
  const isInput = (column: number): boolean => column < first || column > last
  const width = columns - (last - first + 1)
  const inputs = new Float32Array(rows * width)
  for (let row = 0; row < rows; row++) {
    let at = row * width
    for (let k = 0; k < columns; k++) if (isInput(k)) inputs[at++] = table.values[row * columns + k]
  }
  const notes = [noteOf(table, { first, last, targets, why })]
  const image = squareImageSide(inputs, width)
  if (image !== null) notes.push(`${width} whole numbers a row are read as pictures of ${image.side} × ${image.side}.`)
  return {
    format: 'CSV table',
    shape: image === null ? [1, width, 1] : [1, image.side, image.side],
    count: rows,
    values: image === null ? inputs : Uint8Array.from(inputs),
    unit: image === null ? 1 : image.unit,
    targets,
    columnNames: header === null || image !== null ? null : header.filter((_, k) => isInput(k)),
    mostTargets: table.words === null ? Math.min(columns - 1, MOST_TARGETS) : 0,
    notes,
  }
}

function noteOf({ header }: NumberTable, { first, last, targets, why }: Learnt): string {
  const what = targets.type === 'classes' ? 'classes' : 'numbers to be predicted'
  if (first < last) return `The last ${last - first + 1} columns are read as ${what}, ${why}.`
  const name = header === null ? '' : ` ("${header[first].slice(0, 40)}")`
  return `The ${first === 0 ? 'first' : 'last'} column${name} is read as ${what}, ${why}.`
}

function findTargets(table: NumberTable, file: string): Learnt {
  const last = table.columns - 1
  const only = (column: number, targets: OwnTargets, why: string): Learnt => ({ first: column, last: column, targets, why })
  if (table.words !== null) {
    const { column, names } = table.words
    return only(column, wordClasses(columnOf(table, column), names, file), 'because it holds words')
  }
  const word = (column: number): string => (table.header?.[column] ?? '').trim().toLowerCase()
  const counted = countedTargets(table.header ?? [])
  if (counted > 1) return lastColumns(table, file, counted, 'because of their names')
  const named = [last, 0].find((column) => LABEL_WORDS.has(word(column)))
  if (named !== undefined) {
    const values = columnOf(table, named)
    const classes = CLASS_WORDS.has(word(named)) ? demandClasses(values, file) : guessClasses(values)
    return only(named, classes ?? numbers(table, named, named), 'because of its name')
  }
  const [first, second] = [guessClasses(columnOf(table, 0)), guessClasses(columnOf(table, last))]
  // Gapless numbers are labels rather than a coarse measurement.
  const isFirstBetter = first !== null && (second === null || (isGapless(first) && !isGapless(second)))
  if (isFirstBetter) return only(0, first, 'because its whole numbers come back')
  if (second !== null) return only(last, second, 'because its whole numbers come back')
  return only(last, numbers(table, last, last), 'because no column at either end holds classes')
}

/** How many last names count up from 0 or 1 with one word before them; never all. */
function countedTargets(header: readonly string[]): number {
  const parts = header.map((name) => COUNTED_NAME.exec(name.trim().toLowerCase()))
  for (let count = Math.min(header.length - 1, MOST_TARGETS); count > 1; count--) {
    const own = parts.slice(-count)
    const [stem, start] = [own[0]?.[1], Number(own[0]?.[2])]
    if (stem === undefined || start > 1) continue
    if (own.every((part, k) => part !== null && part[1] === stem && Number(part[2]) === start + k)) return count
  }
  return 0
}

function lastColumns(table: NumberTable, file: string, count: number, why = 'as chosen'): Learnt {
  const { columns, words } = table
  if (words !== null) {
    throw corrupt(file, `has words in column ${words.column + 1}: only numbers can be inputs, and numbers to be predicted`)
  }
  if (count >= columns) throw corrupt(file, `has ${columns} columns, and ${count} of them as targets leave no input`)
  return { first: columns - count, last: columns - 1, targets: numbers(table, columns - count, columns - 1), why }
}

function numbers({ rows, columns, values, header }: NumberTable, first: number, last: number): OwnTargets {
  const width = last - first + 1
  const own = new Float32Array(rows * width)
  for (let row = 0; row < rows; row++) {
    for (let k = 0; k < width; k++) own[row * width + k] = values[row * columns + first + k]
  }
  return { type: 'numbers', values: own, width, names: header === null ? null : header.slice(first, last + 1) }
}

function columnOf({ rows, columns, values }: NumberTable, column: number): Float32Array {
  const out = new Float32Array(rows)
  for (let row = 0; row < rows; row++) out[row] = values[row * columns + column]
  return out
}
