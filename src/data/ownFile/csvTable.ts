// How does a text become a table of numbers? One pass over the bytes: a table of a hundred megabytes never becomes strings.
//
// Numbers only. A field that is none stops everything with its line and column: a silent NaN would train as noise.
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
}

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
  const header = words.some((word) => word !== '' && Number.isNaN(parseDecimal(word))) ? words : null
  let values = new Float32Array(1024 * columns)
  let rows = 0
  for (let fields: number | null = header === null ? first : lines.next(); fields !== null; fields = lines.next()) {
    if (fields !== columns) throw corrupt(file, `has ${counted(fields)} in line ${lines.line} where the first line has ${columns}`)
    if ((rows + 1) * columns > MOST_VALUES) throw corrupt(file, `holds more than ${MOST_VALUES} numbers`)
    if ((rows + 1) * columns > values.length) values = grown(values)
    for (let column = 0; column < columns; column++) {
      const value = Math.fround(parseDecimal(lines.field(column)))
      if (!Number.isFinite(value)) throw corrupt(file, notANumber(lines.field(column), lines.line, column + 1, Number.isNaN(value)))
      values[rows * columns + column] = value
    }
    rows++
  }
  if (rows === 0) throw corrupt(file, 'has a first line of names and no line of numbers')
  return { rows, columns, values: values.slice(0, rows * columns), header }
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
  const shown = word.length > 20 ? `${word.slice(0, 20)}…` : word
  return `has "${shown}" in line ${line}, column ${column}, which is ${isNoNumber ? 'no number' : 'too large a number'}`
}
