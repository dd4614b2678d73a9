// Which theme is worn? The host's wish, else the user's, else the system's; written where CSS can read it.
import type { LabStore } from '../labStore.ts'

/** Keeps `data-theme` and `data-present` of the document in step with the state. */
export function followTheme(store: LabStore, view: Window = window): void {
  const dark = view.matchMedia('(prefers-color-scheme: dark)')
  const { documentElement } = view.document
  const apply = () => {
    const { themeChoice, theme, view: options } = store.getState()
    const wanted = themeChoice === 'system' ? (dark.matches ? 'dark' : 'light') : themeChoice
    documentElement.dataset.theme = wanted
    documentElement.dataset.present = options.present ? '1' : '0'
    documentElement.dataset.embed = options.embed ? '1' : '0'
    if (wanted !== theme) store.setState({ theme: wanted })
  }
  dark.addEventListener('change', apply)
  store.subscribe(apply)
  apply()
}
