// What does theory say here, does it apply, what should one watch, and why may the number lie?
import { Check, CircleHelp, X } from 'lucide-react'
import type { Hypothesis } from '../../core/theoryCurve.ts'
import type { PanelName } from '../../store/viewOptions.ts'
import { useLab, useLabState } from '../lab.tsx'
import { useQuestion } from '../question.ts'
import { caveatsOf } from './caveats.ts'
import { mathText } from './mathText.ts'
import { theoryNow } from './theoryNow.ts'
import { theoryNumbers } from './theoryNumbers.ts'

/** The right column; a drawer where the page is narrow. */
export function TheoryCard({ open }: { readonly open: boolean }) {
  const { view } = useLab()
  const { lesson } = useQuestion()
  return (
    <aside className="theory" aria-label="Theory" data-open={open}>
      <TheorySection />
      {lesson !== null && (
        <section>
          <h2 className="section-title">What to look for</h2>
          <p className="body">{lesson.lookFor}</p>
        </section>
      )}
      {lesson !== null && (
        <section>
          <h2 className="section-title">The twist</h2>
          <p className="body twist-text">{lesson.twist.text}</p>
          <button type="button" className="button" onClick={view.applyTwist}>
            {lesson.twist.label}
          </button>
        </section>
      )}
      <Caveats />
    </aside>
  )
}

function TheorySection() {
  const { store } = useLab()
  const panel = useLabState((state) => state.mainPanel)
  useLabState((state) => state.theory)
  useLabState((state) => state.experiment.model.kind)
  useLabState((state) => state.panelViews[panel])
  // A few times a second is enough for words; the numbers behind them move with the revision.
  useLabState((state) => Math.floor(state.revision / 8) + (state.cursor ?? -1))
  const { title, formula, hypotheses, text, source } = theoryNow(panel, store.getState())
  return (
    <section>
      <h2 className="section-title">Theory</h2>
      <h3>{title}</h3>
      <div className="formula">{formula}</div>
      {hypotheses.length > 0 && (
        <ul className="hypotheses">
          {hypotheses.map((hypothesis) => (
            <HypothesisLine key={hypothesis.text} hypothesis={hypothesis} />
          ))}
        </ul>
      )}
      <Numbers panel={panel} />
      <p className="small muted">{text}</p>
      <p className="source">{source}</p>
    </section>
  )
}

function Numbers({ panel }: { readonly panel: PanelName }) {
  const { store } = useLab()
  const rows = theoryNumbers(panel, store.getState())
  if (rows.length === 0) return null
  return (
    <table className="theory-numbers">
      <thead>
        <tr>
          <th scope="col" aria-label="quantity" />
          <th scope="col">theory</th>
          <th scope="col">here</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ text, predicted, measured }) => (
          <tr key={text}>
            <th scope="row">{text}</th>
            <td className="num">{predicted}</td>
            <td className="num">{measured}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function HypothesisLine({ hypothesis }: { readonly hypothesis: Hypothesis }) {
  const { text, holds, measured } = hypothesis
  const verdict = holds === 'unknown' ? 'not decided' : holds ? 'holds' : 'fails'
  return (
    <li>
      {holds === 'unknown' ? (
        <CircleHelp className="muted" aria-label={verdict} />
      ) : holds ? (
        <Check className="holds" aria-label={verdict} />
      ) : (
        <X className="fails" aria-label={verdict} />
      )}
      <span>
        {mathText(text)}
        {measured !== '' && <span className="muted num"> ({mathText(measured)})</span>}
      </span>
    </li>
  )
}

function Caveats() {
  const panel = useLabState((state) => state.mainPanel)
  const { store } = useLab()
  useLabState((state) => Math.floor(state.revision / 8))
  const sentences = caveatsOf(panel, store.getState())
  return (
    <section>
      <h2 className="section-title">May this number lie?</h2>
      <p className="small muted">{sentences.join(' ')}</p>
    </section>
  )
}
