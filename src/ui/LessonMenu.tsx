// Which lesson is this, and which others are there? Each entry is a link that can be copied.
import { ChevronDown } from 'lucide-react'
import { LESSONS } from '../lessons/catalogue.ts'
import { Popover } from './dialogs/Popover.tsx'
import { useLab } from './lab.tsx'
import { useQuestion } from './question.ts'

/** The breadcrumb of the top bar; opens the list. */
export function LessonMenu() {
  const { view } = useLab()
  const { lesson } = useQuestion()
  const position = LESSONS.findIndex((candidate) => candidate.id === lesson?.id)
  return (
    <Popover
      buttonClass="button quiet crumb"
      className="menu"
      button={
        <>
          <span className="muted not-narrow">{lesson === null ? 'Lab' : `Lesson ${position + 1} of ${LESSONS.length}`}</span>
          <span className="crumb-title">{lesson === null ? 'Your own experiment' : lesson.title}</span>
          <ChevronDown aria-hidden="true" />
        </>
      }
    >
      {(close) => (
        <nav aria-label="Lessons">
          <ul>
            {LESSONS.map((candidate) => (
              <li key={candidate.id}>
                <a
                  className="menu-item"
                  href={lessonHash(candidate.id, candidate.revision)}
                  aria-current={candidate.id === lesson?.id}
                  onClick={(event) => {
                    if (event.ctrlKey || event.metaKey || event.shiftKey) return
                    event.preventDefault()
                    close()
                    view.loadLesson(candidate)
                  }}
                >
                  <b>{candidate.title}</b>
                  <span>{candidate.shortQuestion}</span>
                </a>
              </li>
            ))}
          </ul>
        </nav>
      )}
    </Popover>
  )
}

/** The shortest link to a lesson as published. */
export function lessonHash(id: string, revision: number): string {
  return `#v=1&l=${id}.${revision}`
}
