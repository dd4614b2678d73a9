// What is to be done when a Worker, a GPU or a run fails?
//
// A pure reducer: events in, state and effects out, no clock and no Worker of its own, so that every fault of a bad day is
// a line in a test. The unit of recovery is the Worker: end it, spawn another, put the last checkpoint back. The ladder
// for whatever ends a Worker: first time at once again, second time within two minutes without the GPU, then stop and say so.
import { refusalOf } from '../core/footprint.ts'
import type { Experiment } from '../core/experiment.ts'
import type { Fault } from '../core/faults.ts'
import { withOptimizerChange } from '../core/optimizerChanges.ts'
import type { Milliseconds } from '../core/units.ts'
import type { RunCheckpoint, Stream } from './messages.ts'
import type { Incident, IncidentKind, Supervised, SupervisorEffect, SupervisorEvent, SupervisorState } from './supervisorState.ts'

/** What a page should leave between two ticks. */
export const TICK_MS: Milliseconds = 500
/** Silent ticks of a Worker that owes an answer before it counts as hung: 15 s of a page that is awake. */
export const HUNG_TICKS = 30
/** Incidents further apart than this are not one bad day. */
export const INCIDENT_WINDOW_MS: Milliseconds = 120_000
const KEPT_CHECKPOINTS = 2

/** Nothing was started yet. */
export const IDLE_SUPERVISOR: SupervisorState = {
  phase: 'idle',
  address: { runId: 0, epoch: 0 },
  experiment: null,
  wanted: 'pause',
  pace: null,
  worker: 'none',
  checkpoints: [],
  allowGpu: true,
  usesGpu: false,
  incidents: [],
  isBusy: false,
  silentTicks: 0,
  fault: null,
  rewindTo: null,
}

/** The next state and what has to be done for it; messages of another run or epoch change nothing. */
export function supervise(state: SupervisorState, event: SupervisorEvent): Supervised {
  switch (event.type) {
    case 'start':
      return started(state, event)
    case 'command':
      return commanded(state, event.command)
    case 'message':
      return heard(state, event.message, event.at)
    case 'broken':
      return state.worker === 'none' ? same(state) : failed(state, 'failed', brokenFault(state, event.detail), event.at)
    case 'tick':
      return ticked(state, event.at)
    case 'retry':
      return state.experiment === null ? same(state) : restarted(state, state.checkpoints[0] ?? null, state.wanted)
    case 'rewind':
      return rewound(state, event.steps)
    case 'close':
      return { state: { ...IDLE_SUPERVISOR, address: state.address }, effects: state.worker === 'none' ? [] : [{ type: 'terminate' }] }
    default:
      return event satisfies never
  }
}

const same = (state: SupervisorState): Supervised => ({ state, effects: [] })

function started(state: SupervisorState, event: Extract<SupervisorEvent, { type: 'start' }>): Supervised {
  const { experiment, pace } = event
  const address = { runId: state.address.runId + 1, epoch: 0 }
  const fresh: SupervisorState = {
    ...state,
    address,
    experiment,
    pace,
    wanted: event.autorun ? 'run' : 'pause',
    checkpoints: [],
    fault: null,
    rewindTo: null,
  }
  const refusal = refusalOf(experiment)
  if (refusal === null) return begun(fresh, 'probing', null)
  // The run before it must not go on behind the refusal.
  const end: SupervisorEffect[] =
    state.worker === 'alive'
      ? [
          { type: 'send', command: { type: 'close' } },
          { type: 'adopt', address },
        ]
      : []
  return { state: { ...fresh, phase: 'refused', fault: refusal, isBusy: false }, effects: end }
}

/** Sends the run to the Worker; spawns one first where there is none, and sends when it greets. */
function begun(state: SupervisorState, phase: SupervisorState['phase'], checkpoint: RunCheckpoint | null): Supervised {
  const next: SupervisorState = { ...state, phase, isBusy: true, silentTicks: 0 }
  if (state.worker === 'none') return { state: { ...next, worker: 'spawned' }, effects: [{ type: 'spawn' }] }
  if (state.worker === 'spawned') return same(next)
  const { experiment, pace, wanted, allowGpu, address } = state
  return {
    state: next,
    effects: [
      { type: 'adopt', address },
      { type: 'send', command: { type: 'start', experiment: experiment!, checkpoint, autorun: wanted === 'run', pace, allowGpu } },
    ],
  }
}

function commanded(state: SupervisorState, command: Extract<SupervisorEvent, { type: 'command' }>['command']): Supervised {
  const next = afterCommand(state, command)
  const isRunThere = state.worker === 'alive' && !['idle', 'refused', 'stopped', 'poisoned', 'lost', 'hung', 'failed'].includes(state.phase)
  return { state: next, effects: isRunThere ? [{ type: 'send', command }] : [] }
}

function afterCommand(state: SupervisorState, command: Extract<SupervisorEvent, { type: 'command' }>['command']): SupervisorState {
  switch (command.type) {
    case 'run':
      return { ...state, wanted: 'run' }
    case 'pause':
      return { ...state, wanted: 'pause' }
    case 'step':
      return { ...state, wanted: 'pause', isBusy: true, silentTicks: 0 }
    case 'pace':
      return { ...state, pace: command.stepsPerSecond }
    case 'measureNow':
      return { ...state, isBusy: true, silentTicks: 0 }
    case 'schedule': {
      const { experiment } = state
      if (experiment === null) return state
      const { every, budget, normsOf = experiment.diagnostics.normsOf } = command
      return { ...state, experiment: { ...experiment, diagnostics: { ...experiment.diagnostics, every, budget, normsOf } } }
    }
    // It counts when the Worker says at which step it took effect.
    case 'optimizer':
    // What was asked for may have ended already; the Worker says.
    case 'cancel':
      return state
    default:
      command satisfies never
      return state
  }
}

function heard(state: SupervisorState, message: Stream, at: Milliseconds): Supervised {
  if (message.type === 'hello') {
    if (state.worker !== 'spawned') return same(state)
    const isRecovery = state.phase !== 'probing'
    return begun({ ...state, worker: 'alive' }, isRecovery ? 'recovering' : 'probing', state.checkpoints[0] ?? null)
  }
  if (message.runId !== state.address.runId || message.epoch !== state.address.epoch) return same(state)
  const alive: SupervisorState = { ...state, silentTicks: 0 }
  switch (message.type) {
    case 'heartbeat':
    case 'progress':
    case 'seedDiverged':
      return same(alive)
    case 'samples':
      return same({ ...alive, isBusy: state.phase === 'probing' || state.phase === 'recovering' })
    // Between its begin and its end the Worker owes signs of life.
    case 'demand':
      return same({ ...alive, isBusy: message.state === 'begun' || state.phase === 'probing' || state.phase === 'recovering' })
    case 'ready':
      return same({ ...alive, usesGpu: Object.values(message.chips).some((chip) => chip?.backend === 'webgpu') })
    case 'state':
      return settled(alive, message)
    case 'optimizerChanged':
      return same({ ...alive, experiment: withAnnouncedChange(state.experiment, message) })
    case 'checkpointed':
      return same({ ...alive, checkpoints: [message.checkpoint, ...state.checkpoints].slice(0, KEPT_CHECKPOINTS) })
    case 'fault':
      return faulted(alive, message.fault, at)
    default:
      message satisfies never
      return same(alive)
  }
}

function settled(state: SupervisorState, message: Extract<Stream, { type: 'state' }>): Supervised {
  const phase = message.state === 'paused' && message.step === 0 ? 'ready' : message.state
  const next: SupervisorState = { ...state, phase, isBusy: false, fault: phase === 'diverged' ? state.fault : null, rewindTo: null }
  const missing = state.rewindTo === null ? 0 : state.rewindTo - message.step
  if (missing <= 0 || message.state !== 'paused') return same(next)
  return { state: { ...next, isBusy: true }, effects: [{ type: 'send', command: { type: 'step', count: missing } }] }
}

/** Planned changes are announced when they take effect and stand in the list already; those made by hand are new. */
function withAnnouncedChange(
  experiment: Experiment | null,
  { step, arm, optimizer }: Extract<Stream, { type: 'optimizerChanged' }>,
): Experiment | null {
  if (experiment === null) return null
  const isKnown = experiment.changes.some(
    (change) => change.step === step && change.arm === arm && JSON.stringify(change.optimizer) === JSON.stringify(optimizer),
  )
  return isKnown ? experiment : withOptimizerChange(experiment, { step, arm, optimizer })
}

function faulted(state: SupervisorState, fault: Fault, at: Milliseconds): Supervised {
  switch (fault.type) {
    case 'deviceLost':
      return failed(state, 'lost', fault, at)
    case 'poisoned':
      return failed(state, 'poisoned', fault, at)
    case 'hung':
      return failed(state, 'hung', fault, at)
    case 'workerFailed':
      return failed(state, 'failed', fault, at)
    case 'diverged':
      return same({ ...state, phase: 'diverged', fault, isBusy: false, wanted: 'pause' })
    case 'refused':
      return same({ ...state, phase: 'refused', fault, isBusy: false })
    case 'noWebGpu':
      // Nothing broke: the same Worker builds the run again without a GPU.
      return withoutGpu(state, fault)
    case 'dataMissing':
    case 'dataCorrupt':
    case 'unsupported':
      return same({ ...state, phase: 'stopped', fault, isBusy: false })
    default:
      return fault satisfies never
  }
}

function withoutGpu(state: SupervisorState, fault: Fault): Supervised {
  if (!state.allowGpu) return same({ ...state, phase: 'stopped', fault, isBusy: false })
  return begun({ ...nextEpoch(state), allowGpu: false }, 'recovering', state.checkpoints[0] ?? null)
}

function ticked(state: SupervisorState, at: Milliseconds): Supervised {
  const isWaiting = state.worker !== 'none' && (state.isBusy || state.phase === 'running')
  if (!isWaiting) return same(state.silentTicks === 0 ? state : { ...state, silentTicks: 0 })
  const silentTicks = state.silentTicks + 1
  if (silentTicks < HUNG_TICKS) return same({ ...state, silentTicks })
  if (state.worker === 'spawned') return failed(state, 'failed', brokenFault(state, 'it did not answer'), at)
  return failed(state, 'hung', { type: 'hung', detail: 'The computation stopped answering and was ended.' }, at)
}

/** One step down the ladder. */
function failed(state: SupervisorState, kind: IncidentKind, fault: Fault, at: Milliseconds): Supervised {
  const recent = state.incidents.filter((incident) => at - incident.at < INCIDENT_WINDOW_MS)
  const incidents: readonly Incident[] = [...recent, { kind, at }]
  const dead: SupervisorState = { ...nextEpoch(state), worker: 'none', incidents, fault, isBusy: false, silentTicks: 0 }
  const end: SupervisorEffect = { type: 'terminate' }
  const canLeaveGpu = state.allowGpu && (state.usesGpu || kind === 'lost' || kind === 'poisoned')
  if (state.experiment === null || (recent.length > 0 && !canLeaveGpu)) {
    return { state: { ...dead, phase: 'stopped', wanted: 'pause' }, effects: [end, { type: 'tell', notice: { type: 'gaveUp', fault } }] }
  }
  // A checkpoint that was restored and failed again at once may be part of the problem: then the older one.
  const suspect = recent.length > 0 && state.phase === 'recovering'
  const checkpoints = suspect ? state.checkpoints.slice(1) : state.checkpoints
  const notice: SupervisorEffect =
    recent.length > 0
      ? { type: 'tell', notice: { type: 'onCpu', kind } }
      : { type: 'tell', notice: { type: 'recovering', kind, step: checkpoints[0]?.step ?? 0 } }
  const next: SupervisorState = {
    ...dead,
    phase: kind,
    checkpoints,
    allowGpu: state.allowGpu && recent.length === 0,
    worker: 'spawned',
    isBusy: true,
  }
  return { state: next, effects: [end, { type: 'spawn' }, notice] }
}

/** The same run once more, from a checkpoint or from step 0, after a fault that had ended it. */
function restarted(state: SupervisorState, checkpoint: RunCheckpoint | null, wanted: 'run' | 'pause'): Supervised {
  return begun({ ...nextEpoch(state), wanted, fault: null, incidents: [] }, 'recovering', checkpoint)
}

function rewound(state: SupervisorState, steps: number): Supervised {
  if (state.experiment === null || state.fault?.type !== 'diverged') return same(state)
  const target = Math.max(0, state.fault.step - steps)
  const checkpoints = state.checkpoints.filter((checkpoint) => checkpoint.step <= target)
  return restarted({ ...state, checkpoints, rewindTo: target }, checkpoints[0] ?? null, 'pause')
}

function nextEpoch(state: SupervisorState): SupervisorState {
  return { ...state, address: { ...state.address, epoch: state.address.epoch + 1 } }
}

function brokenFault(state: SupervisorState, detail: string): Fault {
  const sentence =
    state.worker === 'spawned' ? 'The computing part of the page could not be loaded' : 'The computation stopped because of an error'
  return { type: 'workerFailed', detail: `${sentence}: ${detail}. Reload the page if this happens again.` }
}
