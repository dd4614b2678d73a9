// What does every instrument hear of an arm, whoever asks: the panel of a run, or a command line?
import type { Experiment } from '../core/experiment.ts'
import { resolveEps } from '../core/resolve.ts'
import type { Step } from '../core/units.ts'
import type { InstrumentContext } from '../diagnostics/instrument.ts'
import { optimizerAt, type Arm } from './arm.ts'

/** The arm at a step, as far as it does not depend on how the measurement goes on. */
export function armFacts(experiment: Experiment, arm: Arm, step: Step) {
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
    spec: arm.spec,
    train: arm.dataset.train,
    atStart: (use) => arm.atStart(use),
  } satisfies Partial<InstrumentContext>
}
