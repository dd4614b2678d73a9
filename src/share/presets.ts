// Which experiments may a link start from? Frozen revisions of lessons: `race.1` means the same for ever.
import type { Experiment } from '../core/experiment.ts'
import { findLesson } from '../lessons/catalogue.ts'

/** A named starting point; `id` carries its revision. */
export interface Preset {
  readonly id: string
  readonly experiment: Experiment
}

/** Finds a preset by `name.revision`, or by name alone (the newest); null when there is none. */
export type PresetLookup = (id: string) => Preset | null

/** What a link without a preset differs from. */
export const DEFAULT_PRESET = 'race.1'

/** The presets of the shipped lessons. */
export const lessonPreset: PresetLookup = (id) => {
  const match = /^([a-z][a-z0-9-]*)(?:\.(\d{1,4}))?$/u.exec(id)
  if (match === null) return null
  const lesson = findLesson(match[1], match[2] === undefined ? null : Number(match[2]))
  return lesson === null ? null : { id: `${lesson.id}.${lesson.revision}`, experiment: lesson.experiment }
}

/** Lesson and revision of a preset id; null for none. */
export function lessonOfPreset(id: string | null): { readonly id: string; readonly revision: number } | null {
  const match = id === null ? null : /^(.+)\.(\d+)$/u.exec(id)
  return match === null ? null : { id: match[1], revision: Number(match[2]) }
}
