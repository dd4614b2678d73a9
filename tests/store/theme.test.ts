// Does the document wear what was asked for, and light on paper?
import { expect, test, vi } from 'vitest'
import { followTheme } from '../../src/store/effects/theme.ts'
import { createLabStore } from '../../src/store/labStore.ts'
import { parseViewOptions } from '../../src/store/viewOptions.ts'

/** A window with a document element, and a printer. */
function paperWindow(prefersDark: boolean) {
  const listeners: Record<string, () => void> = {}
  const properties: Record<string, string> = {}
  const documentElement = {
    dataset: {} as Record<string, string>,
    style: { setProperty: (name: string, value: string) => (properties[name] = value) },
  }
  const view = {
    document: { documentElement },
    innerWidth: 1440,
    innerHeight: 900,
    matchMedia: () => ({ matches: prefersDark, addEventListener: () => undefined }),
    addEventListener: (type: string, listener: () => void) => (listeners[type] = listener),
  } as unknown as Window
  return { view, dataset: documentElement.dataset, properties, tell: (type: string) => listeners[type]() }
}

test('followTheme wears the host’s wish, else the system’s', () => {
  for (const [query, prefersDark, worn] of [
    ['', true, 'dark'],
    ['', false, 'light'],
    ['?theme=light', true, 'light'],
    ['?theme=dark&present=1', false, 'dark'],
  ] as const) {
    const { view, dataset } = paperWindow(prefersDark)
    const store = createLabStore(parseViewOptions(query))
    followTheme(store, () => undefined, view)
    expect(dataset.theme).toBe(worn)
    expect(store.getState().theme).toBe(worn)
    expect(dataset.present).toBe(query.includes('present') ? '1' : '0')
  }
})

test('followTheme prints dark pages light, draws before the sheet is made, and goes back', () => {
  const { view, dataset, properties, tell } = paperWindow(true)
  const store = createLabStore(parseViewOptions(''))
  const drawn: string[] = []
  const drawNow = vi.fn<() => void>(() => void drawn.push(store.getState().theme))
  followTheme(store, drawNow, view)
  tell('beforeprint')
  expect([dataset.theme, ...drawn]).toEqual(['light', 'light'])
  // 1440 across must fit 980: the page keeps its layout and is scaled.
  expect(properties['--print-width']).toBe('1440px')
  expect(Number(properties['--print-zoom'])).toBeCloseTo(980 / 1440, 12)
  // What happens meanwhile leaves the paper light.
  store.setState({ revision: 1 })
  expect(dataset.theme).toBe('light')
  tell('afterprint')
  expect([dataset.theme, ...drawn]).toEqual(['dark', 'light', 'dark'])
})
