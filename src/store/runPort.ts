// How does the store drive a run without knowing about Workers?
//
// Actions speak to this port; `effects/` ties it to supervisor and Worker, tests to a list. What comes back goes
// through `receive` (streams) and `supervised` (the supervisor's verdict), never through return values.
import type { ArmName, Experiment, OptimizerSettings } from '../core/experiment.ts'
import type { InstrumentName } from '../core/sample.ts'
import type { Demand } from '../protocol/messages.ts'

export interface StartOptions {
  readonly autorun: boolean
  /** Steps per second, null: as fast as it goes. */
  readonly pace: number | null
}

export interface RunPort {
  /** Ends whatever runs and starts this experiment at step 0. */
  start(experiment: Experiment, options: StartOptions): void
  run(): void
  pause(): void
  step(count: number): void
  setPace(stepsPerSecond: number | null): void
  setOptimizer(arm: ArmName, optimizer: OptimizerSettings): void
  setSchedule(every: Experiment['diagnostics']['every'], budget: number, normsOf: Experiment['diagnostics']['normsOf']): void
  measureNow(instrument: InstrumentName): void
  /** Nobody waits for it any more. */
  cancel(demand: Demand): void
  /** Starts the current experiment again after a fault that ended it. */
  retry(): void
  /** After a divergence: stands that many steps before it. */
  rewind(steps: number): void
  /** The measured state of one arm, as the export menu writes it. */
  snapshot(arm: ArmName, seedIndex: number): Promise<unknown>
}
