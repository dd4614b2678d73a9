// Which column of a table is to be learnt from the others? The first or the last; the file rarely says which.
//
// A header word such as "label" decides; else the column that holds classes, the last one where both do. Nobody can set it
// by hand: the file alone determines what is learnt, so that its digest in a link does.
import { corrupt } from '../dataFaults.ts'
import { demandClasses, guessClasses, isGapless } from './classLabels.ts'
import type { NumberTable } from './csvTable.ts'
import type { OwnTargets, ReadSamples } from './ownSamples.ts'
import { squareImageSide } from './squareImage.ts'

const LABEL_WORDS: ReadonlySet<string> = new Set(['label', 'labels', 'class', 'classes', 'target', 'targets', 'y', 'digit', 'category'])
const CLASS_WORDS: ReadonlySet<string> = new Set(['label', 'labels', 'class', 'classes', 'digit', 'category'])

/**
 * The samples of a table: one column is the target, the others are the inputs.
 *
 * @param file the name that a fault shall carry.
 * @throws {FaultError} `dataCorrupt` when there is but one column or too few rows, or a column of labels is none.
 */
export function csvSamples(table: NumberTable, file: string): ReadSamples {
  const { rows, columns, header } = table
  if (columns < 2) throw corrupt(file, 'has a single column, and at least one input and one target are needed')
  const { column, targets, why } = findTargets(table, file)
  const width = columns - 1
  const inputs = new Float32Array(rows * width)
  for (let row = 0; row < rows; row++) {
    let at = row * width
    for (let k = 0; k < columns; k++) if (k !== column) inputs[at++] = table.values[row * columns + k]
  }
  const place = column === 0 ? 'first' : 'last'
  const name = header === null ? '' : ` ("${header[column].slice(0, 40)}")`
  const what = targets.type === 'classes' ? 'classes' : 'numbers to be predicted'
  const notes = [`The ${place} column${name} is read as ${what}, ${why}.`]
  const image = squareImageSide(inputs, width)
  if (image !== null) notes.push(`${width} whole numbers a row are read as pictures of ${image.side} × ${image.side}.`)
  return {
    format: 'CSV table',
    shape: image === null ? [1, width, 1] : [1, image.side, image.side],
    count: rows,
    values: image === null ? inputs : Uint8Array.from(inputs),
    unit: image === null ? 1 : image.unit,
    targets,
    columnNames: header === null || image !== null ? null : header.filter((_, k) => k !== column),
    notes,
  }
}

function findTargets(table: NumberTable, file: string): { readonly column: number; readonly targets: OwnTargets; readonly why: string } {
  const last = table.columns - 1
  const word = (column: number): string => (table.header?.[column] ?? '').trim().toLowerCase()
  const named = [last, 0].find((column) => LABEL_WORDS.has(word(column)))
  if (named !== undefined) {
    const values = columnOf(table, named)
    const classes = CLASS_WORDS.has(word(named)) ? demandClasses(values, file) : guessClasses(values)
    return { column: named, targets: classes ?? numbers(table, named), why: 'because of its name' }
  }
  const [first, second] = [guessClasses(columnOf(table, 0)), guessClasses(columnOf(table, last))]
  // Gapless numbers are labels rather than a coarse measurement.
  const isFirstBetter = first !== null && (second === null || (isGapless(first) && !isGapless(second)))
  if (isFirstBetter) return { column: 0, targets: first, why: 'because its whole numbers come back' }
  if (second !== null) return { column: last, targets: second, why: 'because its whole numbers come back' }
  return { column: last, targets: numbers(table, last), why: 'because no column at either end holds classes' }
}

function numbers(table: NumberTable, column: number): OwnTargets {
  return { type: 'numbers', values: columnOf(table, column), name: table.header?.[column] ?? null }
}

function columnOf({ rows, columns, values }: NumberTable, column: number): Float32Array {
  const out = new Float32Array(rows)
  for (let row = 0; row < rows; row++) out[row] = values[row * columns + column]
  return out
}
