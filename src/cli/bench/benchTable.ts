// How does the benchmark speak? In one form of table: markdown for people and the README, the same rows for --json.
import { ShapeFault } from '../../core/faults.ts'
import { figureText, type Figure } from './figures.ts'

export type Cell = string | Figure

export interface BenchTable {
  readonly title: string
  readonly columns: readonly string[]
  readonly rows: readonly (readonly Cell[])[]
  /** What a reader must know to read the numbers; one sentence each. */
  readonly notes: readonly string[]
}

/**
 * Markdown, columns padded so that a terminal shows it as well; columns of figures are right-aligned.
 *
 * @throws {ShapeFault} when a row has another number of cells than there are columns.
 */
export function tableText(table: BenchTable): string {
  const { title, columns, rows, notes } = table
  for (const row of rows) {
    if (row.length !== columns.length) {
      throw new ShapeFault(`tableText: ${title} has a row of ${row.length} cells, expected ${columns.length}`)
    }
  }
  const texts = rows.map((row) => row.map(cellText))
  const isNumeric = columns.map((_, k) => rows.some((row) => typeof row[k] !== 'string'))
  const widths = columns.map((column, k) => Math.max(3, column.length, ...texts.map((row) => row[k].length)))
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, k) => (isNumeric[k] ? cell.padStart(widths[k]) : cell.padEnd(widths[k]))).join(' | ')} |`
  const rule = `| ${widths.map((width, k) => (isNumeric[k] ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width))).join(' | ')} |`
  const body = [line(columns), rule, ...texts.map(line)]
  return [`**${title}**`, '', ...body, ...(notes.length > 0 ? ['', ...notes] : [])].join('\n')
}

/** One object per row, figures as numbers, for whoever compares two runs. */
export function tableRecord(table: BenchTable): {
  readonly title: string
  readonly notes: readonly string[]
  readonly rows: readonly Readonly<Record<string, Cell>>[]
} {
  const { title, columns, rows, notes } = table
  return { title, notes, rows: rows.map((row) => Object.fromEntries(columns.map((column, k) => [column, row[k]]))) }
}

function cellText(cell: Cell): string {
  return (typeof cell === 'string' ? cell : figureText(cell)).replaceAll('|', '\\|')
}
