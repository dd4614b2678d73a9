// Every fault that reaches the page, as a line of events; each title finishes the sentence "supervise ...".
import { describe, expect, test } from 'vitest'
import { DEFAULT_EXPERIMENT, DEFAULT_MLP } from '../../src/core/defaults.ts'
import type { Fault } from '../../src/core/faults.ts'
import type { StreamBody } from '../../src/protocol/addressed.ts'
import type { RunCheckpoint, Stream } from '../../src/protocol/messages.ts'
import { HUNG_TICKS, IDLE_SUPERVISOR, INCIDENT_WINDOW_MS, supervise } from '../../src/protocol/supervisor.ts'
import type { SupervisorEffect, SupervisorEvent, SupervisorState } from '../../src/protocol/supervisorState.ts'

const CHIP = { engine: 'network', backend: 'webgpu', adapter: 'test', precision: 'float32', reason: '' } as const
const LOST: Fault = { type: 'deviceLost', detail: 'The GPU was lost.' }
const POISONED: Fault = { type: 'poisoned', detail: 'A result was not there.' }
const FAILED: Fault = { type: 'workerFailed', detail: 'It threw.' }
const DIVERGED: Fault = { type: 'diverged', detail: '', arm: 'A', step: 57, layer: 2, layerName: 'layer 3' }

/** A page with its supervisor: keeps the state and what the last event asked for. */
class Bench {
  state: SupervisorState = IDLE_SUPERVISOR
  effects: readonly SupervisorEffect[] = []
  at = 0

  feed(event: SupervisorEvent): this {
    const { state, effects } = supervise(this.state, event)
    this.state = state
    this.effects = effects
    return this
  }
  start(autorun = true, experiment = DEFAULT_MLP): this {
    return this.feed({ type: 'start', experiment, autorun, pace: null })
  }
  hello(): this {
    return this.feed({ type: 'message', at: this.at, message: { type: 'hello', runId: 0, epoch: 0 } })
  }
  hear(body: StreamBody, address = this.state.address): this {
    return this.feed({ type: 'message', at: this.at, message: { ...body, ...address } as Stream })
  }
  fault(fault: Fault): this {
    return this.hear({ type: 'fault', fault })
  }
  /** From the start to a run that trains. */
  running(): this {
    this.start().hello()
    return this.upAgain()
  }
  upAgain(chip: 'gpu' | 'cpu' = 'gpu'): this {
    const backend = chip === 'gpu' ? 'webgpu' : 'cpu'
    this.hear({ type: 'ready', chips: { A: { ...CHIP, backend } }, layerNames: {}, parameterCount: {}, step: 0 })
    return this.hear({ type: 'state', state: 'running', step: 1 })
  }
  checkpoint(step: number): this {
    return this.hear({ type: 'checkpointed', checkpoint: checkpointAt(step), duration: 1, bytes: 1 })
  }
  ticks(count: number): this {
    for (let i = 0; i < count; i++) this.feed({ type: 'tick', at: this.at })
    return this
  }
  effectTypes(): string[] {
    return this.effects.map((effect) => (effect.type === 'send' ? `send ${effect.command.type}` : effect.type))
  }
  /** The start command among the last effects. */
  sentStart() {
    const found = this.effects.find((effect) => effect.type === 'send' && effect.command.type === 'start')
    if (found?.type !== 'send' || found.command.type !== 'start') throw new Error('no start was sent')
    return found.command
  }
}

const checkpointAt = (step: number): RunCheckpoint => ({ step, experiment: DEFAULT_MLP, payload: `state at ${step}` })

describe('supervise', () => {
  test('spawns a Worker for the first start and sends the run when it greets', () => {
    const bench = new Bench().start()
    expect(bench.effectTypes()).toEqual(['spawn'])
    expect(bench.state.phase).toBe('probing')
    bench.hello()
    expect(bench.effectTypes()).toEqual(['adopt', 'send start'])
    expect(bench.sentStart()).toMatchObject({ autorun: true, checkpoint: null, allowGpu: true })
  })

  test('keeps the Worker for the next start and gives the run a number of its own', () => {
    const bench = new Bench().running()
    const { runId } = bench.state.address
    bench.start(false)
    expect(bench.effectTypes()).toEqual(['adopt', 'send start'])
    expect(bench.state.address).toEqual({ runId: runId + 1, epoch: 0 })
  })

  test('sends only the last of several starts to a Worker that has not greeted yet', () => {
    const bench = new Bench().start(true, DEFAULT_EXPERIMENT).start(false)
    expect(bench.effects).toEqual([])
    bench.hello()
    expect(bench.sentStart()).toMatchObject({ experiment: DEFAULT_MLP, autorun: false })
  })

  test('follows the run through ready, running, paused and finished', () => {
    const bench = new Bench().start(false).hello()
    bench.hear({ type: 'state', state: 'paused', step: 0 })
    expect(bench.state.phase).toBe('ready')
    bench.feed({ type: 'command', command: { type: 'run' } })
    expect(bench.effectTypes()).toEqual(['send run'])
    for (const state of ['running', 'paused', 'finished'] as const)
      expect(bench.hear({ type: 'state', state, step: 9 }).state.phase).toBe(state)
  })

  test('ignores what an older run or epoch still says', () => {
    const bench = new Bench().running()
    const before = bench.state
    bench.hear({ type: 'fault', fault: LOST }, { runId: before.address.runId - 1, epoch: 0 })
    bench.hear({ type: 'state', state: 'finished', step: 3 }, { runId: before.address.runId, epoch: 7 })
    expect(bench.state).toEqual(before)
    expect(bench.effects).toEqual([])
  })

  test.each([
    ['lost', LOST],
    ['poisoned', POISONED],
    ['failed', FAILED],
  ] as const)('spawns another Worker at once when the run is %s, and puts the newest checkpoint back', (phase, fault) => {
    const bench = new Bench().running().checkpoint(10).checkpoint(20).checkpoint(30)
    expect(bench.state.checkpoints.map(({ step }) => step)).toEqual([30, 20])
    const { epoch } = bench.state.address
    bench.fault(fault)
    expect(bench.state.phase).toBe(phase)
    expect(bench.effectTypes()).toEqual(['terminate', 'spawn', 'tell'])
    expect(bench.state.address.epoch).toBe(epoch + 1)
    bench.hello()
    expect(bench.state.phase).toBe('recovering')
    expect(bench.sentStart()).toMatchObject({ checkpoint: { step: 30 }, autorun: true, allowGpu: true })
    expect(bench.upAgain().state).toMatchObject({ phase: 'running', fault: null })
  })

  test('starts again at step 0 when nothing was kept yet', () => {
    const bench = new Bench().running().fault(LOST).hello()
    expect(bench.sentStart().checkpoint).toBeNull()
  })

  test('recovers a device that is lost while the run is built, and leaves the GPU when that happens again', () => {
    const bench = new Bench().start().hello().fault(LOST)
    expect(bench.state).toMatchObject({ phase: 'lost', wanted: 'run' })
    bench.hello().fault(LOST).hello()
    expect(bench.sentStart()).toMatchObject({ allowGpu: false, autorun: true, checkpoint: null })
    expect(bench.upAgain('cpu').state.phase).toBe('running')
  })

  test('goes on without the GPU after the second loss within two minutes, and says so', () => {
    const bench = new Bench().running().checkpoint(10).fault(LOST).hello().upAgain()
    bench.at = INCIDENT_WINDOW_MS - 1
    bench.fault(LOST)
    expect(bench.effects).toContainEqual({ type: 'tell', notice: { type: 'onCpu', kind: 'lost' } })
    bench.hello()
    expect(bench.sentStart()).toMatchObject({ allowGpu: false, checkpoint: { step: 10 } })
    bench.upAgain('cpu').start()
    expect(bench.sentStart().allowGpu).toBe(false)
  })

  test('forgets a loss after two minutes', () => {
    const bench = new Bench().running().fault(LOST).hello().upAgain()
    bench.at = INCIDENT_WINDOW_MS
    bench.fault(LOST).hello()
    expect(bench.sentStart().allowGpu).toBe(true)
  })

  test('takes the older checkpoint when the newest fails as soon as it is restored', () => {
    const bench = new Bench().running().checkpoint(10).checkpoint(20).fault(POISONED).hello().fault(POISONED).hello()
    expect(bench.sentStart().checkpoint?.step).toBe(10)
  })

  test('stops after the third incident, keeps the experiment and offers a retry', () => {
    const bench = new Bench().running().checkpoint(10).fault(LOST).hello().upAgain().fault(LOST).hello().upAgain('cpu').fault(FAILED)
    expect(bench.state).toMatchObject({ phase: 'stopped', experiment: DEFAULT_MLP, fault: FAILED })
    expect(bench.effectTypes()).toEqual(['terminate', 'tell'])
    bench.feed({ type: 'retry' })
    expect(bench.effectTypes()).toEqual(['spawn'])
    expect(bench.hello().sentStart().checkpoint?.step).toBe(10)
  })

  test('stops a chain after its second failure: there is no GPU to leave', () => {
    const bench = new Bench().start(true, DEFAULT_EXPERIMENT).hello().upAgain('cpu').fault(FAILED).hello().upAgain('cpu').fault(FAILED)
    expect(bench.state.phase).toBe('stopped')
  })

  test('says that the script could not be loaded when the Worker never greets', () => {
    const bench = new Bench().start()
    bench.feed({ type: 'broken', detail: 'not found', at: 0 })
    expect(bench.effectTypes()).toEqual(['terminate', 'spawn', 'tell'])
    bench.feed({ type: 'broken', detail: 'not found', at: 1 })
    expect(bench.state.phase).toBe('stopped')
    expect(bench.state.fault?.detail).toMatch(/could not be loaded: not found.*Reload/)
  })

  test('gives up a Worker that neither greets nor fails, after the handshake ticks', () => {
    const bench = new Bench().start().ticks(HUNG_TICKS - 1)
    expect(bench.state.phase).toBe('probing')
    bench.ticks(1)
    expect(bench.state).toMatchObject({ phase: 'failed', worker: 'spawned' })
  })

  test('ends a Worker that is silent for the hung ticks while it runs', () => {
    const bench = new Bench()
      .running()
      .checkpoint(10)
      .ticks(HUNG_TICKS - 1)
    expect(bench.state.phase).toBe('running')
    bench.ticks(1)
    expect(bench.state.phase).toBe('hung')
    expect(bench.effectTypes()).toEqual(['terminate', 'spawn', 'tell'])
    expect(bench.hello().sentStart().checkpoint?.step).toBe(10)
  })

  test('takes any message as a sign of life', () => {
    const bench = new Bench().running()
    for (let i = 0; i < 5; i++) bench.ticks(HUNG_TICKS - 1).hear({ type: 'heartbeat', step: i })
    expect(bench.state.phase).toBe('running')
  })

  test('counts ticks and not time: an hour of sleep is one tick', () => {
    const bench = new Bench().running()
    bench.feed({ type: 'tick', at: 3_600_000 })
    expect(bench.state.phase).toBe('running')
  })

  test('lets a paused run be silent for ever, but not one that owes a step or a measurement', () => {
    const bench = new Bench()
      .running()
      .hear({ type: 'state', state: 'paused', step: 5 })
      .ticks(10 * HUNG_TICKS)
    expect(bench.state.phase).toBe('paused')
    bench.feed({ type: 'command', command: { type: 'measureNow', instrument: 'hessian' } }).ticks(HUNG_TICKS)
    expect(bench.state.phase).toBe('hung')
  })

  test('keeps what the user wants through a recovery', () => {
    const bench = new Bench().running().fault(LOST)
    bench.feed({ type: 'command', command: { type: 'pause' } })
    expect(bench.effects).toEqual([])
    expect(bench.hello().sentStart().autorun).toBe(false)
  })

  test('refuses what does not fit before any Worker hears of it, and ends the run before it', () => {
    const huge = { ...DEFAULT_MLP, model: { ...DEFAULT_MLP.model, depth: 2000, width: 1024 } }
    expect(new Bench().start(true, huge)).toMatchObject({ effects: [], state: { phase: 'refused', fault: { type: 'refused' } } })
    const bench = new Bench().running().start(true, huge)
    expect(bench.effectTypes()).toEqual(['send close', 'adopt'])
  })

  test('leaves a diverged run standing and can stand ten steps before it', () => {
    const bench = new Bench().running().checkpoint(40).checkpoint(50).fault(DIVERGED).hear({ type: 'state', state: 'diverged', step: 60 })
    expect(bench.state).toMatchObject({ phase: 'diverged', fault: DIVERGED })
    bench.feed({ type: 'rewind', steps: 10 })
    expect(bench.sentStart()).toMatchObject({ checkpoint: { step: 40 }, autorun: false })
    bench.hear({ type: 'state', state: 'paused', step: 40 })
    expect(bench.effects).toEqual([{ type: 'send', command: { type: 'step', count: 7 } }])
  })

  test('builds the run again without a GPU when the Worker finds none', () => {
    const bench = new Bench().running().fault({ type: 'noWebGpu', detail: '' })
    expect(bench.effectTypes()).toEqual(['adopt', 'send start'])
    expect(bench.sentStart().allowGpu).toBe(false)
  })

  test.each(['dataMissing', 'dataCorrupt'] as const)('stops with the file named when data are %s, and tries again on request', (type) => {
    const fault: Fault = { type, detail: 'Shard 3 is not there.', file: 'data/3.bin' }
    const bench = new Bench().start().hello().fault(fault)
    expect(bench.state).toMatchObject({ phase: 'stopped', fault })
    bench.feed({ type: 'retry' })
    expect(bench.effectTypes()).toEqual(['adopt', 'send start'])
    expect(bench.state).toMatchObject({ phase: 'recovering', fault: null })
  })

  test('remembers changes of the optimizer and of the schedule for the next Worker', () => {
    const optimizer = { ...DEFAULT_MLP.optimizer, lr: 0.02 }
    const bench = new Bench().running().hear({ type: 'optimizerChanged', arm: 'A', step: 12, optimizer })
    const { every } = DEFAULT_MLP.diagnostics
    bench.feed({ type: 'command', command: { type: 'schedule', every, budget: 0.3, normsOf: 'step' } })
    bench.feed({ type: 'command', command: { type: 'schedule', every: { ...every, hessian: 0 }, budget: 0.2 } })
    bench.fault(LOST).hello()
    const { experiment } = bench.sentStart()
    expect(experiment.changes).toEqual([{ arm: 'A', step: 12, optimizer }])
    expect(experiment.diagnostics).toMatchObject({ budget: 0.2, normsOf: 'step', every: { hessian: 0 } })
  })

  test('ends everything on close and hears nothing afterwards', () => {
    const bench = new Bench().running().feed({ type: 'close' })
    expect(bench.effectTypes()).toEqual(['terminate'])
    const closed = bench.state
    expect(bench.hello().state).toEqual(closed)
  })
})
