// What does the reader point at, with a mouse, a finger or the arrow keys? One answer: a readout of the drawing.
//
// While a plot has the focus its arrow keys move along the data and go no further, so that the page's own keys stay
// with the page. Enter or a click puts the common cursor there, Escape leaves.
import type { Step } from '../core/units.ts'
import type { Drawing, Readout } from './plotKind.ts'

export interface PointerTarget {
  drawing(): Drawing | null
  width(): number
  height(): number
  readout(): Readout | null
  /** `spoken`: moved by a key, so it should be read out. */
  show(readout: Readout | null, spoken: boolean): void
  select(step: Step): void
}

/** Follows pointer and keys on `svg`; call the result to stop. */
export function followPointer(svg: SVGSVGElement, target: PointerTarget): () => void {
  const at = (event: PointerEvent): Readout | null => {
    const area = svg.getBoundingClientRect()
    const scaleX = target.width() / (area.width || 1)
    const scaleY = target.height() / (area.height || 1)
    return target.drawing()?.probe((event.clientX - area.left) * scaleX, (event.clientY - area.top) * scaleY) ?? null
  }
  const move = (event: PointerEvent) => target.show(at(event), false)
  const leave = () => target.show(null, false)
  const press = (event: PointerEvent) => {
    const readout = at(event)
    target.show(readout, false)
    if (readout?.step !== undefined) target.select(readout.step)
  }
  const key = (event: KeyboardEvent) => {
    const drawing = target.drawing()
    if (drawing === null || event.ctrlKey || event.metaKey || event.altKey) return
    if (event.key === 'Escape' && target.readout() !== null) target.show(null, true)
    else if (event.key === 'Enter' && target.readout()?.step !== undefined) target.select(target.readout()!.step!)
    else {
      const next = nextStop(drawing, target.readout(), event)
      if (next === null) return
      target.show(drawing.probe(next, target.readout()?.y ?? drawing.stops.y), true)
    }
    event.preventDefault()
    event.stopPropagation()
  }
  svg.addEventListener('pointermove', move)
  svg.addEventListener('pointerleave', leave)
  svg.addEventListener('pointerdown', press)
  svg.addEventListener('keydown', key)
  svg.addEventListener('blur', leave)
  return () => {
    svg.removeEventListener('pointermove', move)
    svg.removeEventListener('pointerleave', leave)
    svg.removeEventListener('pointerdown', press)
    svg.removeEventListener('keydown', key)
    svg.removeEventListener('blur', leave)
  }
}

/** x of the place that an arrow key leads to; null for other keys and where there are no places. */
export function nextStop(drawing: Drawing, readout: Readout | null, event: Pick<KeyboardEvent, 'key' | 'shiftKey'>): number | null {
  const { x } = drawing.stops
  if (x.length === 0) return null
  if (event.key === 'Home') return x[0]
  if (event.key === 'End') return x[x.length - 1]
  const direction = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0
  if (direction === 0) return null
  if (readout === null) return direction > 0 ? x[0] : x[x.length - 1]
  let nearest = 0
  for (let i = 1; i < x.length; i++) if (Math.abs(x[i] - readout.x) < Math.abs(x[nearest] - readout.x)) nearest = i
  const stride = event.shiftKey ? 10 : 1
  return x[Math.min(x.length - 1, Math.max(0, nearest + direction * stride))]
}
