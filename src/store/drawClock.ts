// When are plots drawn? At most once per frame, and never while nobody can see them.
//
// One requestAnimationFrame for the whole page: plots that each asked for their own would measure layout in turn. A frame draws
// only as many plots as fit into a share of it; the others have their turn in the next, the longest due first. What a picture costs
// the browser afterwards (layout, paint) is several times what it costs here, so two pictures that are not quick never share a frame.
import type { Milliseconds } from '../core/units.ts'

/** Draws what has changed; true when there was something. */
export type Painter = () => boolean

export interface DrawClock {
  /** Registers a painter; it is called after each `request`, and after it drew not again within `rest`. Returns how to leave. */
  readonly register: (painter: Painter, rest?: Milliseconds) => () => void
  /** Asks for one call of every painter, in the next frame or, where drawing is slow, in the few after it. */
  readonly request: () => void
  /** Calls every painter at once, however long that takes: for a printer, which waits for no frame. */
  readonly drawNow: () => void
}

/** Of one frame of 16.7 ms: the browser needs the rest for layout and paint of what was drawn. */
const DRAWING_MS = 2

/** The clock of one document; hidden documents draw nothing and catch up when shown. */
export function createDrawClock(view: Window = window): DrawClock {
  /** When each may draw again. */
  const painters = new Map<Painter, { readonly rest: Milliseconds; due: Milliseconds }>()
  /** Those that still wait for their turn since the last request. */
  let queue: Painter[] = []
  let asked = false
  let waiting = false
  let alarm: { readonly id: number; readonly due: Milliseconds } | null = null
  const dueOf = (painter: Painter) => painters.get(painter)?.due ?? -Infinity
  const draw = () => {
    asked = false
    const start = view.performance.now()
    const present = queue.filter((painter) => painters.has(painter)).toSorted((a, b) => dueOf(a) - dueOf(b))
    const resting = present.filter((painter) => dueOf(painter) > start)
    const turns = present.slice(0, present.length - resting.length)
    while (turns.length > 0) {
      const painter = turns.shift()!
      if (painter()) {
        const turn = painters.get(painter)
        if (turn !== undefined) turn.due = start + turn.rest
      }
      if (view.performance.now() >= start + DRAWING_MS) break
    }
    queue = [...turns, ...resting]
    if (turns.length > 0) frame()
    else if (resting.length > 0) wakeAt(dueOf(resting[0]), start)
  }
  const frame = () => {
    if (asked) return
    asked = true
    view.requestAnimationFrame(draw)
  }
  /** The last picture of a plot that rests must come, also when nothing happens any more. */
  const wakeAt = (due: Milliseconds, now: Milliseconds) => {
    if (alarm !== null && alarm.due <= due) return
    if (alarm !== null) view.clearTimeout(alarm.id)
    const id = view.setTimeout(() => {
      alarm = null
      frame()
    }, due - now)
    alarm = { id, due }
  }
  const request = () => {
    if (view.document.hidden) {
      waiting = true
      return
    }
    // Whoever waits already keeps the place; whoever has drawn goes to the end.
    if (queue.length < painters.size) queue = [...queue, ...[...painters.keys()].filter((painter) => !queue.includes(painter))]
    frame()
  }
  view.document.addEventListener('visibilitychange', () => {
    if (view.document.hidden || !waiting) return
    waiting = false
    request()
  })
  return {
    request,
    drawNow: () => {
      for (const painter of painters.keys()) painter()
    },
    register: (painter, rest = 0) => {
      painters.set(painter, { rest, due: -Infinity })
      request()
      return () => painters.delete(painter)
    },
  }
}
