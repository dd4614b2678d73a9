// What is asked? A question to commit to before Run; after the run it says what was found.
import { ArrowRight } from 'lucide-react'
import { LESSONS } from '../lessons/catalogue.ts'
import { Segmented } from './controls/choices.tsx'
import { useLab, useLabState } from './lab.tsx'
import { hintOf, momentOf, useQuestion } from './question.ts'

/** The strip under the top bar; one line in an embed. */
export function QuestionStrip() {
  const { view } = useLab()
  const { lesson, left } = useQuestion()
  const prediction = useLabState((state) => state.prediction)
  const moment = useLabState(({ run }) => momentOf(run))
  const embed = useLabState((state) => state.view.embed)
  if (lesson === null) {
    return (
      <section className="question" aria-label="Question">
        <div className="grow">
          <h1>What makes it learn?</h1>
          {!embed && (
            <p className="sub">
              {left === null
                ? 'Your own experiment: change anything, then press Run.'
                : `Your own experiment now: what the lesson “${left.title}” asks is not about it.`}
            </p>
          )}
        </div>
        {!embed && left !== null && (
          <button type="button" className="button not-narrow not-present" onClick={() => view.loadLesson(left)}>
            Back to the lesson <ArrowRight aria-hidden="true" />
          </button>
        )}
      </section>
    )
  }
  const chosen = prediction === null ? null : lesson.choices[prediction]
  const sub = hintOf(moment, chosen, lesson.finding)
  const next = LESSONS.find((candidate) => candidate.id === (lesson.id === 'race' ? 'fashion' : 'race'))
  return (
    <section className="question" aria-label="Question">
      <div className="grow">
        <h1>{embed ? lesson.shortQuestion : lesson.question}</h1>
        {!embed && <p className="sub">{sub}</p>}
      </div>
      {!embed && (
        <Segmented
          name="Your prediction"
          choices={lesson.choices.map((choice, index) => ({ value: String(index), label: choice }))}
          value={prediction === null ? null : String(prediction)}
          onChange={(value) => view.predict(Number(value))}
        />
      )}
      {!embed && next !== undefined && (
        <button type="button" className="button not-narrow not-present" onClick={() => view.loadLesson(next)}>
          {next.id === 'fashion' ? 'Real images' : 'The race'} <ArrowRight aria-hidden="true" />
        </button>
      )}
    </section>
  )
}
