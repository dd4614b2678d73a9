// What do page and Worker say to each other? Types only; both sides import this and nothing of each other.
//
// Commands have no answer, requests have exactly one reply, streams may be merged. Each carries the run and
// its epoch (restarts of the same run), so that anything stale can be dropped.
import type { EngineChip } from '../core/engineChip.ts'
import type { ArmName, Experiment, OptimizerSettings } from '../core/experiment.ts'
import type { Fault } from '../core/faults.ts'
import type { InstrumentName, Sample } from '../core/sample.ts'
import type { Bytes, Milliseconds, Step } from '../core/units.ts'
import type { HeldFile } from './ownFileMessages.ts'

/** Every message of one life of one run. */
export interface Address {
  readonly runId: number
  readonly epoch: number
}

/** Opaque to the page: kept and handed back to a new Worker. */
export interface RunCheckpoint {
  readonly step: Step
  readonly experiment: Experiment
  /** Structured-cloneable; owned by `runtime`. */
  readonly payload: unknown
}

/** What somebody asks for once, waits for, and may take back: one whole measurement, or a snapshot. */
export type Demand = Exclude<InstrumentName, 'loss'> | 'snapshot'

export type Command =
  | (Address & {
      readonly type: 'start'
      readonly experiment: Experiment
      readonly checkpoint: RunCheckpoint | null
      readonly autorun: boolean
      /** Base of the data files, absolute. */
      readonly assetBase: string
      /** Steps per second; null: as fast as it goes. */
      readonly pace: number | null
      /** 'cpu' after two device losses: never ask for a GPU. */
      readonly allowGpu: boolean
      /** The user's own files, where the experiment names some and the page has them. */
      readonly ownFiles?: readonly HeldFile[]
    })
  | (Address & { readonly type: 'run' })
  | (Address & { readonly type: 'pause' })
  | (Address & { readonly type: 'step'; readonly count: number })
  | (Address & { readonly type: 'pace'; readonly stepsPerSecond: number | null })
  | (Address & { readonly type: 'optimizer'; readonly arm: ArmName; readonly optimizer: OptimizerSettings })
  | (Address & {
      readonly type: 'schedule'
      readonly every: Experiment['diagnostics']['every']
      readonly budget: number
      /** Absent: as it is. */
      readonly normsOf?: Experiment['diagnostics']['normsOf']
    })
  /** Measure one instrument now, whatever its schedule says. */
  | (Address & { readonly type: 'measureNow'; readonly instrument: Sample['type'] })
  /** Nobody waits for it any more: it ends, under way or not, and nothing of it is shown. */
  | (Address & { readonly type: 'cancel'; readonly demand: Demand })
  | (Address & { readonly type: 'ack'; readonly sequence: number })
  | (Address & { readonly type: 'close' })

export type Request =
  | (Address & { readonly type: 'checkpoint'; readonly requestId: number })
  | (Address & { readonly type: 'snapshot'; readonly requestId: number; readonly arm: ArmName; readonly seedIndex: number })

export type Reply =
  | (Address & { readonly type: 'reply'; readonly requestId: number; readonly ok: true; readonly value: unknown })
  | (Address & { readonly type: 'reply'; readonly requestId: number; readonly ok: false; readonly fault: Fault })

export type Stream =
  /** Sent once when the Worker's script runs, before any run: runId and epoch are 0. */
  | (Address & { readonly type: 'hello' })
  | (Address & {
      readonly type: 'progress'
      /** training: how far a long step is. */
      readonly what: 'data' | 'engine' | 'measuring' | 'training'
      readonly done: number
      /** 0: nobody knows. */
      readonly total: number
      readonly label: string
      /** What is being measured because somebody asked for it. */
      readonly demand?: Demand
    })
  /** ended: what it gave is on its way; cancelled: it gave nothing, or somebody closed the run. */
  | (Address & { readonly type: 'demand'; readonly demand: Demand; readonly state: 'begun' | 'ended' | 'cancelled' })
  | (Address & {
      readonly type: 'ready'
      readonly chips: Readonly<Partial<Record<ArmName, EngineChip>>>
      readonly layerNames: Readonly<Partial<Record<ArmName, readonly string[]>>>
      readonly parameterCount: Readonly<Partial<Record<ArmName, number>>>
      readonly step: Step
    })
  | (Address & {
      readonly type: 'samples'
      readonly sequence: number
      readonly samples: readonly Sample[]
      readonly step: Step
      readonly stepsPerSecond: number
      /** Of one step of all arms, without measuring; absent before one was done. */
      readonly stepDuration?: Milliseconds
    })
  | (Address & { readonly type: 'state'; readonly state: 'running' | 'paused' | 'finished' | 'diverged'; readonly step: Step })
  /** A seed left the finite numbers; the run goes on while others live. */
  | (Address & { readonly type: 'seedDiverged'; readonly arm: ArmName; readonly seedIndex: number; readonly step: Step })
  | (Address & { readonly type: 'optimizerChanged'; readonly arm: ArmName; readonly step: Step; readonly optimizer: OptimizerSettings })
  | (Address & {
      readonly type: 'checkpointed'
      readonly checkpoint: RunCheckpoint
      readonly duration: Milliseconds
      readonly bytes: Bytes
    })
  | (Address & { readonly type: 'heartbeat'; readonly step: Step })
  | (Address & { readonly type: 'fault'; readonly fault: Fault })

export type ToWorker = Command | Request
export type ToPage = Reply | Stream
