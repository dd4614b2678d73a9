// What is a drawing before anybody draws it? A list of marks in CSS pixels, plain data that a test can read.
//
// Plots build scenes and never touch canvas or DOM; one painter makes pixels of them, one writer makes SVG. Points are
// interleaved x, y; NaN breaks a line.

/** A piece of text; exponents and indices are runs of their own, so that 10^-4 is typeset and not spelt. */
export interface TextRun {
  readonly text: string
  readonly shift?: 'super' | 'sub'
  readonly italic?: boolean
}

/** Anything that can be written: plain text or runs. */
export type Label = string | readonly TextRun[]

export interface PolylineMark {
  readonly type: 'polyline'
  readonly points: ArrayLike<number>
  readonly stroke: string
  readonly width: number
  readonly dash?: readonly number[]
  readonly opacity?: number
  readonly clip?: Box
}

/** A closed polygon without outline. */
export interface AreaMark {
  readonly type: 'area'
  readonly points: ArrayLike<number>
  readonly fill: string
  readonly opacity: number
  readonly clip?: Box
}

/** Separate segments, four numbers each. */
export interface SegmentsMark {
  readonly type: 'segments'
  readonly points: ArrayLike<number>
  readonly stroke: string
  readonly width: number
  readonly dash?: readonly number[]
  readonly opacity?: number
}

/** Circles of one size; `fill: null` makes them hollow over `background`. */
export interface DotsMark {
  readonly type: 'dots'
  readonly points: ArrayLike<number>
  readonly radius: number
  readonly fill: string | null
  readonly stroke?: string
  readonly strokeWidth?: number
  readonly background?: string
  readonly opacity?: number
}

export interface RectMark {
  readonly type: 'rect'
  readonly box: Box
  readonly fill: string
  readonly stroke?: string
  readonly radius?: number
  readonly opacity?: number
}

export interface TextMark {
  readonly type: 'text'
  readonly x: number
  readonly y: number
  readonly label: Label
  readonly size: number
  readonly fill: string
  readonly anchor: 'start' | 'middle' | 'end'
  readonly bold?: boolean
  /** Colour of an outline that keeps the text legible over data. */
  readonly halo?: string
}

/** A heat map: rows from the top, one RGBA pixel per cell. */
export interface ImageMark {
  readonly type: 'image'
  readonly box: Box
  readonly columns: number
  readonly rows: number
  /** [rows, columns, 4]; may be rewritten in place when `version` grows. */
  readonly pixels: Uint8ClampedArray
  readonly version?: number
}

/** Many thin lines that grow at one end; the painter keeps what is already drawn while `key` stays the same. */
export interface StrandsMark {
  readonly type: 'strands'
  readonly id: string
  readonly key: string
  readonly lineCount: number
  /** Parts that no longer change; part `settled` and beyond are redrawn each time. */
  readonly settled: number
  /** Points of one line from the end of part `from` - 1 up to and without part `to`; null: to the very end. */
  readonly line: (index: number, from: number, to: number | null) => ArrayLike<number>
  readonly stroke: string
  readonly width: number
  readonly opacity: number
  readonly dash?: readonly number[]
  readonly clip: Box
}

export type Mark = PolylineMark | AreaMark | SegmentsMark | DotsMark | RectMark | TextMark | ImageMark | StrandsMark

/** A rectangle in CSS pixels from the upper left corner of the plot. */
export interface Box {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** Plain runs of any label. */
export function runsOf(label: Label): readonly TextRun[] {
  return typeof label === 'string' ? [{ text: label }] : label
}

/** A label as one line of plain text, exponents after a caret: for names, tables and screen readers. */
export function plainText(label: Label): string {
  return runsOf(label)
    .map((run) => (run.shift === 'super' ? `^${run.text}` : run.text))
    .join('')
    .replaceAll('×10^', 'e')
    .replaceAll('−', '-')
}

const RAISED: Readonly<Record<string, string>> = {
  '−': '⁻',
  0: '⁰',
  1: '¹',
  2: '²',
  3: '³',
  4: '⁴',
  5: '⁵',
  6: '⁶',
  7: '⁷',
  8: '⁸',
  9: '⁹',
}

/** A label as one line of text with raised digits, for heads of cards. */
export function inlineText(label: Label): string {
  return runsOf(label)
    .map((run) => (run.shift === 'super' ? [...run.text].map((character) => RAISED[character] ?? character).join('') : run.text))
    .join('')
}

/** Several labels as one. */
export function joinLabels(...labels: readonly Label[]): readonly TextRun[] {
  return labels.flatMap((label) => runsOf(label))
}

/** One straight line. */
export function segment(
  x1: number,
  y1: number,
  x2: number,
  y2: number,
  stroke: string,
  width: number,
  style: Partial<SegmentsMark> = {},
): SegmentsMark {
  return { type: 'segments', points: [x1, y1, x2, y2], stroke, width, ...style }
}
