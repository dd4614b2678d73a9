// Which numbers of the moment can anybody check with other software?
//
// The place where a run's state becomes the public snapshot format; `run.ts` hands over everything that it needs.
import type { Experiment } from '../core/experiment.ts'
import { UnsupportedFault } from '../core/faults.ts'
import type { Step } from '../core/units.ts'
import type { InstrumentContext } from '../diagnostics/instrument.ts'
import type { Arm } from './arm.ts'

/** One arm and seed of a run at rest, with the context that its instruments would get. */
export interface SnapshotSource {
  readonly experiment: Experiment
  readonly arm: Arm
  readonly seedIndex: number
  readonly step: Step
  readonly context: InstrumentContext
}

/**
 * Assembles the snapshot of one arm and seed.
 *
 * @throws {UnsupportedFault} until it is built.
 */
export async function assembleSnapshot(source: SnapshotSource): Promise<unknown> {
  throw new UnsupportedFault(`assembleSnapshot: not built yet, got a request for arm ${source.arm.name}`)
}
