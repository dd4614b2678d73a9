// What must a table hold, read slowly? A second reader, written from the formats' description, that shares no code with the first.

/** What a twin finds: [count, width] values and, where it knows them, targets; null where it would refuse. */
export interface Twin {
  readonly values: readonly number[]
  readonly targets: readonly number[] | null
}

const isNumber = (field: string) => /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/iu.test(field)
const isWord = (field: string) => /^\p{L}/u.test(field) && !/^(?:nan|inf|infinity|na|null|none)$/iu.test(field) && field.length <= 60

/** Numbers of a table that holds nothing else; null where it does. */
export function tableTwin(bytes: Uint8Array): readonly (readonly number[])[] | null {
  const rows = fieldsTwin(bytes)
  const data = rows[0].some((field) => field !== '' && !isNumber(field)) ? rows.slice(1) : rows
  if (data.some((row) => row.length !== rows[0].length || !row.every(isNumber))) return null
  return data.map((row) => row.map((field) => Math.fround(Number(field))))
}

/** Words in one column at an end and numbers in all others; null for any other table. */
function wordsTwin(rows: readonly (readonly string[])[]): Twin | null {
  const width = rows[0].length
  if (width < 2 || rows.some((row) => row.length !== width)) return null
  for (const column of [width - 1, 0]) {
    const holds = (row: readonly string[]) => row.every((field, k) => (k === column ? isWord(field) : isNumber(field)))
    const data = holds(rows[0]) && rows.length > 1 && holds(rows[1]) ? rows : rows.slice(1)
    if (data.length === 0 || !data.every(holds)) continue
    if (data === rows || rows[0].some((field) => field !== '' && !isNumber(field))) {
      const names = [...new Set(data.map((row) => row[column]))].toSorted((a, b) => (a < b ? -1 : 1))
      return {
        values: data.flatMap((row) => row.filter((_, k) => k !== column).map((field) => Math.fround(Number(field)))),
        targets: data.map((row) => names.indexOf(row[column])),
      }
    }
  }
  return null
}

/** Fields letter by letter; the column of the target is the one that the reader may choose, first or last. */
export function csvTwin(bytes: Uint8Array): Twin | null {
  const rows = fieldsTwin(bytes)
  const ofWords = wordsTwin(rows)
  if (ofWords !== null) return ofWords
  const table = tableTwin(bytes)
  if (table === null) return null
  // Which column it is stands in other tests; here only that nothing is lost or moved.
  const [first, last] = [0, rows[0].length - 1].map((column) => ({
    values: table.flatMap((row) => row.filter((_, k) => k !== column)),
    targets: table.map((row) => row[column]),
  }))
  return firstColumnWins(table, rows) ? first : last
}

/** Letter by letter, as RFC 4180 says it. */
function fieldsTwin(bytes: Uint8Array): readonly (readonly string[])[] {
  const rows: string[][] = []
  const words = new TextDecoder().decode(bytes)
  const plain = words.split(/\r\n|\n|\r/u).filter((line) => line.trim() !== '' && !line.startsWith('#'))
  const bare = (plain[0] ?? '').replaceAll(/"[^"]*"/gu, '')
  const counts = [',', ';', '\t'].map((letter) => bare.split(letter).length - 1)
  const separator = Math.max(...counts) === 0 ? ' ' : [',', ';', '\t'][counts.indexOf(Math.max(...counts))]
  for (const line of plain) {
    const fields = ['']
    let isQuoted = false
    for (const letter of line) {
      if (letter === '"') isQuoted = !isQuoted
      if (letter === separator && !isQuoted) fields.push('')
      else fields[fields.length - 1] += letter
    }
    const trimmed = fields.map((field) => field.replaceAll(/^[ \t]+|[ \t]+$/gu, '')).filter((field) => separator !== ' ' || field !== '')
    rows.push(trimmed.map((field) => (/^".*"$/u.test(field) ? field.slice(1, -1).replaceAll('""', '"').trim() : field)))
  }
  return rows
}

/** The rule of the reader, in the words of its documentation: the last column that holds classes, else the first, else the last. */
function firstColumnWins(table: readonly (readonly number[])[], rows: readonly (readonly string[])[]): boolean {
  const word = (k: number) => (/^[+-]?[\d.]/u.test(rows[0][k]) ? '' : rows[0][k].trim().toLowerCase())
  const names = new Set(['label', 'labels', 'class', 'classes', 'target', 'targets', 'y', 'digit', 'category'])
  const last = rows[0].length - 1
  if (rows.length !== table.length && names.has(word(last))) return false
  if (rows.length !== table.length && names.has(word(0))) return true
  const classesOf = (k: number) => {
    const column = table.map((row) => row[k])
    const different = [...new Set(column)].toSorted((a, b) => a - b)
    const isClass =
      column.every(Number.isInteger) && different.length >= 2 && (different.length === 2 || 10 * different.length <= column.length)
    const isGapless = different.at(-1)! - different[0] === different.length - 1
    return isClass ? { isGapless } : null
  }
  const [a, b] = [classesOf(0), classesOf(last)]
  return a !== null && (b === null || (a.isGapless && !b.isGapless))
}
