// How does a table become CSV that every spreadsheet reads, and none executes?
//
// RFC 4180 quoting with line feeds. A text that a spreadsheet would run as a formula gets a leading apostrophe; numbers never do,
// so that -0.5 stays a number.

export type CsvCell = string | number | boolean | null

/** One cell; numbers in full precision, NaN and null empty, infinities as words. */
export function csvCell(value: CsvCell): string {
  if (value === null || (typeof value === 'number' && Number.isNaN(value))) return ''
  if (value === Infinity) return 'inf'
  if (value === -Infinity) return '-inf'
  if (typeof value !== 'string') return String(value)
  const safe = /^\s*[=+\-@]|^[\t\r]/u.test(value) ? `'${value}` : value
  return /[",\n\r]|^\s|\s$/u.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** Head and rows as one text that ends with a line feed. */
export function csvText(columns: readonly string[], rows: Iterable<readonly CsvCell[]>): string {
  const lines = [columns.map(csvCell).join(',')]
  for (const row of rows) lines.push(row.map(csvCell).join(','))
  return `${lines.join('\n')}\n`
}
