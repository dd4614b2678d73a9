// How do all arms take the same steps?
//
// One after the other within a chunk, on batches of the same step numbers. Changes of the optimizer and drops of its rate
// are applied right before the update they precede and never earlier: then a replay, which only knows steps, gives the same bits.
import type { ArmName, Experiment } from '../core/experiment.ts'
import { nextDrop } from '../core/optimizerSchedule.ts'
import type { LossSample } from '../core/sample.ts'
import type { Milliseconds, Step } from '../core/units.ts'
import type { LayerNorms } from '../core/probe.ts'
import type { TrainReport, TrainWishes } from '../engine/trainer.ts'
import { nextBatches, optimizerAt, type Arm } from './arm.ts'

/** What the first step of a chunk told of one arm. */
export interface ArmNorms {
  /** [seeds] */
  readonly layerNorms: readonly LayerNorms[]
  /** What they took beside the step. */
  readonly duration: Milliseconds
}

export interface ChunkReport {
  readonly losses: readonly LossSample[]
  readonly diverged: readonly { readonly arm: ArmName; readonly seedIndex: number; readonly step: Step }[]
  /** Duration of one step, in the order of the arms. */
  readonly stepDurations: readonly Milliseconds[]
  /** In the order of the arms, undefined where not wished. */
  readonly norms: readonly (ArmNorms | undefined)[]
}

/** Trains every arm by `count` updates from `step`; norms are wished of the first of them. */
export async function trainArms(
  arms: readonly Arm[],
  step: Step,
  count: number,
  now: () => Milliseconds,
  wishes: TrainWishes = {},
): Promise<ChunkReport> {
  const losses: LossSample[] = []
  const diverged: { arm: ArmName; seedIndex: number; step: Step }[] = []
  const stepDurations: Milliseconds[] = []
  const norms: (ArmNorms | undefined)[] = []
  const { between } = wishes
  for (const [place, arm] of arms.entries()) {
    const start = now()
    const ofAll = between === undefined ? undefined : (share: number) => between((place + share) / arms.length)
    const report = await trainArm(arm, step, count, { ...wishes, between: ofAll })
    stepDurations.push((now() - start) / count)
    norms.push(normsOf(report))
    losses.push({ type: 'loss', arm: arm.name, step, seedCount: arm.trainer.seedCount, values: report.losses })
    for (const met of report.diverged) {
      arm.divergedAt[met.seedIndex] = met.step
      diverged.push({ arm: arm.name, ...met })
    }
  }
  return { losses, diverged, stepDurations, norms }
}

/** One call of the trainer for each stretch of constant rate. */
async function trainArm(arm: Arm, step: Step, count: number, wishes: TrainWishes): Promise<TrainReport> {
  const reports: TrainReport[] = []
  for (let at = step; at < step + count;) {
    const stretch = Math.min(step + count, nextDrop(arm.optimizer, at)) - at
    // Where nothing decays the trainer already has it.
    if (arm.optimizer.dropEvery > 0) arm.trainer.setOptimizer(optimizerAt(arm, at))
    reports.push(await arm.trainer.train(nextBatches(arm, at, stretch), at === step ? wishes : { between: wishes.between }))
    at += stretch
  }
  if (reports.length === 1) return reports[0]
  return {
    ...reports[0],
    losses: Float64Array.from(reports.flatMap(({ losses }) => Array.from(losses))),
    diverged: reports.flatMap(({ diverged }) => diverged),
  }
}

function normsOf({ layerNorms, layerNormsDuration }: TrainReport): ArmNorms | undefined {
  return layerNorms === undefined ? undefined : { layerNorms, duration: layerNormsDuration ?? 0 }
}

/** Gives each arm the optimizer that the experiment wants from this step on; returns the changes that took effect. */
export function applyChanges(experiment: Experiment, arms: readonly Arm[], step: Step): Experiment['changes'] {
  const due = experiment.changes.filter((change) => change.step === step && arms.some(({ name }) => name === change.arm))
  for (const change of due) {
    const arm = arms.find(({ name }) => name === change.arm)!
    arm.optimizer = change.optimizer
    arm.trainer.setOptimizer(optimizerAt(arm, step))
  }
  return due
}

/** The first step after this one at which the optimizer changes; Infinity without one. */
export function nextChangeAfter(experiment: Experiment, step: Step): Step {
  return Math.min(Infinity, ...experiment.changes.filter((change) => change.step > step).map((change) => change.step))
}
