// What does theory say here, does it apply, what should one watch, and why may the number lie?
import { Check, CircleHelp, X } from 'lucide-react'
import type { Hypothesis, TheoryCurve } from '../../core/theoryCurve.ts'
import type { LabState } from '../../store/labState.ts'
import type { PanelName } from '../../store/viewOptions.ts'
import { useLab, useLabState } from '../lab.tsx'
import { useQuestion } from '../question.ts'
import { caveatsOf } from './caveats.ts'
import { liveHypotheses } from './liveHypotheses.ts'
import { mathText } from './mathText.ts'
import { theoryOfCharts, type ChartTheory } from './theoryOfCharts.ts'
import { theoryOfPanel } from './theoryOfPanel.ts'

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
  const theory = useLabState((state) => state.theory)
  const chain = useLabState((state) => state.experiment.model.kind === 'chain')
  useLabState((state) => state.panelViews[panel])
  // A few times a second is enough for words; the numbers behind them move with the revision.
  useLabState((state) => Math.floor(state.revision / 8) + (state.cursor ?? -1))
  const { title, formula, hypotheses, text, source } = theoryNow(panel, theory, chain, store.getState())
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
      <p className="small muted">{text}</p>
      <p className="source">{source}</p>
    </section>
  )
}

/** Of the view that is shown large: its charts, or the panel's own picture. */
function theoryNow(panel: PanelName, theory: readonly TheoryCurve[], chain: boolean, state: LabState): ChartTheory {
  const ofCharts = theoryOfCharts(panel, state)
  if (ofCharts !== null) return ofCharts
  const { curve, ...own } = theoryOfPanel(panel, theory, chain)
  return { ...own, hypotheses: curve?.hypotheses ?? liveHypotheses(panel, state), source: curve?.source ?? own.source }
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
