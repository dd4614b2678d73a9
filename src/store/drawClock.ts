// When are plots drawn? At most once per frame, and never while nobody can see them.
//
// One requestAnimationFrame for the whole page: plots that each asked for their own would measure layout in turn. A frame draws
// only as many plots as fit into a share of it; the others have their turn in the next, the longest waiting first. A small plot
// of a running scene says no more at sixty pictures a second than at ten, and leaves the frames to the large one.
import type { Milliseconds } from '../core/units.ts'

/** Draws what has changed; true when there was something. */
export type Painter = () => boolean

export interface DrawClock {
  /** Registers a painter; it is called after each `request`, and after it drew not again within `rest`. Returns how to leave. */
  readonly register: (painter: Painter, rest?: Milliseconds) => () => void
  /** Asks for one call of every painter, in the next frame or, where drawing is slow, in the few after it. */
  readonly request: () => void
}

/** Of one frame of 16.7 ms: the browser needs the rest for layout and paint of what was drawn. */
const DRAWING_MS = 5

/** The clock of one document; hidden documents draw nothing and catch up when shown. */
export function createDrawClock(view: Window = window): DrawClock {
  /** When each may draw again. */
  const painters = new Map<Painter, { readonly rest: Milliseconds; due: Milliseconds }>()
  /** Those that still wait for their turn since the last request, in order. */
  let queue: Painter[] = []
  let asked = false
  let waiting = false
  let alarm: number | null = null
  const draw = () => {
    asked = false
    const start = view.performance.now()
    const resting: Painter[] = []
    while (queue.length > 0) {
      const painter = queue.shift()!
      const turn = painters.get(painter)
      if (turn === undefined) continue
      if (turn.due > start) {
        resting.push(painter)
        continue
      }
      if (painter()) turn.due = start + turn.rest
      if (view.performance.now() >= start + DRAWING_MS) break
    }
    const isLeft = queue.length > 0
    queue = [...resting, ...queue]
    if (isLeft) frame()
    else if (resting.length > 0) wakeFor(Math.min(...resting.map((painter) => painters.get(painter)!.due)) - start)
  }
  const frame = () => {
    if (asked) return
    asked = true
    view.requestAnimationFrame(draw)
  }
  /** The last picture of a plot that rests must come, also when nothing happens any more. */
  const wakeFor = (delay: Milliseconds) => {
    alarm ??= view.setTimeout(() => {
      alarm = null
      frame()
    }, delay)
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
    register: (painter, rest = 0) => {
      painters.set(painter, { rest, due: -Infinity })
      request()
      return () => painters.delete(painter)
    },
  }
}
