// Where does a plot live inside React? In one div that React never looks into; the frame clock feeds it.
//
// Words in the head of the card change with the plot, so they are written here too, without rendering a component 30 times a second.
import { useEffect, useRef } from 'react'
import type { PlotOptions } from '../../plots/plotKind.ts'
import { DARK_THEME, LIGHT_THEME } from '../../plots/theme.ts'
import type { LabState } from '../../store/labState.ts'
import type { PanelName } from '../../store/viewOptions.ts'
import { useLab, type Lab } from '../lab.tsx'
import type { PanelCode, PanelWords } from './panel.ts'
import type { Panel } from './panels.ts'

interface PlotHostProps {
  readonly panel: Panel
  readonly variant: 'main' | 'small'
  readonly onWords?: (words: PanelWords) => void
  /** Lends its vector picture to the export menu. */
  readonly lends?: boolean
}

const WORDS_PAUSE_MS = 200
/** Between two pictures. A small plot says no more at thirty a second than at ten, nor the large one at sixty than at thirty. */
const REST_MS = { main: 30, small: 100 } as const
/** For those who asked for less motion. */
const CALM_REST_MS = 500
/** Asked once: a new query for every picture costs more than the picture's words. */
const REDUCED_MOTION = matchMedia('(prefers-reduced-motion: reduce)')

/** Mounts the panel, draws when something it depends on has changed and it can be seen. */
export function PlotHost({ panel, variant, onWords, lends = false }: PlotHostProps) {
  const lab = useLab()
  const host = useRef<HTMLDivElement>(null)
  const tell = useRef(onWords)
  useEffect(() => {
    tell.current = onWords
  })
  useEffect(() => {
    const element = host.current
    if (element === null) return undefined
    let leave: (() => void) | null = null
    let gone = false
    const begin = (code: PanelCode) => {
      if (!gone)
        leave = attach(code, element, {
          lab,
          variant,
          name: panel.name,
          say: (words) => tell.current?.(words),
          lendAs: lends ? panel.name : null,
        })
    }
    panel.load().then(begin, () => lab.view.toast('error', `The plot ${panel.title} could not be loaded. Reload the page.`))
    return () => {
      gone = true
      leave?.()
    }
  }, [panel, variant, lab, lends])
  return <div ref={host} className="plot-host" data-panel={panel.name} />
}

interface Attachment {
  readonly lab: Lab
  readonly variant: 'main' | 'small'
  readonly name: PanelName
  readonly say: (words: PanelWords) => void
  readonly lendAs: PanelName | null
}

function attach(code: PanelCode, element: HTMLElement, { lab, variant, name, say, lendAs }: Attachment): () => void {
  const { store, clock } = lab
  const mounted = code.mount(element)
  if (lendAs !== null) lab.pictures.set(lendAs, mounted.toSvg)
  let drawn: readonly unknown[] = []
  let visible = true
  let saidAt = -Infinity
  let sayTimer: ReturnType<typeof setTimeout> | null = null
  const saySoon = () => {
    sayTimer ??= setTimeout(
      () => {
        sayTimer = null
        saidAt = performance.now()
        say(code.words(store.getState()))
      },
      Math.max(0, saidAt + WORDS_PAUSE_MS - performance.now()),
    )
  }
  const paint = () => {
    const state = store.getState()
    const now = [...code.dependencies(state), state.view.present]
    if (!visible || (now.length === drawn.length && now.every((value, index) => Object.is(value, drawn[index])))) return false
    drawn = now
    element.dataset.empty = String(isEmpty(state, name))
    mounted.update(state, optionsFor(state, variant, lab))
    saySoon()
    return true
  }
  const observer = new IntersectionObserver(([entry]) => {
    visible = entry.isIntersecting
    if (visible) paint()
  })
  observer.observe(element)
  const leaveClock = clock.register(paint, REDUCED_MOTION.matches ? CALM_REST_MS : REST_MS[variant])
  return () => {
    leaveClock()
    observer.disconnect()
    if (sayTimer !== null) clearTimeout(sayTimer)
    if (lendAs !== null) lab.pictures.delete(lendAs)
    mounted.destroy()
  }
}

/** Nothing measured yet, and no word why. */
function isEmpty({ columns: { A } }: LabState, name: PanelName): boolean {
  if (name === 'loss') return A.loss === null && A.evaluation.samples.length === 0
  return A[name].samples.length === 0 && !A.unavailable.has(name)
}

function optionsFor(state: LabState, variant: 'main' | 'small', { view }: Lab): PlotOptions {
  const { present } = state.view
  return {
    theme: state.theme === 'dark' ? DARK_THEME : LIGHT_THEME,
    variant,
    textScale: present ? 1.64 : 1,
    lineScale: present ? 1.5 : 1,
    cursorStep: state.cursor,
    hoverStep: state.hoverStep,
    hoverLayer: state.hoverLayer,
    reducedMotion: REDUCED_MOTION.matches,
    runKey: state.runKey,
    onHoverStep: (hoverStep) => view.setHover({ hoverStep }),
    onHoverLayer: (hoverLayer) => view.setHover({ hoverLayer }),
    onSelectStep: (step) => view.setCursor(step),
  }
}
