// How do actions reach a Worker, and its messages the state? The supervisor decides, this file does.
//
// One loop: event -> `supervise` -> new state and effects; the effects are run here and nowhere else.
import type { Experiment } from '../../core/experiment.ts'
import type {
  SupervisorEffect,
  SupervisorEvent,
  SupervisorNotice,
  SupervisorPhase,
  SupervisorState,
} from '../../protocol/supervisorState.ts'
import { createClient, type Client, type WorkerPort } from '../../protocol/client.ts'
import type { Command, Stream } from '../../protocol/messages.ts'
import type { HeldFile } from '../../protocol/ownFileMessages.ts'
import { IDLE_SUPERVISOR, supervise, TICK_MS } from '../../protocol/supervisor.ts'
import type { Phase } from '../labState.ts'
import type { LabStore } from '../labStore.ts'
import { receive } from '../receive.ts'
import type { RunPort } from '../runPort.ts'

type StartCommand = Extract<Command, { type: 'start' }>

export interface WorkerRunHost {
  readonly spawn: () => WorkerPort
  /** Absolute address of the data files. */
  readonly assetBase: string
  readonly now: () => number
  /** Calls back when the page could draw again, or after a quarter of a second where it draws nothing. */
  readonly afterFrame: (action: () => void) => void
  readonly every: (action: () => void, milliseconds: number) => () => void
  readonly tell: (notice: SupervisorNotice) => void
  /** The user's own files of an experiment, where they are here. */
  readonly ownFiles?: (experiment: Experiment) => readonly HeldFile[] | null
}

export interface WorkerRun {
  readonly port: RunPort
  readonly close: () => void
}

/** Ties a store to Workers that `host` spawns. */
export function createWorkerRun(store: LabStore, host: WorkerRunHost): WorkerRun {
  let state: SupervisorState = IDLE_SUPERVISOR
  let client: Client | null = null

  const dispatch = (event: SupervisorEvent) => {
    const next = supervise(state, event)
    const changed = next.state !== state
    state = next.state
    for (const effect of next.effects) perform(effect)
    if (changed) publish(store, state)
  }

  const perform = (effect: SupervisorEffect) => {
    switch (effect.type) {
      case 'spawn':
        client = createClient(host.spawn(), {
          stream: onStream,
          broken: (detail) => dispatch({ type: 'broken', detail, at: host.now() }),
        })
        return
      case 'terminate':
        client?.terminate()
        client = null
        return
      case 'adopt':
        client?.adopt(effect.address)
        return
      case 'send':
        client?.send(effect.command.type === 'start' ? withPageParts(effect.command) : effect.command)
        return
      case 'tell':
        host.tell(effect.notice)
        return
      default:
        effect satisfies never
    }
  }

  /** What only the page knows: its own address, and the files that were chosen on it. */
  const withPageParts = (command: Omit<StartCommand, 'assetBase' | 'runId' | 'epoch'>) => {
    const ownFiles = host.ownFiles?.(command.experiment) ?? null
    return { ...command, assetBase: host.assetBase, ...(ownFiles === null ? {} : { ownFiles }) }
  }

  const onStream = (message: Stream) => {
    const { runId, epoch } = state.address
    if (message.type === 'hello' || (message.runId === runId && message.epoch === epoch)) store.setState(receive(store.getState(), message))
    if (message.type === 'samples') {
      const from = client
      // Only a page that has drawn asks for more: the Worker merges what it has in between.
      host.afterFrame(() => from?.acknowledge(message.sequence))
    }
    dispatch({ type: 'message', message, at: host.now() })
  }

  const stopTicks = host.every(() => dispatch({ type: 'tick', at: host.now() }), TICK_MS)
  return {
    port: {
      start: (experiment, { autorun, pace }) => dispatch({ type: 'start', experiment, autorun, pace }),
      run: () => dispatch({ type: 'command', command: { type: 'run' } }),
      pause: () => dispatch({ type: 'command', command: { type: 'pause' } }),
      step: (count) => dispatch({ type: 'command', command: { type: 'step', count } }),
      setPace: (stepsPerSecond) => dispatch({ type: 'command', command: { type: 'pace', stepsPerSecond } }),
      setOptimizer: (arm, optimizer) => dispatch({ type: 'command', command: { type: 'optimizer', arm, optimizer } }),
      setSchedule: (every, budget, normsOf) => dispatch({ type: 'command', command: { type: 'schedule', every, budget, normsOf } }),
      measureNow: (instrument) => dispatch({ type: 'command', command: { type: 'measureNow', instrument } }),
      cancel: (demand) => dispatch({ type: 'command', command: { type: 'cancel', demand } }),
      retry: () => dispatch({ type: 'retry' }),
      rewind: (steps) => dispatch({ type: 'rewind', steps }),
      snapshot: (arm, seedIndex) =>
        client === null
          ? Promise.reject(new Error('snapshot: no run, expected one that has started'))
          : client.request({ type: 'snapshot', arm, seedIndex }),
    },
    close: () => {
      stopTicks()
      dispatch({ type: 'close' })
    },
  }
}

/** What the supervisor knows, in the words of the page. */
function publish(store: LabStore, state: SupervisorState): void {
  const { run } = store.getState()
  const phase = phaseOf(state.phase)
  const onCpuAfterLoss = !state.allowGpu && state.incidents.length > 0
  const { fault, wanted } = state
  if (run.phase === phase && run.wanted === wanted && run.fault === fault && run.onCpuAfterLoss === onCpuAfterLoss) return
  store.setState({ run: { ...run, phase, wanted, fault, onCpuAfterLoss } })
}

function phaseOf(phase: SupervisorPhase): Phase {
  switch (phase) {
    case 'idle':
    case 'probing':
      return 'starting'
    case 'poisoned':
    case 'lost':
    case 'hung':
    case 'failed':
    case 'recovering':
      return 'recovering'
    case 'refused':
    case 'stopped':
      return 'stopped'
    case 'ready':
    case 'running':
    case 'paused':
    case 'finished':
    case 'diverged':
      return phase
    default:
      return phase satisfies never
  }
}
