// How do address bar and experiment stay the same thing? The hash is read once before the first run, written a moment after
// each edit, and read again when somebody changes it or goes back.
//
// Edits replace the entry of the history, another lesson adds one: Back leads to the lesson before, not to the slider before.
import type { Notice } from '../../core/parseExperiment.ts'
import { findLesson } from '../../lessons/catalogue.ts'
import { decodeLink } from '../../share/decodeLink.ts'
import { encodeLink } from '../../share/encodeLink.ts'
import { lessonOfPreset, lessonPreset } from '../../share/presets.ts'
import type { LabState } from '../labState.ts'
import type { LabStore } from '../labStore.ts'
import type { RunActions } from '../runActions.ts'
import { isPanel } from '../viewOptions.ts'

/** Between an edit and the address that shows it. */
export const WRITE_PAUSE_MS = 300

/** The hash of the state as it stands; null where it is too long for a link. */
export function hashOf({ experiment, lesson }: Pick<LabState, 'experiment' | 'lesson'>): string | null {
  const { hash, fits } = encodeLink(experiment, lesson === null ? null : `${lesson.id}.${lesson.revision}`, lessonPreset)
  return fits ? hash : null
}

/** The part of the state that a hash describes. */
export function stateOfHash(hash: string, state: LabState): Pick<LabState, 'experiment' | 'lesson' | 'notices' | 'mainPanel'> {
  const decoded = decodeLink(hash, lessonPreset)
  const named = hash.length <= 1 ? state.lesson : lessonOfPreset(decoded.presetId)
  const lesson = named === null ? null : findLesson(named.id, named.revision)
  const panel = state.view.panels?.[0] ?? lesson?.mainPanel ?? state.mainPanel
  return {
    experiment: decoded.experiment,
    lesson: named,
    notices: decoded.notices,
    mainPanel: isPanel(panel) ? panel : state.mainPanel,
  }
}

/** Reads the address into the state; call it before the first start. */
export function readAddress(store: LabStore, view: Window = window): void {
  store.setState(stateOfHash(view.location.hash, store.getState()))
}

/** Writes the state into the address and follows it from there on. */
export function followAddress(store: LabStore, run: RunActions, view: Window = window): void {
  let timer: number | null = null
  /** While the address leads and the state follows: an entry of its own would cut off those that lie ahead. */
  let isFollowing = false
  const written = (hash: string) => view.location.hash === hash
  const write = (how: 'pushState' | 'replaceState') => {
    if (timer !== null) view.clearTimeout(timer)
    timer = null
    const hash = hashOf(store.getState())
    if (hash !== null && !written(hash))
      view.history[how](view.history.state, '', `${view.location.pathname}${view.location.search}${hash}`)
  }
  store.subscribe((state, before) => {
    if (state.experiment === before.experiment && state.lesson === before.lesson) return
    // Until the first edit the address stays as it was given.
    // Lesson and experiment change one after the other; the address is for both.
    const how = isFollowing ? 'replaceState' : 'pushState'
    if (state.lesson?.id !== before.lesson?.id) queueMicrotask(() => write(how))
    else {
      if (timer !== null) view.clearTimeout(timer)
      timer = view.setTimeout(() => write('replaceState'), WRITE_PAUSE_MS)
    }
  })
  view.addEventListener('hashchange', () => {
    const state = store.getState()
    if (written(hashOf(state) ?? '')) return
    const next = stateOfHash(view.location.hash, state)
    isFollowing = true
    store.setState({ lesson: next.lesson, mainPanel: next.mainPanel, prediction: null })
    run.replace(next.experiment, next.experiment, { ghost: false, autorun: false })
    const notices: readonly Notice[] = next.notices
    store.setState({ notices })
    isFollowing = false
  })
}
