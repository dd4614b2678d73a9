// How does one go back? A list of experiments; edits of one control in one gesture count once.
import type { Experiment } from '../core/experiment.ts'

export interface EditHistory {
  readonly past: readonly Experiment[]
  readonly future: readonly Experiment[]
  /** Which gesture made the last edit; null after undo, redo or a gesture that ended. */
  readonly gesture: string | null
}

const PAST_LIMIT = 100

export const EMPTY_HISTORY: EditHistory = { past: [], future: [], gesture: null }

/** Remembers `before` unless the same gesture is still going on. */
export function recordEdit(history: EditHistory, before: Experiment, gesture: string | null): EditHistory {
  if (gesture !== null && gesture === history.gesture) return { ...history, future: [] }
  return { past: [...history.past, before].slice(-PAST_LIMIT), future: [], gesture }
}

/** Ends a gesture, so that the next edit of the same control counts anew. */
export function endGesture(history: EditHistory): EditHistory {
  return history.gesture === null ? history : { ...history, gesture: null }
}

/** The experiment before the last edit and what is left; null at the beginning. */
export function undoEdit(history: EditHistory, now: Experiment): { readonly history: EditHistory; readonly experiment: Experiment } | null {
  const experiment = history.past.at(-1)
  if (experiment === undefined) return null
  return { experiment, history: { past: history.past.slice(0, -1), future: [now, ...history.future], gesture: null } }
}

/** The experiment that was undone last; null at the end. */
export function redoEdit(history: EditHistory, now: Experiment): { readonly history: EditHistory; readonly experiment: Experiment } | null {
  const [experiment] = history.future
  if (experiment === undefined) return null
  return { experiment, history: { past: [...history.past, now], future: history.future.slice(1), gesture: null } }
}
