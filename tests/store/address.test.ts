// Do address and state stay the same thing, whoever of the two moves first, and do Back and Forward both lead somewhere?
import { beforeEach, describe, expect, test } from 'vitest'
import { followAddress, readAddress } from '../../src/store/effects/address.ts'
import { withField } from '../../src/store/fieldPath.ts'
import { createLabStore, type LabStore } from '../../src/store/labStore.ts'
import { createRunActions } from '../../src/store/runActions.ts'
import type { RunPort } from '../../src/store/runPort.ts'
import { createViewActions, type ViewActions } from '../../src/store/viewActions.ts'
import { LESSONS } from '../../src/lessons/catalogue.ts'

/** A window with a history of its own, whose timers run by hand. */
function historyWindow(hash: string) {
  const entries = [hash]
  let at = 0
  let timers: (() => void)[] = []
  let changed: () => void = () => undefined
  const location = { hash, pathname: '/', search: '' }
  const take = (url: string) => (location.hash = url.slice(url.indexOf('#')))
  const view = {
    location,
    history: {
      state: null,
      pushState: (_state: unknown, _title: string, url: string) => {
        entries.splice(++at, Infinity, take(url))
      },
      replaceState: (_state: unknown, _title: string, url: string) => {
        entries[at] = take(url)
      },
    },
    setTimeout: (action: () => void) => timers.push(action),
    clearTimeout: (id: number) => {
      timers[id - 1] = () => undefined
    },
    addEventListener: (_type: string, listener: () => void) => (changed = listener),
  } as unknown as Window
  return {
    view,
    entries,
    travel: (by: number) => {
      at += by
      location.hash = entries[at]
      changed()
    },
    rest: async () => {
      await Promise.resolve()
      for (const timer of timers) timer()
      timers = []
    },
  }
}

const PORT = Object.fromEntries(
  ['start', 'run', 'pause', 'step', 'setPace', 'setOptimizer', 'setSchedule', 'measureNow', 'cancel', 'retry', 'rewind', 'snapshot'].map(
    (name) => [name, () => undefined],
  ),
) as unknown as RunPort

let store: LabStore
let views: ViewActions
let run: ReturnType<typeof createRunActions>
let browser: ReturnType<typeof historyWindow>
const lesson = () => store.getState().lesson?.id

/** A page that was opened with this hash. */
function open(hash: string): void {
  browser = historyWindow(hash)
  store = createLabStore()
  run = createRunActions(store, PORT)
  views = createViewActions(store, run)
  readAddress(store, browser.view)
  followAddress(store, run, browser.view)
}

describe('the address', () => {
  beforeEach(() => open('#v=1&l=race.1'))

  test('gets an entry for each lesson and none for an edit', async () => {
    views.loadLesson(LESSONS[1])
    await browser.rest()
    run.setField('seeds', 3)
    await browser.rest()
    expect(browser.entries).toHaveLength(2)
    expect(browser.entries[1]).toContain('seeds=3')
  })

  test('leads back and forward again, also where it was written in an older way', async () => {
    views.loadLesson(LESSONS[1])
    await browser.rest()
    run.setField('seeds', 3)
    await browser.rest()
    browser.travel(-1)
    await browser.rest()
    expect(lesson()).toBe('race')
    expect(browser.entries).toHaveLength(2)
    browser.travel(1)
    await browser.rest()
    expect(lesson()).toBe(LESSONS[1].id)
    expect(store.getState().experiment.seeds).toBe(3)
    expect(browser.entries).toHaveLength(2)
    // From here on lessons are entries again.
    views.loadLesson(LESSONS[2])
    await browser.rest()
    expect(browser.entries).toHaveLength(3)
  })

  test('is that of the experiment after an edit by Undo', async () => {
    run.setField('model.depth', 12)
    await browser.rest()
    run.undo()
    await browser.rest()
    expect(store.getState().experiment).toEqual(withField(LESSONS[0].experiment, 'model.depth', 24))
    expect(browser.entries).toEqual(['#v=1&p=race.1'])
  })
})
