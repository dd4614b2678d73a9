// What does the page know about the health of its Worker, what can happen, and what is to be done?
//
// Types only; `supervisor.ts` is the reducer. Times are the page's own clock; silence is counted in the page's ticks.
import type { Experiment } from '../core/experiment.ts'
import type { Fault } from '../core/faults.ts'
import type { Milliseconds } from '../core/units.ts'
import type { CommandBody } from './addressed.ts'
import type { Address, Command, RunCheckpoint, Stream } from './messages.ts'

/**
 * probing: a Worker was spawned, or a run sent to it, and has not answered. ready: the picture of step 0 stands.
 * poisoned, lost, hung, failed: what ended the last Worker, until the next one greets. recovering: it rebuilds the run.
 * diverged, refused: the run cannot go on, the Worker is fine. stopped: only the user can go on.
 */
export type SupervisorPhase =
  | 'idle'
  | 'probing'
  | 'ready'
  | 'running'
  | 'paused'
  | 'finished'
  | 'poisoned'
  | 'lost'
  | 'hung'
  | 'failed'
  | 'recovering'
  | 'diverged'
  | 'refused'
  | 'stopped'

export type IncidentKind = Extract<SupervisorPhase, 'poisoned' | 'lost' | 'hung' | 'failed'>

export interface Incident {
  readonly kind: IncidentKind
  readonly at: Milliseconds
}

export interface SupervisorState {
  readonly phase: SupervisorPhase
  /** Of the run of the moment; each restart of the same run has a new epoch. */
  readonly address: Address
  /** As it is by now, changes of the optimizer included. */
  readonly experiment: Experiment | null
  /** What the user wants of the run, also while it cannot be had. */
  readonly wanted: 'run' | 'pause'
  readonly pace: number | null
  /** none: not spawned. spawned: has not greeted yet. alive: greeted. */
  readonly worker: 'none' | 'spawned' | 'alive'
  /** Newest first, at most two. */
  readonly checkpoints: readonly RunCheckpoint[]
  /** False after a second loss: from then on the GPU is never asked for again. */
  readonly allowGpu: boolean
  /** Some arm of the run of the moment computes on the GPU. */
  readonly usesGpu: boolean
  /** Those of the last two minutes. */
  readonly incidents: readonly Incident[]
  /** The Worker owes an answer: data are loading, steps or a measurement were asked for. */
  readonly isBusy: boolean
  /** Ticks since the last sign of life. */
  readonly silentTicks: number
  /** What ended or interrupted the run, for the user; null when all is well. */
  readonly fault: Fault | null
  /** Step to go to, by single steps, once a rewound run stands. */
  readonly rewindTo: number | null
}

export type SupervisorEvent =
  | { readonly type: 'start'; readonly experiment: Experiment; readonly autorun: boolean; readonly pace: number | null }
  | { readonly type: 'command'; readonly command: Exclude<CommandBody, { type: 'start' | 'ack' | 'close' }> }
  | { readonly type: 'message'; readonly message: Stream; readonly at: Milliseconds }
  | { readonly type: 'broken'; readonly detail: string; readonly at: Milliseconds }
  | { readonly type: 'tick'; readonly at: Milliseconds }
  /** Goes on after a fault that ended the run: from the last checkpoint, or from step 0. */
  | { readonly type: 'retry' }
  /** After divergence: stands that many steps before it, paused. */
  | { readonly type: 'rewind'; readonly steps: number }
  | { readonly type: 'close' }

export type SupervisorEffect =
  | { readonly type: 'spawn' }
  | { readonly type: 'terminate' }
  /** The client listens to this run from now on. */
  | { readonly type: 'adopt'; readonly address: Address }
  /** `assetBase` is filled in by whoever runs the effect: only a page knows its own address. */
  | {
      readonly type: 'send'
      readonly command: Exclude<CommandBody, { type: 'start' }> | Omit<Extract<Command, { type: 'start' }>, 'assetBase' | 'runId' | 'epoch'>
    }
  | { readonly type: 'tell'; readonly notice: SupervisorNotice }

/** What the user has to know of a recovery; `ui` has the words. */
export type SupervisorNotice =
  | { readonly type: 'recovering'; readonly kind: IncidentKind; readonly step: number }
  | { readonly type: 'onCpu'; readonly kind: IncidentKind }
  | { readonly type: 'gaveUp'; readonly fault: Fault }

export interface Supervised {
  readonly state: SupervisorState
  readonly effects: readonly SupervisorEffect[]
}
