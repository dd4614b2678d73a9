// How does an instrument measure without a run around it? With a context that never breathes and tells nobody.
import type { Experiment } from '../core/experiment.ts'
import type { Step } from '../core/units.ts'
import type { Effort, InstrumentContext } from '../diagnostics/instrument.ts'
import { symmetricEigenvalues } from '../numerics/symmetricEigenvalues.ts'
import type { Arm } from '../runtime/arm.ts'
import { armFacts } from '../runtime/armFacts.ts'

/** The context that the run's own panel would give to an instrument of this arm. */
export function measuringContext(experiment: Experiment, arm: Arm, step: Step, effort: Effort): InstrumentContext {
  return {
    ...armFacts(experiment, arm, step),
    effort,
    eigenvalues: async (matrix, n) => symmetricEigenvalues(matrix, n),
    breathe: async () => undefined,
    progress: () => undefined,
  }
}
