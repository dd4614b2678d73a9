// Does a lesson's question still ask about this experiment?
//
// A lesson is there to be changed: depth, width, rates and seeds are what its sliders are for. Its question leaves when the network is
// of another kind, learns something else, or has lost what the question compares. What the twist changes is part of the lesson.
import type { Experiment } from '../core/experiment.ts'
import type { Lesson } from './lesson.ts'

/** Every question is about these. */
const ALWAYS: readonly string[] = ['model.kind', 'model.family', 'data.kind', 'loss.kind']

/** True while the experiment is one that the question of the lesson can be asked of. */
export function questionStands(lesson: Pick<Lesson, 'experiment' | 'twist' | 'about'>, experiment: Experiment): boolean {
  return [...ALWAYS, ...(lesson.about ?? [])].every((path) => {
    // Families are of convolutional networks; others carry an idle word.
    if (path === 'model.family' && experiment.model.kind !== 'cnn') return true
    const value = valueAt(experiment, path)
    return [lesson.experiment, lesson.twist.experiment].some((known) => isSame(valueAt(known, path), value))
  })
}

/** Numbers are what one plays with: that there still is one is enough. */
function isSame(asked: unknown, value: unknown): boolean {
  if (typeof asked === 'number' && typeof value === 'number') return true
  return JSON.stringify(asked) === JSON.stringify(value)
}

/** Undefined where arm B does not differ. */
function valueAt(experiment: Experiment, path: string): unknown {
  return path.split('.').reduce<unknown>((tree, key) => (tree as Readonly<Record<string, unknown>> | null | undefined)?.[key], experiment)
}
