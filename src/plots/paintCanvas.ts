// How do dense marks become pixels? Plain canvas strokes; lines that only grow are kept in a picture of their own.
//
// 64 seeds of 1500 steps are about 90 000 strokes: drawing them all again in every frame would cost the frame. So the
// finished part of a strands mark stays in an off-screen canvas until its key changes, and only new columns are added.
import type { Box, ImageMark, Mark, StrandsMark } from './scene.ts'

interface KeptPicture {
  readonly canvas: HTMLCanvasElement
  readonly context: CanvasRenderingContext2D
  key: string
  drawn: number
  /** How far to the right it has been drawn on, in CSS pixels. */
  right: number
}

/** A canvas with its kept pictures. */
export interface CanvasPainter {
  paint(marks: readonly Mark[], width: number, height: number, ratio: number): void
}

/** A painter for one canvas; does nothing where there is no 2D context. */
export function createCanvasPainter(canvas: HTMLCanvasElement): CanvasPainter {
  const context = canvas.getContext('2d')
  const strands = new Map<string, KeptPicture>()
  const images: KeptImages = new WeakMap()
  return {
    paint(marks, width, height, ratio) {
      if (context === null) return
      resize(canvas, width, height, ratio)
      context.setTransform(ratio, 0, 0, ratio, 0, 0)
      context.clearRect(0, 0, width, height)
      for (const mark of marks) {
        if (mark.type === 'strands') paintStrands(context, mark, keptPicture(strands, mark, canvas, ratio), ratio)
        else if (mark.type === 'image') paintImage(context, mark, images)
        else paintMark(context, mark)
      }
    },
  }
}

function resize(canvas: HTMLCanvasElement, width: number, height: number, ratio: number): void {
  const across = Math.round(width * ratio)
  const down = Math.round(height * ratio)
  if (canvas.width === across && canvas.height === down) return
  canvas.width = across
  canvas.height = down
}

type PlainMark = Exclude<Mark, StrandsMark | ImageMark>

function paintMark(context: CanvasRenderingContext2D, mark: PlainMark): void {
  switch (mark.type) {
    case 'polyline':
      clipped(context, mark.clip, () => {
        context.beginPath()
        trace(context, mark.points)
        stroke(context, mark)
      })
      return
    case 'area':
      clipped(context, mark.clip, () => {
        context.beginPath()
        trace(context, mark.points)
        context.closePath()
        context.globalAlpha = mark.opacity
        context.fillStyle = mark.fill
        context.fill()
        context.globalAlpha = 1
      })
      return
    case 'segments':
      context.beginPath()
      for (let i = 0; i + 3 < mark.points.length; i += 4) {
        context.moveTo(mark.points[i], mark.points[i + 1])
        context.lineTo(mark.points[i + 2], mark.points[i + 3])
      }
      stroke(context, mark)
      return
    case 'dots':
      context.beginPath()
      for (let i = 0; i + 1 < mark.points.length; i += 2) {
        context.moveTo(mark.points[i] + mark.radius, mark.points[i + 1])
        context.arc(mark.points[i], mark.points[i + 1], mark.radius, 0, 2 * Math.PI)
      }
      context.globalAlpha = mark.opacity ?? 1
      context.fillStyle = mark.fill ?? mark.background ?? 'transparent'
      context.fill()
      if (mark.stroke !== undefined) {
        context.setLineDash([])
        context.strokeStyle = mark.stroke
        context.lineWidth = mark.strokeWidth ?? 1
        context.stroke()
      }
      context.globalAlpha = 1
      return
    case 'rect':
      context.globalAlpha = mark.opacity ?? 1
      context.fillStyle = mark.fill
      context.fillRect(mark.box.x, mark.box.y, mark.box.width, mark.box.height)
      context.globalAlpha = 1
      return
    case 'text':
      // Words live in the SVG layer, where they can be read, found and scaled.
      return
    default:
      mark satisfies never
  }
}

interface Stroke {
  readonly stroke: string
  readonly width: number
  readonly dash?: readonly number[]
  readonly opacity?: number
}

function stroke(context: CanvasRenderingContext2D, style: Stroke): void {
  context.globalAlpha = style.opacity ?? 1
  context.strokeStyle = style.stroke
  context.lineWidth = style.width
  context.lineJoin = 'round'
  context.setLineDash([...(style.dash ?? [])])
  context.stroke()
  context.globalAlpha = 1
}

function trace(context: CanvasRenderingContext2D, points: ArrayLike<number>): void {
  let pen = false
  for (let i = 0; i + 1 < points.length; i += 2) {
    const x = points[i]
    const y = points[i + 1]
    if (!Number.isFinite(x) || !Number.isFinite(y)) pen = false
    else if (pen) context.lineTo(x, y)
    else {
      context.moveTo(x, y)
      pen = true
    }
  }
}

function clipped(context: CanvasRenderingContext2D, clip: Box | undefined, draw: () => void): void {
  if (clip === undefined) {
    draw()
    return
  }
  context.save()
  context.beginPath()
  context.rect(clip.x, clip.y, clip.width, clip.height)
  context.clip()
  draw()
  context.restore()
}

function keptPicture(kept: Map<string, KeptPicture>, mark: StrandsMark, like: HTMLCanvasElement, ratio: number): KeptPicture | null {
  let picture = kept.get(mark.id)
  if (picture === undefined) {
    const canvas = like.ownerDocument.createElement('canvas')
    const context = canvas.getContext('2d')
    if (context === null) return null
    picture = { canvas, context, key: '', drawn: 0, right: 0 }
    kept.set(mark.id, picture)
  }
  const key = `${mark.key} ${mark.stroke} ${mark.width} ${mark.opacity} ${like.width} ${like.height} ${ratio}`
  if (picture.key !== key || picture.drawn > mark.settled) {
    picture.canvas.width = like.width
    picture.canvas.height = like.height
    picture.context.setTransform(ratio, 0, 0, ratio, 0, 0)
    picture.key = key
    picture.drawn = 0
    picture.right = 0
  }
  return picture
}

function paintStrands(context: CanvasRenderingContext2D, mark: StrandsMark, picture: KeptPicture | null, ratio: number): void {
  if (picture === null) return
  if (picture.drawn < mark.settled) {
    clipped(picture.context, mark.clip, () => strokeLines(picture.context, mark, picture.drawn, mark.settled))
    picture.right = Math.max(picture.right, rightEnd(mark, picture.drawn) + mark.width)
    picture.drawn = mark.settled
  }
  // The part to the right is empty yet: copying it would cost as much as what is drawn.
  const { width, height } = picture.canvas
  const across = Math.min(width, Math.ceil(picture.right * ratio))
  if (across > 0) context.drawImage(picture.canvas, 0, 0, across, height, 0, 0, across / ratio, height / ratio)
  clipped(context, mark.clip, () => strokeLines(context, mark, mark.settled, null))
}

/** Where the settled parts from `from` on end; all lines end there. */
function rightEnd(mark: StrandsMark, from: number): number {
  if (mark.lineCount === 0) return 0
  const points = mark.line(0, from, mark.settled)
  let right = 0
  for (let i = 0; i < points.length; i += 2) if (points[i] > right) right = points[i]
  return right
}

/** Each line is a path of its own, so that crossings of translucent lines add up. */
function strokeLines(context: CanvasRenderingContext2D, mark: StrandsMark, from: number, to: number | null): void {
  for (let k = 0; k < mark.lineCount; k++) {
    context.beginPath()
    trace(context, mark.line(k, from, to))
    stroke(context, mark)
  }
}

type KeptImages = WeakMap<Uint8ClampedArray, { readonly canvas: HTMLCanvasElement; version: number }>

function paintImage(context: CanvasRenderingContext2D, mark: ImageMark, kept: KeptImages): void {
  const version = mark.version ?? 0
  let picture = kept.get(mark.pixels)
  if (picture === undefined) {
    const canvas = context.canvas.ownerDocument.createElement('canvas')
    canvas.width = mark.columns
    canvas.height = mark.rows
    picture = { canvas, version: NaN }
    kept.set(mark.pixels, picture)
  }
  if (picture.version !== version) {
    const inner = picture.canvas.getContext('2d')
    if (inner === null) return
    const image = inner.createImageData(mark.columns, mark.rows)
    image.data.set(mark.pixels)
    inner.putImageData(image, 0, 0)
    picture.version = version
  }
  context.imageSmoothingEnabled = false
  context.drawImage(picture.canvas, mark.box.x, mark.box.y, mark.box.width, mark.box.height)
}
