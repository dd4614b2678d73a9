// Which lessons are there, and in which order does the menu show them?
//
// The order is the order of teaching, not of links: a link names id and revision, so lines may move.
import { curvature } from './curvature.ts'
import { depthConfusion } from './depthConfusion.ts'
import { fashion } from './fashion.ts'
import { freeze } from './freeze.ts'
import type { Lesson } from './lesson.ts'
import { linearised } from './linearised.ts'
import { narrowMlp } from './narrowMlp.ts'
import { race } from './race.ts'
import { vanish } from './vanish.ts'
import { widthConfusion } from './widthConfusion.ts'

/** Every lesson once, the default first. */
export const LESSONS: readonly Lesson[] = [race, vanish, curvature, narrowMlp, fashion, widthConfusion, depthConfusion, freeze, linearised]

/** The lesson of that id and revision; without a revision the newest; null when there is none. */
export function findLesson(id: string, revision: number | null): Lesson | null {
  const candidates = LESSONS.filter((lesson) => lesson.id === id && (revision === null || lesson.revision === revision))
  return candidates.at(-1) ?? null
}
