// How does an instrument measure without a run around it? With a context that never breathes and tells nobody.
import type { Experiment } from '../core/experiment.ts'
import { resolveEps } from '../core/resolve.ts'
import type { Step } from '../core/units.ts'
import type { Effort, InstrumentContext } from '../diagnostics/instrument.ts'
import { symmetricEigenvalues } from '../numerics/symmetricEigenvalues.ts'
import { optimizerAt, type Arm } from '../runtime/arm.ts'

/** The context that the run's own panel would give to an instrument of this arm. */
export function measuringContext(experiment: Experiment, arm: Arm, step: Step, effort: Effort): InstrumentContext {
  return {
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
    atStart: (use) => arm.atStart(use),
    eigenvalues: async (matrix, n) => symmetricEigenvalues(matrix, n),
    breathe: async () => undefined,
    progress: () => undefined,
  }
}
