// What does the page know at any moment? One plain state; everything drawn is a function of it.
//
// Columns are mutable behind `revision`: copying megabytes for each message would cost the frame they are for.
import type { ArmName, Experiment } from '../core/experiment.ts'
import type { EngineChip } from '../core/engineChip.ts'
import type { Fault } from '../core/faults.ts'
import type { Notice } from '../core/parseExperiment.ts'
import type { TheoryCurve } from '../core/theoryCurve.ts'
import type { Milliseconds, Step } from '../core/units.ts'
import type { Demand } from '../protocol/messages.ts'
import type { RunColumns } from './armColumns.ts'
import type { EditHistory } from './editHistory.ts'
import type { MedianLosses } from './medianLosses.ts'
import type { PanelName, ThemeChoice, ViewOptions } from './viewOptions.ts'

/** starting: the Worker loads data and measures step 0. stopped: a fault ended it and only the user can go on. */
export type Phase = 'starting' | 'ready' | 'running' | 'paused' | 'finished' | 'diverged' | 'recovering' | 'stopped'

export interface Progress {
  readonly what: 'data' | 'engine' | 'measuring' | 'training'
  readonly done: number
  readonly total: number
  readonly label: string
}

/** Something that somebody asked for once: since the click, until it is there or was taken back. */
export interface DemandView {
  readonly state: 'asked' | 'underway' | 'cancelling'
  /** `total` 0: nobody knows how far it is. */
  readonly progress: Pick<Progress, 'done' | 'total' | 'label'> | null
}

export interface RunView {
  readonly phase: Phase
  /** What the user wants, from the moment of the click; `phase` follows when the Worker can. */
  readonly wanted: 'run' | 'pause'
  readonly step: Step
  readonly stepsPerSecond: number
  /** Of one step of all arms, without measuring; absent before one was done. */
  readonly stepDuration?: Milliseconds | undefined
  readonly progress: Progress | null
  readonly fault: Fault | null
  /** Seeds that left the finite numbers, per arm. */
  readonly divergedSeeds: Readonly<Record<ArmName, number>>
  /** True after the second loss of the GPU: the run goes on without it. */
  readonly onCpuAfterLoss: boolean
}

/** An earlier run that stays on the plots, dotted. */
export interface Ghost {
  readonly id: number
  /** What was different, in a few words. */
  readonly label: string
  readonly experiment: Experiment
  readonly losses: Readonly<Record<ArmName, MedianLosses | null>>
  readonly columns: RunColumns
  readonly pinned: boolean
}

export interface Toast {
  readonly id: number
  readonly tone: 'info' | 'warning' | 'error'
  readonly text: string
}

export interface LabState {
  readonly experiment: Experiment
  readonly notices: readonly Notice[]
  /** The lesson that the experiment started from. */
  readonly lesson: { readonly id: string; readonly revision: number } | null
  /** Position in the lesson's choices, null before the user commits. */
  readonly prediction: number | null
  readonly run: RunView
  readonly demands: Readonly<Partial<Record<Demand, DemandView>>>
  readonly pace: number | null
  readonly chips: Readonly<Partial<Record<ArmName, EngineChip>>>
  readonly layerNames: Readonly<Partial<Record<ArmName, readonly string[]>>>
  readonly parameterCount: Readonly<Partial<Record<ArmName, number>>>
  readonly columns: RunColumns
  /** Another number for every start, so that plots begin afresh. */
  readonly runKey: number
  /** Grows with every change of the columns. */
  readonly revision: number
  readonly ghosts: readonly Ghost[]
  readonly theory: readonly TheoryCurve[]
  /** Where the scrubber stands; null follows the run. */
  readonly cursor: Step | null
  /** Where the pointer is in any plot, marked in all of them. */
  readonly hoverStep: Step | null
  readonly hoverLayer: number | null
  readonly edits: EditHistory
  readonly toasts: readonly Toast[]
  readonly view: ViewOptions
  readonly mainPanel: PanelName
  readonly fullPanel: PanelName | null
  readonly tablePanel: PanelName | null
  /** Which view of a panel is shown large; absent: its first. */
  readonly panelViews: Readonly<Partial<Record<PanelName, string>>>
  readonly themeChoice: ThemeChoice
  readonly theme: 'light' | 'dark'
  readonly hotkeys: boolean
}
