// How fast does a run train while its instruments watch? The run's own panel and schedule, without the page.
import type { Experiment } from '../../core/experiment.ts'
import type { Milliseconds } from '../../core/units.ts'
import { symmetricEigenvalues } from '../../numerics/symmetricEigenvalues.ts'
import { nextBatches, type Arm } from '../../runtime/arm.ts'
import { createInstrumentPanel } from '../../runtime/instrumentPanel.ts'
import type { TimedCase } from './timing.ts'

/** Time per step of a stretch of training with everything that the schedule and the time budget want. */
export function instrumentedCase(name: string, experiment: Experiment, arm: Arm, stretch: number): TimedCase {
  let stepDuration: Milliseconds = NaN
  const host = {
    post: () => undefined,
    loadDataset: async () => arm.dataset,
    createTrainer: async () => arm.trainer,
    eigenvalues: async (matrix: Float64Array, n: number) => symmetricEigenvalues(matrix, n),
    now: () => performance.now(),
    wait: async () => undefined,
  }
  const panel = createInstrumentPanel(experiment, [arm], host, {
    push: () => undefined,
    breathe: async () => undefined,
    progress: () => undefined,
    isAwaited: () => true,
    stepDuration: () => stepDuration,
    signal: new AbortController().signal,
  })
  return {
    name,
    async run() {
      const { trainer } = arm
      if (trainer.step === 0) await panel.measureAll(0, new AbortController().signal)
      const end = trainer.step + stretch
      const start = performance.now()
      while (trainer.step < end) {
        const count = Math.min(end, panel.nextDueAfter(trainer.step), trainer.step + trainer.suggestedChunk) - trainer.step
        const before = performance.now()
        await trainer.train(nextBatches(arm, trainer.step, count))
        const duration = performance.now() - before
        stepDuration = duration / count
        panel.earn(duration)
        await panel.measureDue(trainer.step)
      }
      return (performance.now() - start) / stretch
    },
  }
}
