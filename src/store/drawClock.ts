// When are plots drawn? At most once per frame, and never while nobody can see them.
//
// One requestAnimationFrame for the whole page: plots that each asked for their own would measure layout in turn. A frame draws
// only as many plots as fit into a share of it; the others have their turn in the next, the longest waiting first.
export interface DrawClock {
  /** Registers a painter; it is called in the next frame and after each `request`. Returns how to leave. */
  readonly register: (painter: () => void) => () => void
  /** Asks for one call of every painter, in the next frame or, where drawing is slow, in the few after it. */
  readonly request: () => void
}

/** Of one frame of 16.7 ms: the browser needs the rest for layout and paint of what was drawn. */
const DRAWING_MS = 5

/** The clock of one document; hidden documents draw nothing and catch up when shown. */
export function createDrawClock(view: Window = window): DrawClock {
  const painters = new Set<() => void>()
  /** Those that still wait for their turn since the last request, in order. */
  let queue: (() => void)[] = []
  let asked = false
  let waiting = false
  const draw = () => {
    asked = false
    const until = view.performance.now() + DRAWING_MS
    while (queue.length > 0) {
      const painter = queue.shift()!
      if (painters.has(painter)) painter()
      if (view.performance.now() >= until) break
    }
    if (queue.length > 0) frame()
  }
  const frame = () => {
    if (asked) return
    asked = true
    view.requestAnimationFrame(draw)
  }
  const request = () => {
    if (view.document.hidden) {
      waiting = true
      return
    }
    // Whoever waits already keeps the place; whoever has drawn goes to the end.
    if (queue.length < painters.size) queue = [...queue, ...[...painters].filter((painter) => !queue.includes(painter))]
    frame()
  }
  view.document.addEventListener('visibilitychange', () => {
    if (view.document.hidden || !waiting) return
    waiting = false
    request()
  })
  return {
    request,
    register: (painter) => {
      painters.add(painter)
      request()
      return () => painters.delete(painter)
    },
  }
}
