// How does a text become a table of numbers? One pass over the bytes: a table of a hundred megabytes never becomes strings.
//
// Numbers, and words in one column at most, the first or the last, where they name classes. Any other field that is no number
// stops everything with its line and column: a silent NaN would train as noise. Words and numbers never mix in a column.
// Separators are comma, semicolon, tab or spaces, whichever the first line has most of; quotes as in RFC 4180.
import { LIMITS } from '../../core/limits.ts'
import { corrupt } from '../dataFaults.ts'
import { parseDecimal } from './parseDecimal.ts'

/** Rows of equal length. */
export interface NumberTable {
  readonly rows: number
  readonly columns: number
  /** [rows, columns] row-major. */
  readonly values: Float32Array
  /** The words of the first line when they are no numbers. */
  readonly header: readonly string[] | null
  /** The column that holds words; there `values` are positions in `names`, which are in the order in which they came. */
  readonly words: { readonly column: number; readonly names: readonly string[] } | null
}

/** Of classes: it begins with a letter, so that no damaged number is one. */
const WORD = /^\p{L}/u
const NO_WORD = /^(?:nan|inf|infinity|na|null|none)$/iu
const LONGEST_WORD = 60

/** The inputs of one sample and its target. */
const MOST_COLUMNS = LIMITS.fileSide.max + 1
const MOST_VALUES = 2 ** 26
const LONGEST_FIELD = 1000

const [TAB, NEWLINE, RETURN, SPACE, QUOTE, HASH] = [0x09, 0x0a, 0x0d, 0x20, 0x22, 0x23]

/**
 * Reads a table of numbers with or without a header.
 *
 * A byte order mark, CRLF, blank lines, lines that start with # and spaces around fields are allowed.
 *
 * @param file the name that a fault shall carry.
 * @throws {FaultError} `dataCorrupt` naming line and column of the first field that is no number, or the first line of another length.
 */
export function parseCsv(bytes: Uint8Array, file: string): NumberTable {
  const lines = new LineReader(bytes, file)
  const first = lines.next()
  if (first === null) throw corrupt(file, 'holds no line of numbers')
  const words = Array.from({ length: first }, (_, k) => lines.field(k))
  const columns = words.length
  if (columns > MOST_COLUMNS) throw corrupt(file, `has ${columns} columns, and ${MOST_COLUMNS} are read`)
  const isText = words.map((word) => word !== '' && Number.isNaN(parseDecimal(word)))
  const firstLine = lines.line
  const second = isText.includes(true) ? lines.next() : null
  const below = second === null ? [] : Array.from({ length: second }, (_, k) => lines.field(k))
  // Numbers with one word, and a word below it: a class and no name of a column.
  const lone = second === columns && isText.filter(Boolean).length === 1 ? wordColumn(words) : null
  const isData = !isText.includes(true) || (lone !== null && wordColumn(below) === lone)
  const header = isData ? null : words
  const column = wordColumn(isData ? words : below)
  const names = new Map<string, number>()
  let values = new Float32Array(1024 * columns)
  let rows = 0
  const waiting = [
    ...(isData ? [{ fields: words, line: firstLine }] : []),
    ...(second === null ? [] : [{ fields: below, line: lines.line }]),
  ]
  const nextRow = (): { readonly fields: readonly string[] | number; readonly line: number } | null => {
    const kept = waiting.shift()
    if (kept !== undefined) return kept
    const fields = lines.next()
    return fields === null ? null : { fields, line: lines.line }
  }
  for (let row = nextRow(); row !== null; row = nextRow()) {
    const { line } = row
    const given = row.fields
    const fields = typeof given === 'number' ? given : given.length
    const fieldAt = (k: number): string => (typeof given === 'number' ? lines.field(k) : given[k])
    if (fields !== columns) throw corrupt(file, `has ${counted(fields)} in line ${line} where the first line has ${columns}`)
    if ((rows + 1) * columns > MOST_VALUES) throw corrupt(file, `holds more than ${MOST_VALUES} numbers`)
    if ((rows + 1) * columns > values.length) values = grown(values)
    for (let k = 0; k < columns; k++) {
      const value = k === column ? codeOf(fieldAt(k), names, { file, line, column: k + 1 }) : Math.fround(parseDecimal(fieldAt(k)))
      if (!Number.isFinite(value)) throw corrupt(file, notANumber(fieldAt(k), line, k + 1, Number.isNaN(value)))
      values[rows * columns + k] = value
    }
    rows++
  }
  if (rows === 0) throw corrupt(file, 'has a first line of names and no line of numbers')
  const wordy = column === null ? null : { column, names: [...names.keys()] }
  return { rows, columns, values: values.slice(0, rows * columns), header, words: wordy }
}

/** The last or the first field when it alone is a word; null where none is, or another one is no number. */
function wordColumn(fields: readonly string[]): number | null {
  const last = fields.length - 1
  const column = [last, 0].find((k) => k >= 0 && isWord(fields[k]))
  if (column === undefined || last < 1) return null
  return fields.every((field, k) => k === column || !Number.isNaN(parseDecimal(field))) ? column : null
}

function isWord(field: string): boolean {
  return WORD.test(field) && !NO_WORD.test(field)
}

/** Position of a word among the names so far. */
function codeOf(
  field: string,
  names: Map<string, number>,
  { file, line, column }: { readonly file: string; readonly line: number; readonly column: number },
): number {
  const known = names.get(field)
  if (known !== undefined) return known
  const at = `in line ${line}, column ${column}`
  if (field === '') throw corrupt(file, `has nothing ${at}, where a word should stand`)
  if (!isWord(field)) throw corrupt(file, `has "${shortened(field)}" ${at}, among words that name classes: each begins with a letter`)
  if (field.length > LONGEST_WORD) throw corrupt(file, `has a word of ${field.length} letters ${at}, and ${LONGEST_WORD} are read`)
  if (names.size === LIMITS.fileClasses.max) {
    throw corrupt(
      file,
      `has more than ${LIMITS.fileClasses.max} different words in column ${column}: only numbers and classes are learnt from`,
    )
  }
  names.set(field, names.size)
  return names.size - 1
}

function shortened(word: string): string {
  return word.length > 20 ? `${word.slice(0, 20)}…` : word
}

/** Walks over the lines; the fields of the line of the moment are asked for by number. */
class LineReader {
  /** Number of the line of the moment, from 1, as an editor counts. */
  line = 0
  private readonly bytes: Uint8Array
  private readonly file: string
  private readonly separator: number
  private readonly decoder = new TextDecoder()
  private at: number
  private nextLine = 1
  /** Where each field starts and ends, quotes included. */
  private readonly bounds: number[] = []

  constructor(bytes: Uint8Array, file: string) {
    this.bytes = bytes
    this.file = file
    this.at = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0
    this.separator = guessSeparator(bytes, this.at)
  }

  /** Number of fields of the next line that says something, null after the last one. */
  next(): number | null {
    const { bytes } = this
    while (this.at < bytes.length) {
      this.line = this.nextLine
      const start = this.at
      const isComment = bytes[start] === HASH
      if (isComment) this.skipLine()
      else this.split()
      if (!isComment && this.bounds.length > 0) return this.bounds.length / 2
    }
    return null
  }

  /** The text of one field without quotes and the spaces around it. */
  field(index: number): string {
    const { bytes, bounds } = this
    let from = bounds[2 * index]
    let to = bounds[2 * index + 1]
    while (from < to && isBlank(bytes[from])) from++
    while (to > from && isBlank(bytes[to - 1])) to--
    const isQuoted = bytes[from] === QUOTE && to - from >= 2 && bytes[to - 1] === QUOTE
    if (to - from > LONGEST_FIELD) throw corrupt(this.file, `has a field of ${to - from} letters in line ${this.line}, which is no number`)
    if (isQuoted)
      return this.decoder
        .decode(bytes.subarray(from + 1, to - 1))
        .replaceAll('""', '"')
        .trim()
    let text = ''
    for (let i = from; i < to; i++) {
      if (bytes[i] >= 0x80) return this.decoder.decode(bytes.subarray(from, to))
      text += String.fromCharCode(bytes[i])
    }
    return text
  }

  private skipLine(): void {
    const { bytes } = this
    while (this.at < bytes.length && bytes[this.at] !== NEWLINE && bytes[this.at] !== RETURN) this.at++
    this.endLine()
  }

  /** Past one end of line: LF, CRLF or CR. */
  private endLine(): void {
    const { bytes } = this
    if (this.at >= bytes.length) return
    if (bytes[this.at] === RETURN && bytes[this.at + 1] === NEWLINE) this.at++
    this.at++
    this.nextLine++
  }

  private split(): void {
    const { bytes, bounds, separator } = this
    bounds.length = 0
    let start = this.at
    let isQuoted = false
    let isBlankLine = true
    for (; this.at < bytes.length; this.at++) {
      const byte = bytes[this.at]
      if (byte === QUOTE) {
        isQuoted = !isQuoted
        isBlankLine = false
      } else if (byte === NEWLINE || byte === RETURN) {
        if (isQuoted) throw corrupt(this.file, `has a quote in line ${this.line} that does not end there`)
        break
      } else if (byte === separator && !isQuoted) {
        if (separator !== SPACE) {
          isBlankLine = false
          bounds.push(start, this.at)
        } else if (this.at > start) bounds.push(start, this.at)
        start = this.at + 1
      } else if (!isBlank(byte)) isBlankLine = false
      if (bounds.length > 2 * MOST_COLUMNS) throw corrupt(this.file, `has more than ${MOST_COLUMNS} columns in line ${this.line}`)
    }
    if (isQuoted) throw corrupt(this.file, `has a quote in line ${this.line} that does not end there`)
    if (isBlankLine) bounds.length = 0
    // Spaces at the end of a line separate nothing.
    else if (separator !== SPACE || this.at > start) bounds.push(start, this.at)
    this.endLine()
  }
}

/** The most frequent of comma, semicolon and tab in the first line that says something, else spaces. */
function guessSeparator(bytes: Uint8Array, from: number): number {
  const counts = new Map<number, number>([
    [0x2c, 0],
    [0x3b, 0],
    [TAB, 0],
  ])
  let isStart = true
  let isComment = false
  let isQuoted = false
  let hasWords = false
  for (let at = from; at < bytes.length; at++) {
    const byte = bytes[at]
    if (byte === NEWLINE || byte === RETURN) {
      if (hasWords) break
      isStart = true
      isComment = false
      continue
    }
    if (isStart) isComment = byte === HASH
    isStart = false
    if (isComment) continue
    if (byte === QUOTE) isQuoted = !isQuoted
    else if (!isQuoted && counts.has(byte)) counts.set(byte, counts.get(byte)! + 1)
    if (byte !== SPACE && byte !== TAB) hasWords = true
  }
  const [separator, count] = [...counts].reduce((best, candidate) => (candidate[1] > best[1] ? candidate : best))
  return count > 0 ? separator : SPACE
}

function grown(values: Float32Array): Float32Array<ArrayBuffer> {
  const larger = new Float32Array(2 * values.length)
  larger.set(values)
  return larger
}

function isBlank(byte: number): boolean {
  return byte === SPACE || byte === TAB
}

function counted(fields: number): string {
  return fields === 1 ? '1 field' : `${fields} fields`
}

function notANumber(word: string, line: number, column: number, isNoNumber: boolean): string {
  if (word === '') return `has nothing in line ${line}, column ${column}, where a number should stand`
  return `has "${shortened(word)}" in line ${line}, column ${column}, which is ${isNoNumber ? 'no number' : 'too large a number'}`
}
