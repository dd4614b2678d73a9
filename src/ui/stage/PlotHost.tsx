// Where does a plot live inside React? In one div that React never looks into; the frame clock feeds it.
//
// Words in the head of the card change with the plot, so they are written here too, without rendering a component 30 times a second.
import { useEffect, useRef, type RefObject } from 'react'
import { DARK_THEME, LIGHT_THEME } from '../../plots/theme.ts'
import { useLab } from '../lab.tsx'
import type { Panel, PanelWords } from './panel.ts'

interface PlotHostProps {
  readonly panel: Panel
  readonly variant: 'main' | 'small'
  readonly onWords?: (words: PanelWords) => void
  /** Receives the way to a vector picture. */
  readonly picture?: RefObject<(() => string) | null>
}

const WORDS_PAUSE_MS = 200

/** Mounts the panel, draws when something it depends on has changed and it can be seen. */
export function PlotHost({ panel, variant, onWords, picture }: PlotHostProps) {
  const { store, clock, view } = useLab()
  const host = useRef<HTMLDivElement>(null)
  const tell = useRef(onWords)
  tell.current = onWords
  useEffect(() => {
    const element = host.current
    if (element === null) return undefined
    const mounted = panel.mount(element)
    if (picture !== undefined) picture.current = mounted.toSvg
    let drawn: readonly unknown[] = []
    let visible = true
    let wordsAt = -Infinity
    let wordsTimer: ReturnType<typeof setTimeout> | null = null
    const saySoon = () => {
      if (wordsTimer !== null) return
      const wait = Math.max(0, wordsAt + WORDS_PAUSE_MS - performance.now())
      wordsTimer = setTimeout(() => {
        wordsTimer = null
        wordsAt = performance.now()
        tell.current?.(panel.words(store.getState()))
      }, wait)
    }
    const paint = () => {
      const state = store.getState()
      const now = panel.dependencies(state)
      if (!visible || (now.length === drawn.length && now.every((value, index) => Object.is(value, drawn[index])))) return
      drawn = now
      const present = state.view.present
      mounted.update(state, {
        theme: state.theme === 'dark' ? DARK_THEME : LIGHT_THEME,
        variant,
        textScale: present ? (variant === 'main' ? 1.64 : 1.5) : 1,
        lineScale: present ? 1.5 : 1,
        cursorStep: state.cursor,
        hoverStep: state.hoverStep,
        hoverLayer: state.hoverLayer,
        reducedMotion: matchMedia('(prefers-reduced-motion: reduce)').matches,
        runKey: state.runKey,
        onHoverStep: (hoverStep) => view.setHover({ hoverStep }),
        onHoverLayer: (hoverLayer) => view.setHover({ hoverLayer }),
        onSelectStep: (step) => view.setCursor(step),
      })
      saySoon()
    }
    const observer = new IntersectionObserver(([entry]) => {
      visible = entry.isIntersecting
      if (visible) paint()
    })
    observer.observe(element)
    const leave = clock.register(paint)
    return () => {
      leave()
      observer.disconnect()
      if (wordsTimer !== null) clearTimeout(wordsTimer)
      if (picture !== undefined) picture.current = null
      mounted.destroy()
    }
  }, [panel, variant, store, clock, view, picture])
  return <div ref={host} className="plot-host" data-panel={panel.name} />
}
