// Where does the state live? One zustand store outside React, so that Worker, address bar and frame clock reach it too.
import { createStore, type StoreApi } from 'zustand/vanilla'
import { DEFAULT_EXPERIMENT } from '../core/defaults.ts'
import { findLesson } from '../lessons/catalogue.ts'
import { createRunColumns } from './armColumns.ts'
import { EMPTY_HISTORY } from './editHistory.ts'
import type { LabState, RunView } from './labState.ts'
import { isPanel, parseViewOptions, type ViewOptions } from './viewOptions.ts'

export type LabStore = StoreApi<LabState>

export const STARTING_RUN: RunView = {
  phase: 'starting',
  wanted: 'pause',
  step: 0,
  stepsPerSecond: 0,
  progress: null,
  fault: null,
  divergedSeeds: { A: 0, B: 0 },
  onCpuAfterLoss: false,
}

/** A store that shows the default lesson and has not started anything. */
export function createLabStore(view: ViewOptions = parseViewOptions('')): LabStore {
  const lesson = findLesson('race', null)
  const main = view.panels?.[0] ?? lesson?.mainPanel ?? 'loss'
  return createStore<LabState>(() => ({
    experiment: lesson?.experiment ?? DEFAULT_EXPERIMENT,
    notices: [],
    lesson: lesson === null ? null : { id: lesson.id, revision: lesson.revision },
    prediction: null,
    run: STARTING_RUN,
    demands: {},
    // Full speed ends the default scene within a second: too fast to watch.
    pace: 100,
    chips: {},
    layerNames: {},
    parameterCount: {},
    columns: createRunColumns(),
    runKey: 0,
    revision: 0,
    ghosts: [],
    theory: [],
    cursor: null,
    hoverStep: null,
    hoverLayer: null,
    edits: EMPTY_HISTORY,
    toasts: [],
    view,
    mainPanel: isPanel(main) ? main : 'loss',
    fullPanel: null,
    tablePanel: null,
    panelViews: {},
    themeChoice: view.theme,
    theme: view.theme === 'dark' ? 'dark' : 'light',
    hotkeys: true,
  }))
}
