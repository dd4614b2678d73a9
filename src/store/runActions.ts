// What happens when somebody starts, stops, edits or resets a run?
//
// Learning rate and optimizer reach a run on its way and are written into `experiment.changes`; every other field
// starts again at step 0 with the same seed, keeps the old run as a ghost, and goes on if it was running.
import type { ArmName, Experiment, OptimizerSettings } from '../core/experiment.ts'
import { parseExperiment } from '../core/parseExperiment.ts'
import type { InstrumentName } from '../core/sample.ts'
import type { Demand } from '../protocol/messages.ts'
import { createRunColumns, frozenColumns, lastStep } from './armColumns.ts'
import { effectiveOptimizer } from './effectiveOptimizer.ts'
import { endGesture, recordEdit, redoEdit, undoEdit } from './editHistory.ts'
import { describeDifference } from './experimentDifference.ts'
import { withField } from './fieldPath.ts'
import type { Ghost, LabState, Phase } from './labState.ts'
import { STARTING_RUN, type LabStore } from './labStore.ts'
import type { LossColumn } from './lossColumn.ts'
import { medianLosses, type MedianLosses } from './medianLosses.ts'
import { withDemand } from './receive.ts'
import type { RunPort } from './runPort.ts'

export interface RunActions {
  /** Starts the experiment of the moment at step 0. */
  readonly start: (autorun: boolean) => void
  readonly toggleRun: () => void
  readonly run: () => void
  readonly pause: () => void
  readonly step: (count: number) => void
  /** Back to step 0, same seed. */
  readonly reset: () => void
  readonly newSeed: () => void
  readonly setPace: (stepsPerSecond: number | null) => void
  /** Writes one field by its dotted path; while `dragging` only the picture of step 0 is made. */
  readonly setField: (path: string, value: unknown, dragging?: boolean) => void
  /** Several fields as one edit. */
  readonly setFields: (fields: Readonly<Record<string, unknown>>) => void
  readonly endDrag: () => void
  /** Mid-run it takes effect with the next update, before that it edits the experiment. */
  readonly setOptimizer: (arm: ArmName, settings: Partial<OptimizerSettings>, dragging?: boolean) => void
  readonly forgetChanges: () => void
  readonly setSchedule: (every: Experiment['diagnostics']['every'], budget: number) => void
  /** Whose gradient the norms by layer belong to, from now on; never restarts a run. */
  readonly setNormsOf: (normsOf: Experiment['diagnostics']['normsOf']) => void
  /** Asks one instrument at once, whatever its schedule says, and for all that it can. */
  readonly measureNow: (instrument: Exclude<InstrumentName, 'loss'>) => void
  /** The measured state of one arm as a file; null when it was taken back. @throws {FaultError} when it could not be made. */
  readonly takeSnapshot: (arm: ArmName) => Promise<unknown>
  /** Takes back what was asked for; what is shown stays. */
  readonly cancel: (demand: Demand) => void
  readonly undo: () => void
  readonly redo: () => void
  readonly pin: () => void
  readonly unpin: (id: number) => void
  readonly retry: () => void
  readonly rewind: (steps: number) => void
  /** Replaces the whole experiment: a lesson, a link, a twist. */
  readonly replace: (input: unknown, base: Experiment, options: { readonly ghost: boolean; readonly autorun: boolean }) => void
}

/** Between two pictures of step 0 while a slider moves. */
export const DRAG_PAUSE_MS = 120
const GHOST_LIMIT = 3
/** While the run stands in a Worker that has built it. */
const ANSWERING: ReadonlySet<Phase> = new Set(['ready', 'running', 'paused', 'finished', 'diverged'])

/** The actions over one store and one port; `timer` is injected for tests. */
export function createRunActions(
  store: LabStore,
  port: RunPort,
  timer: (action: () => void, delay: number) => () => void = delayed,
): RunActions {
  let resumeAfterDrag = false
  let cancelDrag: (() => void) | null = null
  let ghostId = 0
  let isSnapshotTakenBack = false
  const get = store.getState
  const set = (part: Partial<LabState>) => store.setState(part)
  /** Training, or about to as soon as the Worker can. */
  const isRunning = () => {
    const { phase, wanted } = get().run
    return wanted === 'run' && (phase === 'running' || phase === 'starting' || phase === 'ready' || phase === 'paused')
  }

  const start = (autorun: boolean) => {
    cancelDrag?.()
    cancelDrag = null
    const { experiment, pace, revision, runKey } = get()
    set({
      run: { ...STARTING_RUN, wanted: autorun ? 'run' : 'pause' },
      demands: {},
      columns: createRunColumns(),
      runKey: runKey + 1,
      revision: revision + 1,
      cursor: null,
    })
    port.start(experiment, { autorun, pace })
  }

  const keepGhost = (pinned: boolean, against: Experiment) => {
    const { ghosts, experiment, columns } = get()
    if (lastStep(columns) < 2) return
    const ghost: Ghost = {
      id: ++ghostId,
      label: describeDifference(experiment, against),
      experiment,
      losses: { A: medians(columns.A.loss), B: medians(columns.B.loss) },
      columns: frozenColumns(columns),
      pinned,
    }
    const kept = ghosts.filter((other) => other.pinned || pinned)
    set({ ghosts: [...kept, ghost].slice(-GHOST_LIMIT) })
  }

  const edit = (input: unknown, gesture: string | null, dragging: boolean) => {
    const { experiment: before, edits } = get()
    const { experiment, notices } = parseExperiment(input, before)
    const running = isRunning()
    if (dragging) resumeAfterDrag ||= running
    const autorun = !dragging && (running || resumeAfterDrag)
    if (!dragging) resumeAfterDrag = false
    if (!sameExperiment(before, experiment)) {
      keepGhost(false, experiment)
      set({ experiment, edits: recordEdit(edits, before, gesture) })
    } else if (cancelDrag === null && !autorun) {
      set({ notices })
      return
    }
    set({ notices })
    if (!dragging) {
      set({ edits: endGesture(get().edits) })
      start(autorun)
    } else {
      if (running) port.pause()
      cancelDrag?.()
      cancelDrag = timer(() => start(false), DRAG_PAUSE_MS)
    }
  }

  const travel = (where: typeof undoEdit) => {
    const { edits, experiment } = get()
    const found = where(edits, experiment)
    if (found === null) return
    const running = isRunning()
    set({ experiment: found.experiment, edits: found.history, notices: [] })
    start(running)
  }

  return {
    start,
    run: () => {
      if (get().run.phase === 'finished' || get().run.phase === 'diverged') start(true)
      else {
        set({ cursor: null })
        port.run()
      }
    },
    pause: () => port.pause(),
    toggleRun() {
      if (isRunning()) port.pause()
      else this.run()
    },
    step: (count) => {
      if (isRunning()) port.pause()
      set({ cursor: null })
      port.step(count)
    },
    reset: () => start(false),
    newSeed: () => {
      const { experiment } = get()
      edit(withField(experiment, 'seed', (experiment.seed + 1) % 4_294_967_296), null, false)
    },
    setPace: (pace) => {
      set({ pace })
      port.setPace(pace)
    },
    setField: (path, value, dragging = false) => edit(withField(get().experiment, path, value), path, dragging),
    setFields: (fields) => {
      let input: unknown = get().experiment
      for (const [path, value] of Object.entries(fields)) input = withField(input as Experiment, path, value)
      edit(input, null, false)
    },
    endDrag: () => {
      if (cancelDrag !== null || resumeAfterDrag) edit(get().experiment, null, false)
      set({ edits: endGesture(get().edits) })
    },
    setOptimizer: (arm, settings, dragging = false) => {
      const { experiment, run } = get()
      const midRun = run.step > 0 && (run.phase === 'running' || run.phase === 'paused')
      if (!midRun) {
        const prefix = arm === 'A' ? 'optimizer' : 'versus.optimizer'
        let input: unknown = experiment
        for (const [key, value] of Object.entries(settings)) input = withField(input as Experiment, `${prefix}.${key}`, value)
        edit(input, `${prefix}.${Object.keys(settings).join()}`, dragging)
      } else if (!dragging) {
        const now = currentOptimizer(get(), arm)
        port.setOptimizer(arm, { ...now, ...settings })
      }
    },
    forgetChanges: () => edit({ ...get().experiment, changes: [] }, null, false),
    setSchedule: (every, budget) => {
      const { experiment } = get()
      set({ experiment: { ...experiment, diagnostics: { ...experiment.diagnostics, every, budget } } })
      port.setSchedule(every, budget, experiment.diagnostics.normsOf)
    },
    setNormsOf: (normsOf) => {
      const { experiment } = get()
      const { every, budget } = experiment.diagnostics
      set({ experiment: { ...experiment, diagnostics: { ...experiment.diagnostics, normsOf } } })
      port.setSchedule(every, budget, normsOf)
    },
    measureNow: (instrument) => {
      const { demands, run } = get()
      if (demands[instrument] !== undefined || !ANSWERING.has(run.phase)) return
      set(withDemand(get(), instrument, (known) => known))
      port.measureNow(instrument)
    },
    takeSnapshot: async (arm) => {
      if (get().demands.snapshot !== undefined) return null
      set(withDemand(get(), 'snapshot', (known) => known))
      isSnapshotTakenBack = false
      try {
        return await port.snapshot(arm, 0)
      } catch (error) {
        if (isSnapshotTakenBack) return null
        throw error
      } finally {
        set(withDemand(get(), 'snapshot', () => undefined))
      }
    },
    cancel: (demand) => {
      if (get().demands[demand] === undefined) return
      set(withDemand(get(), demand, (known) => ({ ...known, state: 'cancelling' })))
      if (demand === 'snapshot') isSnapshotTakenBack = true
      port.cancel(demand)
    },
    undo: () => travel(undoEdit),
    redo: () => travel(redoEdit),
    pin: () => keepGhost(true, get().experiment),
    unpin: (id) => set({ ghosts: get().ghosts.filter((ghost) => ghost.id !== id) }),
    retry: () => port.retry(),
    rewind: (steps) => port.rewind(steps),
    replace: (input, base, { ghost, autorun }) => {
      const { experiment, notices } = parseExperiment(input, base)
      const { edits, experiment: before } = get()
      if (ghost) keepGhost(false, experiment)
      else set({ ghosts: [] })
      set({ experiment, notices, edits: recordEdit(edits, before, null) })
      start(autorun)
    },
  }
}

function medians(column: LossColumn | null): MedianLosses | null {
  return column === null ? null : medianLosses(column)
}

function currentOptimizer(state: LabState, arm: ArmName): OptimizerSettings {
  return effectiveOptimizer(state.experiment, arm, state.run.step)
}

function sameExperiment(a: Experiment, b: Experiment): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

function delayed(action: () => void, delay: number): () => void {
  const id = setTimeout(action, delay)
  return () => clearTimeout(id)
}
