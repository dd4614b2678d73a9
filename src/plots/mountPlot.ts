// How does a pure drawing live on the page? A canvas under an SVG layer in one host.
//
// Whoever calls `update` keeps the frame clock; drawing is immediate. Data and hover are separate layers: moving the
// pointer never redraws data. The size comes from the observer, never from the layout in the middle of a frame.
import { createCanvasPainter } from './paintCanvas.ts'
import { createSvgLayer } from './patchSvg.ts'
import type { Drawing, MountedPlot, PlotBox, PlotKind, PlotOptions, Readout } from './plotKind.ts'
import { followPointer } from './pointer.ts'
import { readableWords } from './readableWords.ts'
import { readoutMarks } from './readoutMarks.ts'
import { showRescaleCue } from './rescaleCue.ts'
import { plainText } from './scene.ts'
import { FONT_FAMILY, svgMarkup } from './svgMarkup.ts'

/** Between two sentences about a plot that moves. */
const NAME_PAUSE_MS = 1000
const SVG = 'http://www.w3.org/2000/svg'

/** Puts a plot into `host`, which must be positioned and sized by its surroundings. */
export function mountPlot<Data, Memory>(kind: PlotKind<Data, Memory>, host: HTMLElement): MountedPlot<Data> {
  const { ownerDocument } = host
  const canvas = ownerDocument.createElement('canvas')
  const svg = ownerDocument.createElementNS(SVG, 'svg')
  const live = ownerDocument.createElement('div')
  prepare(host, canvas, svg, live)
  // A plot that is scrolled away is drawn when it comes into view, but it has a name at once.
  svg.setAttribute('aria-label', kind.name)
  const painter = createCanvasPainter(canvas)
  const words = createSvgLayer(svg)
  const above = createSvgLayer(svg)
  let memory = kind.createMemory()
  let runKey: string | number | undefined
  let data: Data | null = null
  let options: PlotOptions | null = null
  let drawing: Drawing | null = null
  let readout: Readout | null = null
  let box: PlotBox | null = null
  let measured: Size | null = null
  let gone = false
  let namedAt = -Infinity
  let nameTimer: ReturnType<typeof setTimeout> | null = null

  const draw = () => {
    if (data === null || options === null || gone) return
    if (options.runKey !== runKey) {
      memory = kind.createMemory()
      runKey = options.runKey
    }
    measured ??= { width: host.clientWidth, height: host.clientHeight }
    box = boxOf(measured, options)
    if (box.width < 8 || box.height < 8) return
    drawing = kind.draw(data, box, memory)
    // Writing it again, even as it is, would lay out every word of the plot.
    const viewBox = `0 0 ${box.width} ${box.height}`
    if (svg.getAttribute('viewBox') !== viewBox) svg.setAttribute('viewBox', viewBox)
    nameSoon()
    painter.paint(drawing.canvas, box.width, box.height, pixelRatio(host))
    words.patch(readableWords(drawing.svg, box.theme))
    for (const place of drawing.rescaled) showRescaleCue(svg, place, box, options.reducedMotion === true)
    if (readout !== null) readout = drawing.probe(readout.x, readout.y)
    drawAbove()
  }

  /** The sentence for those who do not see the plot: at once the first time, then a few times a second, whatever the frames do. */
  const nameSoon = () => {
    if (namedAt === -Infinity) nameNow()
    else nameTimer ??= setTimeout(nameNow, Math.max(0, namedAt + NAME_PAUSE_MS - performance.now()))
  }
  const nameNow = () => {
    nameTimer = null
    if (data === null || gone) return
    namedAt = performance.now()
    const name = `${kind.name}. ${kind.summary(data)}`
    if (svg.getAttribute('aria-label') !== name) svg.setAttribute('aria-label', name)
  }

  const drawAbove = () => {
    if (drawing === null || box === null || options === null) return
    const { cursorStep, hoverStep } = options
    const cursor = cursorStep === null || cursorStep === undefined ? [] : drawing.cursor(cursorStep)
    const other = readout !== null || hoverStep === null || hoverStep === undefined ? [] : drawing.cursor(hoverStep)
    above.patch(readableWords([...cursor, ...other, ...(readout === null ? [] : readoutMarks(readout, box))], box.theme))
  }

  const show = (next: Readout | null, spoken: boolean) => {
    const changed = next?.step !== readout?.step
    const layerChanged = next?.layer !== readout?.layer
    readout = next
    drawAbove()
    if (changed) options?.onHoverStep?.(next?.step ?? null)
    if (layerChanged) options?.onHoverLayer?.(next?.layer ?? null)
    live.textContent = spoken && next !== null ? spokenReadout(next) : ''
  }

  const stopFollowing = followPointer(svg, {
    drawing: () => drawing,
    width: () => box?.width ?? 1,
    height: () => box?.height ?? 1,
    readout: () => readout,
    show,
    select: (step) => options?.onSelectStep?.(step),
  })
  const observer =
    typeof ResizeObserver === 'undefined'
      ? null
      : new ResizeObserver(([entry]) => {
          const { width, height } = entry.contentRect
          if (measured !== null && measured.width === width && measured.height === height) return
          measured = { width, height }
          draw()
        })
  observer?.observe(host)

  return {
    update(nextData, nextOptions) {
      data = nextData
      options = nextOptions
      draw()
    },
    destroy() {
      gone = true
      if (nameTimer !== null) clearTimeout(nameTimer)
      observer?.disconnect()
      stopFollowing()
      canvas.remove()
      svg.remove()
      live.remove()
    },
    toSvg() {
      if (data === null || options === null) return ''
      const still = boxOf(measured ?? { width: host.clientWidth, height: host.clientHeight }, options)
      // A fresh memory: a file shows the whole range, not what the axis happened to have been.
      const { canvas: below, svg: over } = kind.draw(data, still, kind.createMemory())
      return svgMarkup([...below, ...readableWords(over, still.theme)], still, still.theme, kind.name, kind.summary(data))
    },
  }
}

interface Size {
  readonly width: number
  readonly height: number
}

function prepare(host: HTMLElement, canvas: HTMLCanvasElement, svg: SVGSVGElement, live: HTMLElement): void {
  for (const layer of [canvas, svg]) {
    layer.style.position = 'absolute'
    layer.style.inset = '0'
    layer.style.width = '100%'
    layer.style.height = '100%'
    layer.style.display = 'block'
  }
  canvas.setAttribute('aria-hidden', 'true')
  svg.setAttribute('role', 'img')
  svg.setAttribute('tabindex', '0')
  svg.setAttribute('font-family', FONT_FAMILY)
  svg.style.fontVariantNumeric = 'tabular-nums'
  svg.style.userSelect = 'none'
  svg.style.touchAction = 'pan-y'
  svg.style.overflow = 'visible'
  live.setAttribute('aria-live', 'polite')
  Object.assign(live.style, {
    position: 'absolute',
    width: '1px',
    height: '1px',
    overflow: 'hidden',
    clipPath: 'inset(50%)',
    whiteSpace: 'nowrap',
  })
  if (host.style.position === '') host.style.position = 'relative'
  host.append(canvas, svg, live)
}

function boxOf(measured: Size, options: PlotOptions): PlotBox {
  return {
    width: options.size?.width ?? measured.width,
    height: options.size?.height ?? measured.height,
    theme: options.theme,
    variant: options.variant,
    text: options.textScale ?? 1,
    line: options.lineScale ?? 1,
    hoverLayer: options.hoverLayer ?? null,
  }
}

function pixelRatio(host: HTMLElement): number {
  return Math.min(3, Math.max(1, host.ownerDocument.defaultView?.devicePixelRatio ?? 1))
}

function spokenReadout(readout: Readout): string {
  return [plainText(readout.title), ...readout.lines.map((line) => `${line.name} ${plainText(line.value)}`)].join(', ')
}
