// How does an experiment become a stream of samples?
//
// One loop: look at the commands, train a chunk of at most 50 ms in every arm, measure what is due, send what the page
// can take. Commands are served between chunks only, so a command, a checkpoint or a measurement always meets all
// arms at the same step.
import type { Experiment } from '../core/experiment.ts'
import { withOptimizerChange } from '../core/optimizerChanges.ts'
import type { Milliseconds, Step } from '../core/units.ts'
import { MEASURED_INSTRUMENTS } from '../diagnostics/catalogue.ts'
import type { Command, Demand, Request } from '../protocol/messages.ts'
import { engineWish, hasDiverged, type Arm } from './arm.ts'
import type { Attention } from './problem/attention.ts'
import type { CreateTrainer } from './problem/measureProblem.ts'
import { createCheckpoints, takeCheckpoint, type Checkpoints } from './checkpoint.ts'
import { createDemands, type Demands } from './demands.ts'
import { divergenceFault } from './divergedLayer.ts'
import { faultOf, isAbort } from './faultOf.ts'
import { createInstrumentPanel, type InstrumentPanel } from './instrumentPanel.ts'
import { createLongStep, type LongStep } from './longStep.ts'
import { openArms } from './openArms.ts'
import { createPacing } from './pacing.ts'
import { withPatience } from './picturePatience.ts'
import { createPublisher, type Publisher } from './publisher.ts'
import { readyMessage } from './readyMessage.ts'
import { createRunControl, wantedSteps, type Order, type RunControl, type RunMode } from './runControl.ts'
import { createReplies, TAKEN_BACK, type Answer, type Replies } from './replies.ts'
import type { RunHost } from './runHost.ts'
import { assembleSnapshot } from './snapshot.ts'
import { applyChanges, nextChangeAfter, trainArms } from './trainArms.ts'

/** Longest time without letting commands in. */
const BREATH_MS: Milliseconds = 8
/** Between two steps that are further apart than this there is time for a pass. */
const WATCHED_MS: Milliseconds = 100
/** Longest wait without a word to the page. */
const REST_MS: Milliseconds = 200

export type StartCommand = Extract<Command, { type: 'start' }>

/** One experiment from its data to its last sample; begins at once and never throws: faults are streamed. */
export class Run {
  /** Resolves when the run was closed, or stopped by a fault, and everything is disposed. */
  readonly ended: Promise<void>
  private readonly start: StartCommand
  private readonly host: RunHost
  private readonly replies: Replies
  private readonly control: RunControl
  private readonly publisher: Publisher
  private readonly pacing = createPacing()
  private readonly stepDurations = new Map<Arm, Milliseconds>()
  private experiment: Experiment
  private arms: readonly Arm[] = []
  private step: Step = 0
  private announced: RunMode | null = null
  private lastBreath: Milliseconds = -Infinity
  private stopped = false
  private readonly demands: Demands
  private readonly checkpoints: Checkpoints
  private readonly longStep: LongStep

  constructor(start: StartCommand, host: RunHost, answer: (answer: Answer) => void) {
    this.start = start
    this.host = host
    this.replies = createReplies(answer)
    this.control = createRunControl(start.pace)
    this.publisher = createPublisher(host)
    this.demands = createDemands(this.control, this.publisher, (order) => this.replies.refuse(order, TAKEN_BACK))
    this.checkpoints = createCheckpoints(host, this.publisher, async () => await takeCheckpoint(this.experiment, this.step, this.arms))
    this.longStep = createLongStep(
      this.control,
      this.publisher,
      host,
      () => this.breathe(),
      () => this.announce(),
    )
    this.experiment = start.experiment
    this.ended = this.live()
  }

  /** Takes every message that is addressed to this run. */
  receive(message: Exclude<Command, { type: 'start' }> | Request): void {
    if (message.type === 'ack') {
      this.publisher.acknowledge(message.sequence)
      this.publisher.flush(this.step)
      this.control.wake()
    } else if (message.type === 'cancel') this.demands.takeBack(message.demand)
    else if (this.stopped && (message.type === 'checkpoint' || message.type === 'snapshot')) this.replies.refuse(message)
    else this.control.receive(message)
  }

  private async live(): Promise<void> {
    const { signal } = this.control.closed
    try {
      const panel = await this.open()
      while (!signal.aborted) await this.turn(panel)
    } catch (error) {
      // A measurement that was cut short by closing is no fault.
      if (!signal.aborted && !isAbort(error)) this.publisher.post({ type: 'fault', fault: faultOf(error) })
    } finally {
      this.stopped = true
      for (const order of this.control.orders) this.replies.refuse(order)
      for (const arm of this.arms) await arm.trainer.dispose().catch(() => undefined)
    }
  }

  /** Data, arms, the checkpoint or the picture of step 0. */
  private async open(): Promise<InstrumentPanel> {
    const { publisher, control, host } = this
    const { signal } = control.closed
    const { checkpoint, autorun } = this.start
    await openArms(this.experiment, this.start, host, publisher, signal, (arm) => (this.arms = [...this.arms, arm]))
    if (checkpoint !== null) this.step = checkpoint.step
    const panel = createInstrumentPanel(this.experiment, this.arms, host, {
      push: (sample) => publisher.push(sample),
      breathe: () => this.breathe(),
      progress: (done, total, what, demand) => this.tellProgress(done, total, what, demand),
      isAwaited: () => this.isAwaited(),
      stepDuration: (arm) => this.stepDurations.get(arm) ?? NaN,
      signal,
    })
    publisher.post(readyMessage(this.experiment, this.arms, this.step, checkpoint !== null))
    this.checkpoints.begin()
    if (checkpoint === null) await this.picture((cut) => panel.measureAll(this.step, cut))
    if (autorun && control.mode === 'paused') control.mode = 'running'
    if (this.step >= this.experiment.steps) control.mode = 'finished'
    this.announce()
    return panel
  }

  /** One look at the commands and, when wanted, one chunk of training. */
  private async turn(panel: InstrumentPanel): Promise<void> {
    const { control, publisher, host } = this
    const order = control.orders.shift()
    if (order !== undefined) return await this.serve(order, panel)
    // Samples first: whoever hears `finished` has heard everything before it, unless the page is slow.
    publisher.flush(this.step)
    this.announce()
    const wanted = wantedSteps(control, this.step, this.experiment.steps)
    if (wanted === 0) {
      this.pacing.rest()
      if (control.mode === 'paused') await this.checkpoints.takeIfMoved(this.step)
      if (control.mode !== 'diverged' && panel.owes()) return await this.picture((cut) => panel.measureOwed(this.step, cut))
      // No await between the look and the wait: a command in between would be slept through.
      if (control.orders.length === 0 && wantedSteps(control, this.step, this.experiment.steps) === 0 && !control.closed.signal.aborted) {
        await control.changed()
      }
      return
    }
    const now = host.now()
    if (publisher.isFull()) return await this.rest(REST_MS)
    const allowed = this.pacing.allowance(now, this.step, control.mode === 'running' ? control.pace : null)
    if (allowed.steps === 0) {
      // Where steps are slow enough to be watched, no picture waits for the next one.
      if (allowed.wait > WATCHED_MS) await panel.measureAwaitedNorms(this.step)
      await this.rest(Math.min(allowed.wait, REST_MS))
      panel.earn(host.now() - now)
      return
    }
    await this.advance(panel, Math.min(wanted, allowed.steps))
  }

  /** Waits a little, or until something is commanded; the page hears that the run lives. */
  private async rest(duration: Milliseconds): Promise<void> {
    this.publisher.heartbeat(this.step)
    await Promise.race([this.host.wait(duration), this.control.changed()])
  }

  /** Trains up to `most` steps, as far as nothing else is due in between. */
  private async advance(panel: InstrumentPanel, most: number): Promise<void> {
    const { control, publisher, arms, longStep } = this
    const turnStart = longStep.now()
    const events = Math.min(panel.nextDueAfter(this.step), nextChangeAfter(this.experiment, this.step))
    const count = Math.max(1, Math.min(most, events - this.step, ...arms.map(({ trainer }) => trainer.suggestedChunk)))
    for (const change of applyChanges(this.experiment, arms, this.step)) publisher.post({ type: 'optimizerChanged', ...change })
    const layerNorms = panel.wantsNorms(this.step)
    longStep.begin(this.step)
    const report = await trainArms(arms, this.step, count, longStep.now, { layerNorms, between: longStep.between })
    const begun = this.step
    this.step += count
    panel.earn(longStep.now() - turnStart)
    report.stepDurations.forEach((duration, i) =>
      this.stepDurations.set(arms[i], (this.stepDurations.get(arms[i]) ?? duration) * 0.8 + duration * 0.2),
    )
    for (const sample of report.losses) publisher.push(sample)
    if (layerNorms) await panel.takeNorms(begun, report.norms)
    for (const met of report.diverged) publisher.post({ type: 'seedDiverged', ...met })
    if (control.mode === 'paused') control.pendingSteps = Math.max(0, control.pendingSteps - count)
    await this.afterChunk(panel)
    const stepDuration = [...this.stepDurations.values()].reduce((sum, duration) => sum + duration, 0)
    publisher.countSteps(count, longStep.now() - turnStart, stepDuration)
    await this.breathe()
  }

  private async afterChunk(panel: InstrumentPanel): Promise<void> {
    const { control, publisher } = this
    const lost = this.arms.find(hasDiverged)
    if (lost !== undefined) {
      control.mode = 'diverged'
      control.pendingSteps = 0
      publisher.post({ type: 'fault', fault: await divergenceFault(lost) })
    } else if (this.step >= this.experiment.steps) {
      control.mode = 'finished'
      control.pendingSteps = 0
      await panel.measureDue(this.step, true)
      if (this.experiment.diagnostics.every.evaluation > 0) {
        await this.demands.attempt('evaluation', async (stop) => await panel.measureNow('evaluation', this.step, stop))
      }
    } else if (control.mode === 'paused' && control.pendingSteps === 0) {
      // Somebody steps by hand and looks: everything moves with the step.
      await this.picture((cut) => panel.measureAll(this.step, cut))
      this.announced = null
    } else {
      await panel.measureDue(this.step)
      await this.checkpoints.takeIfDue()
    }
  }

  private async serve(order: Order, panel: InstrumentPanel): Promise<void> {
    switch (order.type) {
      case 'optimizer': {
        if (!this.arms.some(({ name }) => name === order.arm)) return
        this.experiment = withOptimizerChange(this.experiment, { step: this.step, arm: order.arm, optimizer: order.optimizer })
        this.publisher.post({ type: 'optimizerChanged', arm: order.arm, step: this.step, optimizer: order.optimizer })
        return
      }
      case 'schedule': {
        const { every, budget, normsOf = this.experiment.diagnostics.normsOf } = order
        this.experiment = { ...this.experiment, diagnostics: { ...this.experiment.diagnostics, every, budget, normsOf } }
        panel.setSchedule(every, budget, normsOf)
        return
      }
      case 'measureNow': {
        const name = MEASURED_INSTRUMENTS.find((instrument) => instrument === order.instrument)
        if (name === undefined) return
        await this.demands.attempt(name, async (stop) => await panel.measureNow(name, this.step, stop))
        return
      }
      case 'checkpoint':
        return await this.replies.respond(order, async () => await takeCheckpoint(this.experiment, this.step, this.arms))
      case 'snapshot':
        return await this.replies.respond(
          order,
          async () => await this.demands.answer('snapshot', async (stop) => await this.snapshot(order, stop)),
        )
      default:
        order satisfies never
    }
  }

  private async picture(measure: (cut: AbortSignal) => Promise<void>): Promise<void> {
    await withPatience(measure, () => this.isAwaited(), this.control, this.host)
  }

  private tellProgress(done: number, total: number, label: string, demand: Demand | undefined): void {
    this.publisher.post({ type: 'progress', what: 'measuring', done, total, label, ...(demand === undefined ? {} : { demand }) })
  }

  private async snapshot(asked: Extract<Request, { type: 'snapshot' }>, stop: AbortSignal): Promise<unknown> {
    const arm = this.arms.find((candidate) => candidate.name === asked.arm) ?? this.arms[0]
    const createTrainer: CreateTrainer = (options, modelKind) =>
      this.host.createTrainer({ ...options, modelKind, engine: engineWish(arm.trainer), allowGpu: this.start.allowGpu })
    const attention: Attention = {
      signal: stop,
      progress: (done, total, label) => this.tellProgress(done, total, label, 'snapshot'),
      breathe: () => this.breathe(),
      eigenvalues: (matrix, n) => this.host.eigenvalues(matrix, n, stop),
    }
    const { seedIndex } = asked
    const snapshot = await assembleSnapshot({ experiment: this.experiment, arm, seedIndex, step: this.step, createTrainer, attention })
    return this.host.asFile?.(snapshot) ?? snapshot
  }

  /** Before the first step `autorun` has not become a mode yet. */
  private isAwaited(): boolean {
    const { control, host, start, step, experiment } = this
    if (host.isWatched !== true) return false
    const isAsked = control.orders.some(({ type }) => type === 'measureNow')
    return (start.autorun && step === 0) || isAsked || wantedSteps(control, step, experiment.steps) > 0
  }

  private announce(): void {
    const { mode } = this.control
    if (mode === this.announced) return
    this.announced = mode
    this.publisher.post({ type: 'state', state: mode, step: this.step })
  }

  private async breathe(): Promise<void> {
    const { signal } = this.control.closed
    signal.throwIfAborted()
    if (this.host.now() - this.lastBreath < BREATH_MS) return
    this.publisher.heartbeat(this.step)
    this.publisher.flush(this.step)
    await this.host.wait(0)
    this.lastBreath = this.host.now()
    signal.throwIfAborted()
  }
}
