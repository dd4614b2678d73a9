// How does a component reach the laboratory? Through one context: the store, its actions, and the frame clock.
import { createContext, useContext } from 'react'
import { useStore } from 'zustand'
import type { DrawClock } from '../store/drawClock.ts'
import type { LabState } from '../store/labState.ts'
import type { LabStore } from '../store/labStore.ts'
import type { OwnFiles } from '../store/ownFileStore.ts'
import type { RunActions } from '../store/runActions.ts'
import type { PanelName } from '../store/viewOptions.ts'
import type { ViewActions } from '../store/viewActions.ts'

export interface Lab {
  readonly store: LabStore
  readonly run: RunActions
  readonly view: ViewActions
  readonly ownFiles: OwnFiles
  readonly clock: DrawClock
  /** How to draw each plot of the stage as a vector picture; filled by the plots that stand. */
  readonly pictures: Map<PanelName, () => string>
}

export const LabContext = createContext<Lab | null>(null)

/** The laboratory around this component. @throws Error outside of `LabContext`. */
export function useLab(): Lab {
  const lab = useContext(LabContext)
  if (lab === null) throw new Error('useLab: no laboratory, expected a LabContext above')
  return lab
}

/** One selected part of the state; renders again only when that part changes. */
export function useLabState<Part>(select: (state: LabState) => Part): Part {
  return useStore(useLab().store, select)
}
