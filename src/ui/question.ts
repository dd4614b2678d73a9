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

/** Before the first step; while something is seen; when all is seen. */
export type Moment = 'before' | 'during' | 'after'

/** Where in its life a run is, as far as a question is concerned. */
export function momentOf({ phase, step, wanted }: Pick<LabState['run'], 'phase' | 'step' | 'wanted'>): Moment {
  if (phase === 'finished') return 'after'
  return phase === 'running' || wanted === 'run' || step > 0 ? 'during' : 'before'
}

/** The line under the question: what to do now, then what was found. */
export function hintOf(moment: Moment, guess: string | null, finding: string): string {
  if (moment === 'after') return `${guess === null ? '' : `You said: ${guess}. `}${finding}`
  if (guess === null) return moment === 'before' ? 'Commit to a guess, then press Run.' : 'Which will it be? A guess still counts.'
  return `Your guess: ${guess}.${moment === 'before' ? ' Now press Run.' : ''}`
}
