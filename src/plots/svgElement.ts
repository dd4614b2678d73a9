// What is a mark in SVG? One description that both the live layer and the exported file are made from.
import { runsOf, type Box, type ImageMark, type Mark, type TextRun } from './scene.ts'
import { SHIFT_SIZE } from './textWidth.ts'

/** An element without a document: tag, attributes, text runs. */
export interface SvgElement {
  readonly tag: 'path' | 'rect' | 'text' | 'g'
  readonly attributes: Readonly<Record<string, string>>
  readonly runs?: readonly TextRun[]
  readonly children?: readonly SvgElement[]
  /** Cut off outside this rectangle. */
  readonly clip?: Box
}

/** The SVG elements of a mark. */
export function svgElement(mark: Mark): SvgElement {
  switch (mark.type) {
    case 'polyline':
      return { tag: 'path', attributes: strokeAttributes(linePath(mark.points), mark), clip: mark.clip }
    case 'area':
      return {
        tag: 'path',
        attributes: { d: `${linePath(mark.points)}Z`, fill: mark.fill, 'fill-opacity': short(mark.opacity) },
        clip: mark.clip,
      }
    case 'segments':
      return { tag: 'path', attributes: strokeAttributes(segmentsPath(mark.points), mark) }
    case 'dots':
      return {
        tag: 'path',
        attributes: {
          d: dotsPath(mark.points, mark.radius),
          fill: mark.fill ?? mark.background ?? 'none',
          ...(mark.stroke === undefined ? {} : { stroke: mark.stroke, 'stroke-width': short(mark.strokeWidth ?? 1) }),
          ...(mark.opacity === undefined ? {} : { opacity: short(mark.opacity) }),
        },
      }
    case 'rect':
      return {
        tag: 'rect',
        attributes: {
          ...boxAttributes(mark.box),
          fill: mark.fill,
          ...(mark.stroke === undefined ? {} : { stroke: mark.stroke }),
          ...(mark.radius === undefined ? {} : { rx: short(mark.radius) }),
          ...(mark.opacity === undefined ? {} : { opacity: short(mark.opacity) }),
        },
      }
    case 'text':
      return {
        tag: 'text',
        attributes: {
          x: short(mark.x),
          y: short(mark.y),
          'font-size': short(mark.size),
          fill: mark.fill,
          'text-anchor': mark.anchor,
          ...(mark.bold === true ? { 'font-weight': '600' } : {}),
          ...(mark.halo === undefined
            ? {}
            : { stroke: mark.halo, 'stroke-width': '3.5', 'stroke-linejoin': 'round', 'paint-order': 'stroke' }),
        },
        runs: runsOf(mark.label),
      }
    case 'image':
      return { tag: 'g', attributes: { 'shape-rendering': 'crispEdges' }, children: cells(mark) }
    case 'strands':
      return {
        tag: 'g',
        attributes: {},
        clip: mark.clip,
        children: Array.from({ length: mark.lineCount }, (_, k) => ({
          tag: 'path',
          attributes: strokeAttributes(linePath(mark.line(k, 0, null)), mark),
        })),
      }
    default:
      return mark satisfies never
  }
}

/** Attributes of a run inside a text; `back` undoes the shift of the run before. */
export function runAttributes(run: TextRun, size: number, before: TextRun | undefined): Readonly<Record<string, string>> {
  const lift = (of: TextRun | undefined) => (of?.shift === 'super' ? -0.38 : of?.shift === 'sub' ? 0.22 : 0) * size
  const dy = lift(run) - lift(before)
  return {
    ...(dy === 0 ? {} : { dy: short(dy) }),
    ...(run.shift === undefined ? {} : { 'font-size': short(size * SHIFT_SIZE) }),
    ...(run.italic === true ? { 'font-style': 'italic' } : {}),
  }
}

/** At most 3 decimals, no trailing zeros. */
export function short(value: number): string {
  return String(Math.round(value * 1000) / 1000)
}

interface Stroke {
  readonly stroke: string
  readonly width: number
  readonly dash?: readonly number[]
  readonly opacity?: number
}

function strokeAttributes(d: string, { stroke, width, dash, opacity }: Stroke): Record<string, string> {
  return {
    d,
    fill: 'none',
    stroke,
    'stroke-width': short(width),
    'stroke-linejoin': 'round',
    ...(dash === undefined || dash.length === 0 ? {} : { 'stroke-dasharray': dash.map((length) => short(length)).join(' ') }),
    ...(opacity === undefined ? {} : { 'stroke-opacity': short(opacity) }),
  }
}

function linePath(points: ArrayLike<number>): string {
  let path = ''
  let pen = false
  for (let i = 0; i + 1 < points.length; i += 2) {
    const x = points[i]
    const y = points[i + 1]
    if (Number.isFinite(x) && Number.isFinite(y)) {
      path += `${pen ? 'L' : 'M'}${short(x)},${short(y)}`
      pen = true
    } else pen = false
  }
  return path
}

function segmentsPath(points: ArrayLike<number>): string {
  let path = ''
  for (let i = 0; i + 3 < points.length; i += 4)
    path += `M${short(points[i])},${short(points[i + 1])}L${short(points[i + 2])},${short(points[i + 3])}`
  return path
}

function dotsPath(points: ArrayLike<number>, radius: number): string {
  const r = short(radius)
  const d = short(2 * radius)
  let path = ''
  for (let i = 0; i + 1 < points.length; i += 2)
    path += `M${short(points[i] - radius)},${short(points[i + 1])}a${r},${r} 0 1 0 ${d},0a${r},${r} 0 1 0 -${d},0`
  return path
}

/** One rectangle for each run of equal cells in a row. */
function cells(mark: ImageMark): readonly SvgElement[] {
  const { box, columns, rows, pixels } = mark
  const width = box.width / columns
  const height = box.height / rows
  const result: SvgElement[] = []
  for (let row = 0; row < rows; row++) {
    let start = 0
    for (let column = 1; column <= columns; column++) {
      const at = (c: number) => 4 * (row * columns + c)
      const same = column < columns && [0, 1, 2, 3].every((channel) => pixels[at(column) + channel] === pixels[at(start) + channel])
      if (same) continue
      const [r, g, b, alpha] = pixels.subarray(at(start), at(start) + 4)
      if (alpha > 0) {
        const place = boxAttributes({ x: box.x + start * width, y: box.y + row * height, width: (column - start) * width, height })
        result.push({ tag: 'rect', attributes: { ...place, fill: `rgb(${r},${g},${b})` } })
      }
      start = column
    }
  }
  return result
}

function boxAttributes(box: Box): Record<string, string> {
  return { x: short(box.x), y: short(box.y), width: short(box.width), height: short(box.height) }
}
