// Which networks do the presets train? Every arm of every lesson whose network is new, on any engine that takes it.
import type { Dataset } from '../../core/dataset.ts'
import type { ArmName, Experiment } from '../../core/experiment.ts'
import { armExperiment, armsOf } from '../../core/resolve.ts'
import { loadDataset } from '../../data/loadDataset.ts'
import type { OpenedDevice } from '../../engine/device.ts'
import { findLesson, LESSONS } from '../../lessons/catalogue.ts'
import type { Lesson } from '../../lessons/lesson.ts'
import { createArm, nextBatches, type Arm } from '../../runtime/arm.ts'
import { readPublicAsset } from '../readPublicAsset.ts'
import { openEngine, type EngineName } from './openEngines.ts'
import type { TimedCase } from './timing.ts'

/** One network of a preset. */
export interface PresetArm {
  readonly lesson: Lesson
  readonly arm: ArmName
}

/** Longest single call into a trainer while it is timed. */
const LONGEST_CALL_STEPS = 512

/** Arms with different models, in the order of the menu; the arms of a race of optimizers count once. */
export function presetArms(): readonly PresetArm[] {
  return LESSONS.flatMap((lesson) => {
    const arms = armsOf(lesson.experiment)
    const models = arms.map((arm) => JSON.stringify(armExperiment(lesson.experiment, arm).model))
    return arms.filter((_, k) => models.indexOf(models[k]) === k).map((arm) => ({ lesson, arm }))
  })
}

/** "narrow-mlp: 32 x 12, batch 64". */
export function presetName({ lesson, arm }: PresetArm): string {
  const { model, batch, seeds } = armExperiment(lesson.experiment, arm)
  const shape = model.kind === 'chain' ? `chain of ${model.depth}` : `${model.depth} x ${model.width}, batch ${batch}`
  return `${lesson.id}: ${shape}${seeds > 1 ? `, ${seeds} seeds` : ''}`
}

/** The experiment of a lesson that must exist. */
export function lessonExperiment(id: string): Experiment {
  const lesson = findLesson(id, null)
  if (lesson === null) throw new Error(`lessonExperiment: no such lesson, got ${id}, expected one of the catalogue`)
  return lesson.experiment
}

/** The data of an experiment, from the shipped files. */
export async function dataOf(experiment: Experiment): Promise<Dataset> {
  return await loadDataset(experiment.data, { seed: experiment.seed, readAsset: readPublicAsset })
}

/** An arm on exactly this engine; null where it cannot have it. */
export async function openArm(
  experiment: Experiment,
  name: ArmName,
  dataset: Dataset,
  engine: EngineName,
  gpu: OpenedDevice | null,
): Promise<Arm | null> {
  let missing = false
  const createTrainer: Parameters<typeof createArm>[3]['createTrainer'] = async (request) => {
    const trainer = await openEngine(engine, { ...request, reason: 'bench' }, gpu)
    if (trainer !== null) return trainer
    missing = true
    throw new Error('openArm: no such engine here')
  }
  try {
    return await createArm(name, experiment, dataset, { createTrainer }, gpu !== null)
  } catch (error) {
    if (missing) return null
    throw error
  }
}

/** Training as the run does it: as many steps per call as the engine suggests, the batches of the next steps. */
export function trainingCase(name: string, arm: Arm): TimedCase & { readonly chunk: () => number } {
  let chunk = 0
  const train = async (count: number): Promise<number> => {
    const batches = nextBatches(arm, arm.trainer.step, count)
    const start = performance.now()
    await arm.trainer.train(batches)
    return (performance.now() - start) / count
  }
  return {
    name,
    chunk: () => chunk,
    async run() {
      if (chunk > 0) return await train(chunk)
      // The first steps compile; the suggestion has settled after a few calls.
      for (let call = 0; call < 4; call++) await train(Math.min(LONGEST_CALL_STEPS, arm.trainer.suggestedChunk))
      chunk = Math.min(LONGEST_CALL_STEPS, arm.trainer.suggestedChunk)
      return await train(chunk)
    },
  }
}
