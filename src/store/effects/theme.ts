// Which theme is worn? The host's wish, else the user's, else the system's; on paper the light one. Written where CSS can read it.
import type { LabStore } from '../labStore.ts'

/** A sheet of A4 or letter across, less its margins, in CSS pixels. */
const SHEET = { width: 980, height: 720 }

/**
 * Keeps `data-theme` and `data-present` of the document in step with the state, and dresses the page for a printer.
 *
 * @param drawNow draws what has changed at once: no frame comes between the wish to print and the print.
 */
export function followTheme(store: LabStore, drawNow: () => void, view: Window = window): void {
  const dark = view.matchMedia('(prefers-color-scheme: dark)')
  const { documentElement } = view.document
  let isPrinting = false
  const apply = () => {
    const { themeChoice, theme, view: options } = store.getState()
    const own = themeChoice === 'system' ? (dark.matches ? 'dark' : 'light') : themeChoice
    const wanted = isPrinting ? 'light' : own
    documentElement.dataset.theme = wanted
    documentElement.dataset.present = options.present ? '1' : '0'
    documentElement.dataset.embed = options.embed ? '1' : '0'
    if (wanted !== theme) store.setState({ theme: wanted })
  }
  const print = (isBegun: boolean) => {
    isPrinting = isBegun
    const { innerWidth, innerHeight } = view
    documentElement.style.setProperty('--print-width', `${innerWidth}px`)
    documentElement.style.setProperty('--print-height', `${innerHeight}px`)
    documentElement.style.setProperty('--print-zoom', String(Math.min(1, SHEET.width / innerWidth, SHEET.height / innerHeight)))
    apply()
    drawNow()
  }
  dark.addEventListener('change', apply)
  store.subscribe(apply)
  view.addEventListener('beforeprint', () => print(true))
  view.addEventListener('afterprint', () => print(false))
  apply()
}
