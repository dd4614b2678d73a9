// How does a run go on without a page, from its first batch to the accuracy on all test images?
//
// The arms, batches and changes of the Worker's run, without its publisher: nothing is measured between two lines but
// the accuracy, and that on the whole splits, not on the thousand that a live page asks for.
import type { EngineChip } from '../../core/engineChip.ts'
import type { ArmName, Experiment } from '../../core/experiment.ts'
import { FaultError } from '../../core/faults.ts'
import { armsOf } from '../../core/resolve.ts'
import type { EvaluationSample, Sample } from '../../core/sample.ts'
import type { Step } from '../../core/units.ts'
import { loadDataset } from '../../data/loadDataset.ts'
import type { OwnSamples } from '../../data/ownFile/ownSamples.ts'
import type { ReadAsset } from '../../data/readAsset.ts'
import { measureEvaluation } from '../../diagnostics/evaluation.ts'
import { median } from '../../numerics/quantiles.ts'
import { createArm, engineWish, hasDiverged, type Arm } from '../../runtime/arm.ts'
import { divergenceFault } from '../../runtime/divergedLayer.ts'
import { measuringContext } from '../measuringContext.ts'
import type { RunHost } from '../../runtime/runHost.ts'
import { applyChanges, nextChangeAfter, trainArms } from '../../runtime/trainArms.ts'

/** One arm at one step. */
export interface TrainLine {
  readonly arm: ArmName
  readonly step: Step
  /** Median over the living seeds of the last batch's loss; of the training split before the first step. */
  readonly loss: number
  /** Focus seed, all samples of each split; null for regression. */
  readonly trainAccuracy: number | null
  readonly testAccuracy: number | null
  /** Of training alone, since the last line; NaN before the first step. */
  readonly stepsPerSecond: number
  readonly chip: EngineChip
}

export interface TrainOptions {
  readonly readAsset: ReadAsset
  /** The user's own files, where the experiment asks for them. */
  readonly ownFile?: OwnSamples | null
  readonly createTrainer: RunHost['createTrainer']
  readonly allowGpu: boolean
  /** A line at step 0, every so many steps, and at the end. */
  readonly every: number
  readonly onLine: (line: TrainLine) => void
}

/**
 * Trains all arms to the experiment's last step; returns the last line of each arm.
 *
 * @throws {FaultError} diverged when no seed of an arm is finite any more, and whatever the data or the engine report.
 */
export async function trainRun(experiment: Experiment, options: TrainOptions): Promise<readonly TrainLine[]> {
  const { readAsset, ownFile, every, onLine } = options
  const dataset = await loadDataset(experiment.data, { seed: experiment.seed, readAsset, ownFile })
  const arms: Arm[] = []
  try {
    let wish = experiment.engine
    for (const name of armsOf(experiment)) {
      const arm = await createArm(name, experiment, dataset, options, options.allowGpu, wish)
      arms.push(arm)
      if (arm.trainer.description.engine !== 'chain') wish = engineWish(arm.trainer)
    }
    let lines = await Promise.all(arms.map(async (arm) => await lineOf(experiment, arm, 0, null, NaN)))
    for (const line of lines) onLine(line)
    let step = 0
    let spent = arms.map(() => 0)
    let last = 0
    while (step < experiment.steps) {
      applyChanges(experiment, arms, step)
      const due = Math.min(experiment.steps, nextChangeAfter(experiment, step), last + every)
      const count = Math.max(1, Math.min(due - step, ...arms.map(({ trainer }) => trainer.suggestedChunk)))
      const report = await trainArms(arms, step, count, () => performance.now())
      step += count
      spent = spent.map((sum, i) => sum + count * report.stepDurations[i])
      const lost = arms.find(hasDiverged)
      if (lost !== undefined) throw new FaultError(await divergenceFault(lost))
      if (step < last + every && step < experiment.steps) continue
      lines = []
      for (const [i, arm] of arms.entries()) {
        const { seedCount, values } = report.losses[i]
        const line = await lineOf(experiment, arm, step, values.subarray(-seedCount), (1000 * (step - last)) / spent[i])
        lines.push(line)
        onLine(line)
      }
      last = step
      spent = arms.map(() => 0)
    }
    return lines
  } finally {
    for (const arm of arms) await arm.trainer.dispose()
  }
}

async function lineOf(
  experiment: Experiment,
  arm: Arm,
  step: Step,
  losses: Float64Array | null,
  stepsPerSecond: number,
): Promise<TrainLine> {
  const sample = await measureEvaluation(measuringContext(experiment, arm, step, 'full'))
  const { trainLoss, trainAccuracy, testAccuracy } = expectEvaluation(sample)
  return {
    arm: arm.name,
    step,
    loss: losses === null ? trainLoss : median(losses.filter((loss) => !Number.isNaN(loss))),
    trainAccuracy,
    testAccuracy,
    stepsPerSecond,
    chip: arm.trainer.description,
  }
}

function expectEvaluation(sample: Sample): EvaluationSample {
  if (sample.type !== 'evaluation') throw new Error(`lineOf: the evaluation answered ${sample.type}, expected evaluation`)
  return sample
}
