// What does a person feel while everything is live? Watched inside the page by a script that is there before ours.
//
// A string on purpose: it runs in the browser, not here. Frames are counted from the first trained step on, since loading
// is told apart by its own figure.
import type { Milliseconds } from '../../core/units.ts'
import { quantiles } from '../../numerics/quantiles.ts'

/** The function of the page's global object that is called once, at the first trained step. */
export const FIRST_STEP_BINDING = '__firstStepTrained'

/** Runs before every script of the page and leaves `__watched` on its global object. */
export const WATCH_PAGE = `(() => {
  const watched = { firstStep: null, step: 0, frames: [], tasks: [], since: Infinity, paint: null }
  globalThis.__watched = watched
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) watched.tasks.push([entry.startTime, entry.duration])
  }).observe({ type: 'longtask', buffered: true })
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (entry.name === 'first-contentful-paint') watched.paint = entry.startTime
  }).observe({ type: 'paint', buffered: true })
  let last = null
  const look = (now) => {
    const text = document.querySelector('[data-testid=step]')?.firstChild?.textContent ?? '0'
    watched.step = Number(text.replace(/[^0-9]/g, ''))
    if (watched.step > 0 && watched.firstStep === null) {
      watched.firstStep = now
      globalThis.${FIRST_STEP_BINDING}()
    }
    if (last !== null && last >= watched.since) watched.frames.push(now - last)
    last = now
    requestAnimationFrame(look)
  }
  requestAnimationFrame(look)
})()`

/** What \`WATCH_PAGE\` leaves behind; times count from the navigation. */
export interface Watched {
  readonly firstStep: Milliseconds | null
  readonly step: number
  readonly frames: readonly Milliseconds[]
  /** Start and duration of every task above 50 ms. */
  readonly tasks: readonly (readonly [Milliseconds, Milliseconds])[]
  readonly since: Milliseconds
  readonly paint: Milliseconds | null
}

export interface LiveFigures {
  readonly frameMedian: Milliseconds
  readonly frameP95: Milliseconds
  /** 0: none above 50 ms, the shortest that browsers report. */
  readonly longestTask: Milliseconds
  readonly longTasks: number
}

/** Frames and long tasks from \`since\` on. @throws {DomainFault} when a frame is NaN. */
export function liveFigures(watched: Pick<Watched, 'frames' | 'tasks' | 'since'>): LiveFigures {
  const tasks = watched.tasks.filter(([start]) => start >= watched.since).map(([, duration]) => duration)
  const [frameMedian, frameP95] = quantiles(watched.frames, [0.5, 0.95])
  return { frameMedian, frameP95, longestTask: Math.max(0, ...tasks), longTasks: tasks.length }
}
