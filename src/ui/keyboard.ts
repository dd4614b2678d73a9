// Which keys drive the page? None while somebody types, chooses or has a dialog open.
import { LESSONS } from '../lessons/catalogue.ts'
import type { Lab } from './lab.tsx'
import { DEMAND_NAMES } from './stage/DemandLine.tsx'

/** Keys as the help shows them. */
export const KEYS: readonly { readonly keys: readonly string[]; readonly does: string }[] = [
  { keys: ['Space'], does: 'Run or pause' },
  { keys: ['→'], does: 'One step' },
  { keys: ['Shift', '→'], does: 'Ten steps' },
  { keys: ['←'], does: 'Look back one step; → comes forward again' },
  { keys: ['Shift', '←'], does: 'Look back ten steps' },
  { keys: ['R'], does: 'Reset: the same start again' },
  { keys: ['N'], does: 'New seed' },
  { keys: ['P'], does: 'Pin this run on the plots' },
  { keys: ['1', '…', '9'], does: 'A lesson' },
  { keys: ['D'], does: 'The main plot as a table' },
  { keys: ['F'], does: 'Large, for a lecture hall, and back' },
  { keys: ['T'], does: 'Light or dark' },
  { keys: ['Ctrl', 'Z'], does: 'Undo a change of the experiment' },
  { keys: ['Ctrl', 'Shift', 'Z'], does: 'Redo' },
  { keys: ['Escape'], does: 'Cancel what the plot with the focus was asked for' },
  { keys: ['?'], does: 'This list' },
]

/** Listens on the document; returns how to stop. */
export function listenToKeys(lab: Lab, showHelp: () => void, target: Document = document): () => void {
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.defaultPrevented || event.altKey) return
    const control = event.ctrlKey || event.metaKey
    if (event.key === 'Escape') return cancelAround(event, lab)
    if (isTyping(event.target)) return
    if (control) {
      if (event.key.toLowerCase() !== 'z') return
      event.preventDefault()
      if (event.shiftKey) lab.run.redo()
      else lab.run.undo()
      return
    }
    if (!lab.store.getState().hotkeys || target.querySelector('dialog[open]') !== null) return
    const action = actionOf(event, lab, showHelp)
    if (action === null) return
    event.preventDefault()
    action()
  }
  target.addEventListener('keydown', onKeyDown)
  return () => target.removeEventListener('keydown', onKeyDown)
}

/** Whatever the card around the focus was asked for; a dialog and a menu have Escape first. */
function cancelAround(event: KeyboardEvent, lab: Lab): void {
  const around = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-demand]')?.dataset.demand : undefined
  const { demands } = lab.store.getState()
  const demand = DEMAND_NAMES.find((name) => name === around && demands[name] !== undefined)
  if (demand === undefined) return
  event.preventDefault()
  lab.run.cancel(demand)
}

function actionOf(event: KeyboardEvent, lab: Lab, showHelp: () => void): (() => void) | null {
  const { run, view } = lab
  // A focused button or link answers Space itself; a range answers the arrows.
  if (event.key === ' ') return answersSpace(event.target) ? null : () => run.toggleRun()
  if (event.key === 'ArrowRight' || event.key === 'ArrowLeft') return isRange(event.target) ? null : () => arrow(event, lab)
  const { embed } = lab.store.getState().view
  // What an embed shows is its host's choice.
  const lesson = embed || !/^[1-9]$/u.test(event.key) ? undefined : LESSONS[Number(event.key) - 1]
  if (lesson !== undefined) return () => view.loadLesson(lesson)
  switch (event.key.toLowerCase()) {
    case 'r':
      return run.reset
    case 'n':
      return run.newSeed
    case 'p':
      return run.pin
    case 'd':
      return () => view.setTablePanel(lab.store.getState().mainPanel)
    case 'f':
      return embed ? null : view.togglePresent
    case 't':
      return view.toggleTheme
    case '?':
      return showHelp
    default:
      return null
  }
}

/** Right trains, left looks back; who looks back comes forward with right until the present is reached. */
function arrow({ key, shiftKey }: KeyboardEvent, { run, view, store }: Lab): void {
  const { cursor, run: now } = store.getState()
  const count = shiftKey ? 10 : 1
  if (key === 'ArrowRight' && cursor === null) return run.step(count)
  const to = (cursor ?? now.step) + (key === 'ArrowRight' ? count : -count)
  return view.setCursor(to >= now.step ? null : Math.max(0, to))
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  if (target instanceof HTMLInputElement) return target.type !== 'range' && target.type !== 'radio' && target.type !== 'checkbox'
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement || target.isContentEditable
}

/** A radio button that is chosen already has nothing to answer: after a choice Space runs. */
function answersSpace(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && target.closest('button, a, summary, input[type=radio]:not(:checked), input[type=checkbox]') !== null
  )
}

function isRange(target: EventTarget | null): boolean {
  if (target instanceof HTMLInputElement) return true
  return target instanceof HTMLElement && target.closest('[data-own-arrows]') !== null
}
