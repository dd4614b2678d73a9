// Which instruments measure now, and what did they cost?
//
// Both arms are always measured at the same steps, so that a comparison never compares two different moments. An
// instrument that cannot answer gives an `unavailable` sample; it never stops training.
import type { DiagnosticsSettings, Experiment } from '../core/experiment.ts'
import { DomainFault } from '../core/faults.ts'
import { resolveEps } from '../core/resolve.ts'
import type { Sample } from '../core/sample.ts'
import type { Milliseconds, Step } from '../core/units.ts'
import { CATALOGUE, MEASURED_INSTRUMENTS, type MeasuredInstrument } from '../diagnostics/catalogue.ts'
import { unavailable, type Effort, type Instrument, type InstrumentContext } from '../diagnostics/instrument.ts'
import { optimizerAt, type Arm } from './arm.ts'
import type { RunHost } from './runHost.ts'
import { isDue, nextDue } from './schedule.ts'
import { createTimeBudget } from './timeBudget.ts'

/** How long a live measurement may hold up a run that is waited for, as far as it can answer with less. */
const PATIENCE_MS: Milliseconds = 200

/** What the panel needs of the run beside the host. */
export interface PanelLink {
  push(sample: Sample): void
  /** Lets commands in, shows life; throws when the run is closed. */
  breathe(): Promise<void>
  progress(done: number, total: number, label: string): void
  /** Somebody waits for the run to go on. */
  isAwaited(): boolean
  /** Duration of one step of an arm, for the cost ratio; NaN before the first. */
  stepDuration(arm: Arm): Milliseconds
  readonly signal: AbortSignal
}

export interface InstrumentPanel {
  /** Every instrument that is switched on, the expensive ones unless the run is waited for; those switched off say so. */
  measureAll(step: Step): Promise<void>
  /** What the schedule wants at this step, as far as the time budget allows. */
  measureDue(step: Step): Promise<void>
  measureNow(name: MeasuredInstrument, step: Step): Promise<void>
  /** The first step after this one at which something is due. */
  nextDueAfter(step: Step): Step
  setSchedule(every: DiagnosticsSettings['every'], budget: number): void
  contextOf(arm: Arm, step: Step, effort: Effort): InstrumentContext
  /** Time of the run that was not spent on measuring. */
  earn(duration: Milliseconds): void
}

/** The instruments of one run, freshly created. */
export function createInstrumentPanel(experiment: Experiment, arms: readonly Arm[], host: RunHost, link: PanelLink): InstrumentPanel {
  const budget = createTimeBudget<MeasuredInstrument>(experiment.diagnostics.budget)
  let every = experiment.diagnostics.every
  const instruments = new Map(arms.map((arm) => [arm, createdInstruments()]))
  const lastStep = new Map<MeasuredInstrument, Step>()
  const skipped = new Map<MeasuredInstrument, number>()

  const measure = async (name: MeasuredInstrument, step: Step, effort: Effort): Promise<Milliseconds> => {
    const start = host.now()
    // What a person asked for in the middle of a run is measured whole; at rest until the run is wanted again.
    const isPatient = effort === 'full' && link.isAwaited()
    const left = skipped.get(name)
    for (const arm of arms) {
      const before = host.now()
      const isAwaited = (): boolean => !isPatient && host.now() - before > PATIENCE_MS && link.isAwaited()
      link.push(await answered(name, { ...contextOf(arm, step, effort), isAwaited }, instruments.get(arm)![name]))
      const duration = host.now() - before
      link.push({
        type: 'cost',
        arm: arm.name,
        step,
        instrument: name,
        duration,
        stepRatio: duration / link.stepDuration(arm),
        ...(left === undefined ? {} : { skipped: left }),
      })
    }
    lastStep.set(name, step)
    skipped.delete(name)
    await link.breathe()
    return host.now() - start
  }

  const contextOf = (arm: Arm, step: Step, effort: Effort): InstrumentContext => ({
    arm: arm.name,
    step,
    seed: experiment.seed,
    settings: experiment.diagnostics,
    loss: arm.experiment.loss,
    optimizer: { ...optimizerAt(arm, step), eps: resolveEps(arm.optimizer, arm.trainer.description.engine) },
    trainCount: arm.dataset.train.count,
    testCount: arm.dataset.test.count,
    probes: arm.probes,
    effort,
    spec: arm.spec,
    train: arm.dataset.train,
    ...(arm.spec.linearised === true ? { network: arms[0].probes[0] } : {}),
    atStart: (use) => arm.atStart(use),
    eigenvalues: (matrix, n) => host.eigenvalues(matrix, n, link.signal),
    breathe: () => link.breathe(),
    progress: (done, total, label) => link.progress(done, total, label),
    signal: link.signal,
  })

  return {
    async measureAll(step) {
      for (const name of MEASURED_INSTRUMENTS) {
        // What costs most comes with its schedule once somebody waits for training.
        if (every[name] > 0 && CATALOGUE[name].tier === 'expensive' && link.isAwaited()) continue
        if (every[name] > 0) await measure(name, step, 'live')
        else for (const arm of arms) link.push(unavailable({ arm: arm.name, step }, name, 'switchedOff'))
      }
    },
    async measureDue(step) {
      const due = MEASURED_INSTRUMENTS.filter((name) => isDue(step, every[name]) && lastStep.get(name) !== step)
      // Whoever has waited longest goes first; the catalogue's order decides between equals.
      due.sort((a, b) => (lastStep.get(a) ?? -1) - (lastStep.get(b) ?? -1))
      for (const name of due) {
        if (budget.mayMeasure(name)) budget.spend(name, await measure(name, step, 'live'))
        else skipped.set(name, (skipped.get(name) ?? 0) + 1)
      }
    },
    async measureNow(name, step) {
      await measure(name, step, 'full')
    },
    nextDueAfter: (step) => Math.min(...MEASURED_INSTRUMENTS.map((name) => nextDue(step, every[name]))),
    setSchedule(next, share) {
      every = next
      budget.setShare(share)
    },
    contextOf,
    earn: (duration) =>
      budget.earn(
        duration,
        MEASURED_INSTRUMENTS.filter((name) => every[name] > 0),
      ),
  }
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
