// When are plots drawn? At most once per frame, and never while nobody can see them.
//
// One requestAnimationFrame for the whole page: plots that each asked for their own would measure layout in turn.
export interface DrawClock {
  /** Registers a painter; it is called in the next frame and after each `request`. Returns how to leave. */
  readonly register: (painter: () => void) => () => void
  /** Asks for one call of every painter in the next frame. */
  readonly request: () => void
}

/** The clock of one document; hidden documents draw nothing and catch up when shown. */
export function createDrawClock(view: Window = window): DrawClock {
  const painters = new Set<() => void>()
  let asked = false
  let waiting = false
  const draw = () => {
    asked = false
    for (const painter of painters) painter()
  }
  const request = () => {
    if (view.document.hidden) {
      waiting = true
      return
    }
    if (asked) return
    asked = true
    view.requestAnimationFrame(draw)
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
