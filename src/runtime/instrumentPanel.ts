// Which instruments measure now, and what did they cost?
//
// Both arms are always measured at the same steps, so that a comparison never compares two different moments: a measurement
// that is cut short shows neither. What somebody who pressed Run did not wait for is owed, and measured while training goes on.
// Gradient norms of a batch come out of the step that it trains: those due at a step are taken with the chunk that follows, and
// by a pass of their own only where no step follows for now.
import type { DiagnosticsSettings, Experiment } from '../core/experiment.ts'
import { DomainFault } from '../core/faults.ts'
import type { Sample } from '../core/sample.ts'
import type { Milliseconds, Step } from '../core/units.ts'
import { CATALOGUE, MEASURED_INSTRUMENTS, type MeasuredInstrument } from '../diagnostics/catalogue.ts'
import { probeSetSize, unavailable, type Effort, type Instrument, type InstrumentContext } from '../diagnostics/instrument.ts'
import type { Arm } from './arm.ts'
import { armFacts } from './armFacts.ts'
import type { RunHost } from './runHost.ts'
import { isDue, nextDue } from './schedule.ts'
import type { ArmNorms } from './trainArms.ts'
import { createTimeBudget } from './timeBudget.ts'

/** How long a live measurement may hold up a run that is waited for, as far as it can answer with less. */
const PATIENCE_MS: Milliseconds = 200

/** What the panel needs of the run beside the host. */
export interface PanelLink {
  push(sample: Sample): void
  /** Lets commands in, shows life; throws when the run is closed. */
  breathe(): Promise<void>
  progress(done: number, total: number, label: string, demand?: MeasuredInstrument): void
  /** Somebody waits for the run to go on. */
  isAwaited(): boolean
  /** Duration of one step of an arm, for the cost ratio; NaN before the first. */
  stepDuration(arm: Arm): Milliseconds
  readonly signal: AbortSignal
}

export interface InstrumentPanel {
  /** Every instrument that is switched on, the expensive ones unless the run is waited for; those switched off say so. From `cut` on the rest is owed. */
  measureAll(step: Step, cut: AbortSignal): Promise<void>
  /**
   * What the schedule wants at this step, as far as the time budget allows, and one of those owed.
   *
   * @param isLast no step follows that could tell its norms.
   */
  measureDue(step: Step, isLast?: boolean): Promise<void>
  /** The chunk that begins at this step should tell the norms of its first batch. */
  wantsNorms(step: Step): boolean
  /** Does not wait for that chunk any longer: a pass measures what it would have told. */
  measureAwaitedNorms(step: Step): Promise<void>
  /** Takes the norms that were wanted, in the order of the arms. */
  takeNorms(step: Step, told: readonly (ArmNorms | undefined)[]): Promise<void>
  /** Whole. @throws the reason of `cancelled` as soon as that is aborted; then no number of it was sent. */
  measureNow(name: MeasuredInstrument, step: Step, cancelled: AbortSignal): Promise<void>
  /** Some instrument that is switched on was cut out of its picture. */
  owes(): boolean
  /** Everything that is owed, while the run rests. */
  measureOwed(step: Step, cut: AbortSignal): Promise<void>
  /** The first step after this one at which something is due. */
  nextDueAfter(step: Step): Step
  setSchedule(every: DiagnosticsSettings['every'], budget: number, normsOf: DiagnosticsSettings['normsOf']): void
  /** Time of the run that was not spent on measuring. */
  earn(duration: Milliseconds): void
}

/** The instruments of one run, freshly created. */
export function createInstrumentPanel(experiment: Experiment, arms: readonly Arm[], host: RunHost, link: PanelLink): InstrumentPanel {
  const budget = createTimeBudget<MeasuredInstrument>(experiment.diagnostics.budget)
  let { every, normsOf } = experiment.diagnostics
  const instruments = new Map(arms.map((arm) => [arm, createdInstruments()]))
  const lastStep = new Map<MeasuredInstrument, Step>()
  const skipped = new Map<MeasuredInstrument, number>()
  const owed = new Set<MeasuredInstrument>()
  const toldCosts = new Map<Arm, Milliseconds>()
  /** Time that training has before the next of those owed: as long as the last one took. */
  let untilNextOwed: Milliseconds = 0

  /** True where the step tells what is wanted: its batch's norms, or the probe set's where the two are the same samples in the same order. */
  const isToldByStep = (): boolean => normsOf === 'step' || arms.every(trainsOnProbeSet)
  const { step: begin } = arms[0].trainer
  /** The step whose gradient norms the next chunk will tell; a restored run may have been waiting for them. */
  let awaitedNorms: Step | null = begin > 0 && isToldByStep() && isDue(begin, every.gradientNorms) ? begin : null

  const measure = async (
    name: MeasuredInstrument,
    step: Step,
    effort: Effort,
    stop: AbortSignal,
    told: readonly (ArmNorms | undefined)[] = [],
  ): Promise<Milliseconds> => {
    const start = host.now()
    // What a person asked for in the middle of a run is measured whole; at rest until the run is wanted again.
    const isPatient = effort === 'full' && link.isAwaited()
    const left = skipped.get(name)
    const found: Sample[] = []
    for (const [index, arm] of arms.entries()) {
      const begun = host.now()
      const isAwaited = (): boolean => !isPatient && host.now() - begun > PATIENCE_MS && link.isAwaited()
      const demand = effort === 'full' ? name : undefined
      const ofBatch = name === 'gradientNorms' && normsOf === 'step' ? { batch: arm.order.batchAt(step) } : {}
      const own = told[index]
      const ofStep = own === undefined ? {} : { stepNorms: own.layerNorms }
      const context: InstrumentContext = { ...contextOf(arm, step, stop, demand), isAwaited, ...ofBatch, ...ofStep }
      found.push(await answered(name, context, instruments.get(arm)![name]))
      stop.throwIfAborted()
      const took = host.now() - begun
      const duration = own === undefined ? took : usualToldCost(arm, took + own.duration)
      // A pass at rest is not what the schedule costs.
      if (step > 0 && name === 'gradientNorms' && own === undefined && isToldByStep()) continue
      found.push({
        type: 'cost',
        arm: arm.name,
        step,
        instrument: name,
        duration,
        stepRatio: duration / link.stepDuration(arm),
        ...(left === undefined ? {} : { skipped: left }),
      })
    }
    for (const sample of found) link.push(sample)
    lastStep.set(name, step)
    if (name === 'gradientNorms') awaitedNorms = null
    skipped.delete(name)
    owed.delete(name)
    await link.breathe()
    return host.now() - start + told.reduce((sum, own) => sum + (own?.duration ?? 0), 0)
  }

  /** Less than a tick of a browser's clock, so only a mean over many tells it. */
  const usualToldCost = (arm: Arm, cost: Milliseconds): Milliseconds => {
    const usual = (toldCosts.get(arm) ?? cost) * 0.9 + cost * 0.1
    toldCosts.set(arm, usual)
    return usual
  }

  /** Everything that the instrument waits for ends when `stop` is aborted. */
  const contextOf = (arm: Arm, step: Step, stop: AbortSignal, demand: MeasuredInstrument | undefined): InstrumentContext => ({
    ...armFacts(experiment, arm, step),
    effort: demand === undefined ? 'live' : 'full',
    ...(arm.spec.linearised === true ? { network: arms[0].probes[0] } : {}),
    eigenvalues(matrix, n) {
      if (demand !== undefined) link.progress(0, 0, `Eigenvalues of ${n} × ${n} entries`, demand)
      return host.eigenvalues(matrix, n, stop)
    },
    async breathe() {
      stop.throwIfAborted()
      await link.breathe()
      stop.throwIfAborted()
    },
    progress: (done, total, label) => link.progress(done, total, label, demand),
    signal: stop,
  })

  /** Measures, unless training is wanted more: then it is owed. */
  const measureOrOwe = async (name: MeasuredInstrument, step: Step, cut: AbortSignal): Promise<void> => {
    owed.add(name)
    // What costs most comes once training goes on.
    if (cut.aborted || (CATALOGUE[name].tier === 'expensive' && link.isAwaited())) return
    try {
      await measure(name, step, 'live', AbortSignal.any([link.signal, cut]))
    } catch (error) {
      if (link.signal.aborted || !cut.aborted || error !== cut.reason) throw error
    }
  }

  return {
    async measureAll(step, cut) {
      for (const name of MEASURED_INSTRUMENTS) {
        if (every[name] > 0) await measureOrOwe(name, step, cut)
        else for (const arm of arms) link.push(unavailable({ arm: arm.name, step }, name, 'switchedOff'))
      }
    },
    owes: () => awaitedNorms !== null || [...owed].some((name) => every[name] > 0),
    async measureOwed(step, cut) {
      // The run rests before the step that should have told them.
      if (awaitedNorms !== null) owed.add('gradientNorms')
      awaitedNorms = null
      for (const name of owed) if (every[name] > 0) await measureOrOwe(name, step, cut)
    },
    wantsNorms: (step) => awaitedNorms === step,
    async measureAwaitedNorms(step) {
      if (awaitedNorms === step) budget.spend('gradientNorms', await measure('gradientNorms', step, 'live', link.signal))
    },
    async takeNorms(step, told) {
      if (told.every((own) => own !== undefined))
        budget.spend('gradientNorms', await measure('gradientNorms', step, 'live', link.signal, told))
    },
    async measureDue(step, isLast = false) {
      const due = MEASURED_INSTRUMENTS.filter((name) => isDue(step, every[name]) && lastStep.get(name) !== step && !owed.has(name))
      // Whoever has waited longest goes first; the catalogue's order decides between equals.
      due.sort((a, b) => (lastStep.get(a) ?? -1) - (lastStep.get(b) ?? -1))
      for (const name of due) {
        if (name === 'gradientNorms' && !isLast && isToldByStep() && budget.mayMeasure(name)) awaitedNorms = step
        else if (budget.mayMeasure(name)) budget.spend(name, await measure(name, step, 'live', link.signal))
        else skipped.set(name, (skipped.get(name) ?? 0) + 1)
      }
      const next = [...owed].find((name) => every[name] > 0 && budget.mayMeasure(name))
      if (next === undefined || untilNextOwed > 0) return
      untilNextOwed = await measure(next, step, 'live', link.signal)
      budget.spend(next, untilNextOwed)
    },
    async measureNow(name, step, cancelled) {
      await measure(name, step, 'full', AbortSignal.any([link.signal, cancelled]))
    },
    nextDueAfter: (step) => Math.min(...MEASURED_INSTRUMENTS.map((name) => nextDue(step, every[name]))),
    setSchedule(next, share, of) {
      every = next
      budget.setShare(share)
      if (of === normsOf) return
      normsOf = of
      // The picture follows at once.
      owed.add('gradientNorms')
      awaitedNorms = null
    },
    earn(duration) {
      untilNextOwed -= duration
      budget.earn(
        duration,
        MEASURED_INSTRUMENTS.filter((name) => every[name] > 0),
      )
    },
  }
}

/** The full batch comes in natural order, and so does the probe set. */
function trainsOnProbeSet({ order, dataset, experiment }: Arm): boolean {
  const trainCount = dataset.train.count
  return order.batchSize === trainCount && probeSetSize({ settings: experiment.diagnostics, trainCount }) === trainCount
}

function createdInstruments(): Readonly<Record<MeasuredInstrument, Instrument>> {
  const entries = MEASURED_INSTRUMENTS.map((name) => [name, CATALOGUE[name].create()] as const)
  return Object.fromEntries(entries) as Record<MeasuredInstrument, Instrument>
}

async function answered(name: MeasuredInstrument, context: InstrumentContext, instrument: Instrument): Promise<Sample> {
  try {
    return await instrument(context)
  } catch (error) {
    // The formula's own bounds, such as a product that is not finite; everything else is a fault of the run.
    if (error instanceof DomainFault) return unavailable(context, name, 'nonFinite')
    throw error
  }
}
