// Which lesson's question is asked at this moment, and which one has left because the experiment is no longer about it?
import { findLesson } from '../lessons/catalogue.ts'
import type { Lesson } from '../lessons/lesson.ts'
import { questionStands } from '../lessons/questionStands.ts'
import type { LabState } from '../store/labState.ts'
import { useLabState } from './lab.tsx'

export interface Question {
  /** The lesson whose question stands; null in the lab. */
  readonly lesson: Lesson | null
  /** The lesson that the experiment came from, where its question does not stand any more. */
  readonly left: Lesson | null
}

let last: { readonly named: LabState['lesson']; readonly experiment: LabState['experiment']; readonly question: Question } | null = null

/** Of one state; an undo brings the question back. */
export function questionOf({ lesson: named, experiment }: Pick<LabState, 'lesson' | 'experiment'>): Question {
  // Asked at every change of the state, of which sixty a second are samples.
  if (last === null || last.named !== named || last.experiment !== experiment)
    last = { named, experiment, question: decided(named, experiment) }
  return last.question
}

function decided(named: LabState['lesson'], experiment: LabState['experiment']): Question {
  const lesson = named === null ? null : findLesson(named.id, named.revision)
  if (lesson === null || questionStands(lesson, experiment)) return { lesson, left: null }
  return { lesson: null, left: lesson }
}

/** The question of the page as it stands. */
export function useQuestion(): Question {
  const lesson = useLabState((state) => questionOf(state).lesson)
  const left = useLabState((state) => questionOf(state).left)
  return { lesson, left }
}
