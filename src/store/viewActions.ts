// What happens when somebody changes what is looked at, not what is computed?
import type { Experiment } from '../core/experiment.ts'
import type { Notice } from '../core/parseExperiment.ts'
import { findLesson } from '../lessons/catalogue.ts'
import type { Lesson } from '../lessons/lesson.ts'
import type { Step } from '../core/units.ts'
import type { LabState, Toast } from './labState.ts'
import type { LabStore } from './labStore.ts'
import type { RunActions } from './runActions.ts'
import { isPanel, type PanelName, type ThemeChoice } from './viewOptions.ts'

export interface ViewActions {
  /** null follows the run again. */
  readonly setCursor: (step: Step | null) => void
  readonly setHover: (part: Partial<Pick<LabState, 'hoverStep' | 'hoverLayer'>>) => void
  readonly setMainPanel: (panel: PanelName) => void
  readonly setFullPanel: (panel: PanelName | null) => void
  readonly setTablePanel: (panel: PanelName | null) => void
  readonly setPanelView: (panel: PanelName, view: string) => void
  readonly setThemeChoice: (choice: ThemeChoice) => void
  readonly toggleTheme: () => void
  /** Text and lines for the back of a hall, or for a desk again; the address stays as it is. */
  readonly togglePresent: () => void
  readonly predict: (choice: number | null) => void
  readonly loadLesson: (lesson: Lesson) => void
  /** Shows an experiment that came as a file: no lesson, its notices told. */
  readonly open: (opened: { readonly experiment: Experiment; readonly notices: readonly Notice[] }) => void
  readonly applyTwist: () => void
  readonly toast: (tone: Toast['tone'], text: string) => void
  readonly dismissToast: (id: number) => void
  readonly dismissToasts: () => void
  readonly dismissNotices: () => void
  readonly setHotkeys: (on: boolean) => void
}

const TOAST_LIMIT = 3

/** The actions over one store; lessons start through the run's actions. */
export function createViewActions(store: LabStore, runActions: RunActions): ViewActions {
  let toastId = 0
  const get = store.getState
  const set = (part: Partial<LabState>) => store.setState(part)
  return {
    setCursor: (cursor) => set({ cursor }),
    setHover: (part) => set(part),
    setMainPanel: (mainPanel) => set({ mainPanel }),
    setFullPanel: (fullPanel) => set({ fullPanel }),
    setTablePanel: (tablePanel) => set({ tablePanel }),
    setPanelView: (panel, name) => set({ panelViews: { ...get().panelViews, [panel]: name } }),
    setThemeChoice: (themeChoice) => set({ themeChoice }),
    toggleTheme: () => set({ themeChoice: get().theme === 'dark' ? 'light' : 'dark' }),
    togglePresent: () => set({ view: { ...get().view, present: !get().view.present } }),
    predict: (prediction) => set({ prediction }),
    loadLesson: (lesson) => {
      const { view } = get()
      const panel = view.panels?.[0] ?? lesson.mainPanel
      set({
        lesson: { id: lesson.id, revision: lesson.revision },
        prediction: null,
        mainPanel: isPanel(panel) ? panel : 'loss',
        fullPanel: null,
      })
      runActions.replace(lesson.experiment, lesson.experiment, { ghost: false, autorun: false })
    },
    open: ({ experiment, notices }) => {
      set({ lesson: null, prediction: null })
      runActions.replace(experiment, experiment, { ghost: false, autorun: false })
      set({ notices })
    },
    applyTwist: () => {
      const { lesson: named } = get()
      const lesson = named === null ? null : findLesson(named.id, named.revision)
      if (lesson === null) return
      const { experiment } = lesson.twist
      runActions.replace(experiment, experiment, { ghost: true, autorun: true })
    },
    toast: (tone, text) => {
      const same = get().toasts.filter((toast) => toast.text !== text)
      set({ toasts: [...same, { id: ++toastId, tone, text }].slice(-TOAST_LIMIT) })
    },
    dismissToast: (id) => set({ toasts: get().toasts.filter((toast) => toast.id !== id) }),
    dismissToasts: () => set({ toasts: [] }),
    dismissNotices: () => set({ notices: [] }),
    setHotkeys: (hotkeys) => set({ hotkeys }),
  }
}
