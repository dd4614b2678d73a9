// Do actions ask the run for the right thing, and keep what a person would miss?
import { beforeEach, describe, expect, test, vi, type Mock } from 'vitest'
import type { Stream } from '../../src/protocol/messages.ts'
import type { LabState, Phase } from '../../src/store/labState.ts'
import { createLabStore, type LabStore } from '../../src/store/labStore.ts'
import { receive } from '../../src/store/receive.ts'
import { createRunActions, type RunActions } from '../../src/store/runActions.ts'
import type { RunPort } from '../../src/store/runPort.ts'
import { createViewActions } from '../../src/store/viewActions.ts'
import { race } from '../../src/lessons/race.ts'
import { fashion } from '../../src/lessons/fashion.ts'

const ADDRESS = { runId: 1, epoch: 0 } as const

let store: LabStore
let port: { readonly [Key in keyof RunPort]: Mock<RunPort[Key]> }
let run: RunActions
let pending: (() => void)[]

beforeEach(() => {
  store = createLabStore()
  port = {
    start: vi.fn<RunPort['start']>(),
    run: vi.fn<RunPort['run']>(),
    pause: vi.fn<RunPort['pause']>(),
    step: vi.fn<RunPort['step']>(),
    setPace: vi.fn<RunPort['setPace']>(),
    setOptimizer: vi.fn<RunPort['setOptimizer']>(),
    setSchedule: vi.fn<RunPort['setSchedule']>(),
    measureNow: vi.fn<RunPort['measureNow']>(),
    cancel: vi.fn<RunPort['cancel']>(),
    retry: vi.fn<RunPort['retry']>(),
    rewind: vi.fn<RunPort['rewind']>(),
    snapshot: vi.fn<RunPort['snapshot']>(),
  }
  pending = []
  run = createRunActions(store, port, (action) => {
    pending.push(action)
    return () => {
      pending = pending.filter((other) => other !== action)
    }
  })
})

const state = (): LabState => store.getState()
const hear = (message: Stream) => store.setState(receive(state(), message))
const become = (phase: Phase, step = 0) =>
  store.setState({ run: { ...state().run, phase, wanted: phase === 'running' ? 'run' : 'pause', step } })

/** A run that has trained for `count` steps. */
function trained(phase: Phase, count = 10): void {
  const values = new Float64Array(count * 32).fill(0.5)
  hear({
    type: 'samples',
    ...ADDRESS,
    sequence: 1,
    step: count,
    stepsPerSecond: 100,
    samples: [{ type: 'loss', arm: 'A', step: 0, seedCount: 32, values }],
  })
  become(phase, count)
}

describe('setNormsOf', () => {
  test('changes what is measured and nothing else', () => {
    trained('running')
    const { every, budget } = state().experiment.diagnostics
    run.setNormsOf('step')
    expect(state().experiment.diagnostics.normsOf).toBe('step')
    expect(port.setSchedule).toHaveBeenCalledWith(every, budget, 'step')
    run.setSchedule(every, 0.25)
    expect(port.setSchedule).toHaveBeenLastCalledWith(every, 0.25, 'step')
    expect(port.start).not.toHaveBeenCalled()
    expect(state().run.phase).toBe('running')
  })
})

describe('setField', () => {
  test('starts again at step 0 with the same seed, keeps the old run as a ghost, and goes on if it was running', () => {
    trained('running')
    run.setField('model.depth', 12)
    expect(state().experiment.model.depth).toBe(12)
    expect(state().experiment.seed).toBe(race.experiment.seed)
    expect(port.start).toHaveBeenCalledWith(state().experiment, { autorun: true, pace: state().pace })
    expect(state().ghosts.map((ghost) => ghost.label)).toEqual(['depth 24'])
    expect(state().ghosts[0].losses.A?.median[9]).toBe(0.5)
    expect(state().run.phase).toBe('starting')
  })
  test('clamps what is out of range and says so', () => {
    run.setField('model.depth', 1e9)
    expect(state().experiment.model.depth).toBe(2000)
    expect(state().notices).toHaveLength(1)
    run.setField('model.depth', 30)
    expect(state().notices).toEqual([])
  })
  test('makes only the picture of step 0 while it is dragged, once per pause, and goes on when it is let go', () => {
    trained('running')
    for (const depth of [25, 26, 27]) run.setField('model.depth', depth, true)
    expect(port.pause).toHaveBeenCalled()
    expect(port.start).not.toHaveBeenCalled()
    expect(pending).toHaveLength(1)
    pending[0]()
    expect(port.start).toHaveBeenLastCalledWith(state().experiment, { autorun: false, pace: state().pace })
    become('ready')
    run.endDrag()
    expect(port.start).toHaveBeenLastCalledWith(state().experiment, { autorun: true, pace: state().pace })
    expect(state().experiment.model.depth).toBe(27)
    run.undo()
    expect(state().experiment.model.depth).toBe(24)
  })
  test('does not start anything when nothing changes', () => {
    run.setField('model.depth', 24)
    expect(port.start).not.toHaveBeenCalled()
  })
})

describe('setOptimizer', () => {
  test('reaches a run on its way and is written down when the Worker says when', () => {
    trained('running', 300)
    run.setOptimizer('A', { lr: 0.01 })
    expect(port.start).not.toHaveBeenCalled()
    const sent = { ...race.experiment.optimizer, lr: 0.01 }
    expect(port.setOptimizer).toHaveBeenCalledWith('A', sent)
    expect(state().experiment.changes).toEqual([])
    hear({ type: 'optimizerChanged', ...ADDRESS, arm: 'A', step: 312, optimizer: sent })
    expect(state().experiment.changes).toEqual([{ step: 312, arm: 'A', optimizer: sent }])
  })
  test('can be taken back alone and brought again: the edit before it stays', () => {
    run.setField('model.depth', 12)
    trained('running', 300)
    const optimizer = { ...race.experiment.optimizer, lr: 0.01 }
    run.setOptimizer('A', { lr: 0.01 })
    hear({ type: 'optimizerChanged', ...ADDRESS, arm: 'A', step: 312, optimizer })
    run.undo()
    expect(state().experiment.changes).toEqual([])
    expect(state().experiment.model.depth).toBe(12)
    run.redo()
    expect(state().experiment.changes).toEqual([{ step: 312, arm: 'A', optimizer }])
    // What a replay announces was planned, and is no edit.
    const { edits } = state()
    hear({ type: 'optimizerChanged', ...ADDRESS, arm: 'A', step: 312, optimizer })
    expect(state().edits).toBe(edits)
  })
  test('waits for the hand while the rate is dragged in mid-run', () => {
    trained('running', 300)
    run.setOptimizer('A', { lr: 0.05 }, true)
    expect(port.setOptimizer).not.toHaveBeenCalled()
  })
  test('edits the experiment before the first step, and arm B by its difference', () => {
    become('ready')
    run.setOptimizer('B', { lr: 0.004 })
    expect(state().experiment.versus?.optimizer?.lr).toBe(0.004)
    expect(state().experiment.versus?.optimizer?.kind).toBe('rmsprop')
    expect(port.start).toHaveBeenCalledTimes(1)
  })
  test('does not write a planned change a second time', () => {
    const planned = { step: 100, arm: 'A' as const, optimizer: race.experiment.optimizer }
    const later = { ...planned, step: 200 }
    store.setState({ experiment: { ...state().experiment, changes: [planned, later] } })
    hear({ type: 'optimizerChanged', ...ADDRESS, ...planned })
    expect(state().experiment.changes).toEqual([planned, later])
  })
})

describe('run', () => {
  test('starts a finished run again and lets a paused one go on', () => {
    trained('paused')
    run.toggleRun()
    expect(port.run).toHaveBeenCalledTimes(1)
    become('running', 20)
    run.toggleRun()
    expect(port.pause).toHaveBeenCalledTimes(1)
    become('finished', 1500)
    run.toggleRun()
    expect(port.start).toHaveBeenCalledWith(state().experiment, { autorun: true, pace: state().pace })
  })
  test('keeps at most three earlier runs, pinned ones before others', () => {
    for (let k = 0; k < 5; k++) {
      trained('paused')
      run.pin()
    }
    expect(state().ghosts).toHaveLength(3)
    expect(state().ghosts.every((ghost) => ghost.pinned)).toBe(true)
    run.unpin(state().ghosts[0].id)
    expect(state().ghosts).toHaveLength(2)
  })
  test('takes another seed and can come back', () => {
    trained('paused')
    run.newSeed()
    expect(state().experiment.seed).toBe(race.experiment.seed + 1)
    run.undo()
    expect(state().experiment).toEqual(race.experiment)
    run.redo()
    expect(state().experiment.seed).toBe(race.experiment.seed + 1)
  })
})

describe('lessons', () => {
  test('replace the experiment and forget the ghosts; a twist keeps the run before it', () => {
    const view = createViewActions(store, run)
    trained('finished')
    view.applyTwist()
    expect(state().experiment).toEqual(race.twist.experiment)
    expect(state().ghosts).toHaveLength(1)
    view.predict(2)
    view.loadLesson(fashion)
    expect(state().experiment).toEqual(fashion.experiment)
    expect(state().ghosts).toEqual([])
    expect(state().prediction).toBeNull()
  })
})
