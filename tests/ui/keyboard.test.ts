// @vitest-environment happy-dom
// Does each key of the help do what the help says, and leave a person who types alone?
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { LESSONS } from '../../src/lessons/catalogue.ts'
import { createLabStore } from '../../src/store/labStore.ts'
import { createViewActions, type ViewActions } from '../../src/store/viewActions.ts'
import { parseViewOptions } from '../../src/store/viewOptions.ts'
import { KEYS, listenToKeys } from '../../src/ui/keyboard.ts'
import type { Lab } from '../../src/ui/lab.tsx'

const NAMES = ['toggleRun', 'step', 'reset', 'newSeed', 'pin', 'undo', 'redo', 'replace', 'cancel'] as const

function laboratory(query = '') {
  const store = createLabStore(parseViewOptions(query))
  const run = Object.fromEntries(NAMES.map((name) => [name, vi.fn<() => void>()]))
  const view: ViewActions = createViewActions(store, run as unknown as Lab['run'])
  const help = vi.fn<() => void>()
  const stop = listenToKeys({ store, run, view } as unknown as Lab, help)
  const at = (step: number) => store.setState({ run: { ...store.getState().run, step } })
  return { store, run, help, stop, at }
}

const press = (key: string, target: EventTarget = document.body, modifiers: KeyboardEventInit = {}) => {
  const event = new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...modifiers })
  target.dispatchEvent(event)
  return event.defaultPrevented
}

let lab = laboratory()
beforeEach(() => {
  lab.stop()
  document.body.replaceChildren()
  lab = laboratory()
})

describe('keys', () => {
  test('look back and come forward again; only the present is trained', () => {
    lab.at(20)
    const cursor = () => lab.store.getState().cursor
    press('ArrowLeft')
    expect(cursor()).toBe(19)
    press('ArrowLeft', document.body, { shiftKey: true })
    expect(cursor()).toBe(9)
    press('ArrowLeft', document.body, { shiftKey: true })
    expect(cursor()).toBe(0)
    press('ArrowLeft')
    expect(cursor()).toBe(0)
    press('ArrowRight', document.body, { shiftKey: true })
    press('ArrowRight')
    expect(cursor()).toBe(11)
    press('ArrowRight', document.body, { shiftKey: true })
    expect(cursor()).toBeNull()
    expect(lab.run.step).not.toHaveBeenCalled()
    press('ArrowRight', document.body, { shiftKey: true })
    expect(lab.run.step).toHaveBeenCalledExactlyOnceWith(10)
  })

  test('load lessons by their place in the list, but not in an embed, where the host has chosen', () => {
    press('2')
    expect(lab.store.getState().lesson?.id).toBe(LESSONS[1].id)
    expect(press('0')).toBe(false)
    lab.stop()
    lab = laboratory('?embed=1')
    expect(press('2')).toBe(false)
    expect(press('f')).toBe(false)
    expect(lab.store.getState().lesson?.id).toBe('race')
  })

  test('show the table of the main plot, and the hall', () => {
    press('d')
    expect(lab.store.getState().tablePanel).toBe('loss')
    press('f')
    expect(lab.store.getState().view.present).toBe(true)
    press('F')
    expect(lab.store.getState().view.present).toBe(false)
  })

  test('leave a box, a browser shortcut and an open dialog alone', () => {
    const box = document.createElement('input')
    const dialog = document.createElement('dialog')
    document.body.append(box, dialog)
    for (const key of ['d', 'f', '2', 'ArrowLeft', 'r']) expect(press(key, box)).toBe(false)
    expect(press('f', document.body, { ctrlKey: true })).toBe(false)
    dialog.setAttribute('open', '')
    for (const key of ['d', 'f', '2', 'r']) expect(press(key)).toBe(false)
    expect(lab.run.reset).not.toHaveBeenCalled()
  })

  test('are each answered as the help lists them', () => {
    lab.at(5)
    const single = KEYS.map(({ keys }) => keys).filter((keys) => keys.length === 1 && keys[0] !== 'Escape')
    const named: Readonly<Record<string, string>> = { Space: ' ', '→': 'ArrowRight', '←': 'ArrowLeft' }
    for (const [key] of single) expect([key, press(named[key] ?? key)]).toEqual([key, true])
    expect(lab.help).toHaveBeenCalledTimes(1)
  })
})
