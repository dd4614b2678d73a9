// What is a lesson? A question, an experiment that answers it, and one change that turns the answer round.
//
// Plain data and frozen by revision: a link that names `race.1` means this text and these numbers for ever,
// so a lesson that must change gets a new revision beside the old one and is never edited in place.
import type { Experiment } from '../core/experiment.ts'
import type { InstrumentName } from '../core/sample.ts'

/** One change of the experiment that reverses or removes the effect. */
export interface Twist {
  readonly text: string
  /** On the button. */
  readonly label: string
  readonly experiment: Experiment
}

export interface Lesson {
  /** Stands in links; lower case and hyphens. */
  readonly id: string
  readonly revision: number
  readonly title: string
  /** Asked before Run; one sentence that ends in a question mark. */
  readonly question: string
  /** Short form for an embed, at most about 60 characters. */
  readonly shortQuestion: string
  /** Possible answers to commit to; the page keeps the choice and judges nothing. */
  readonly choices: readonly string[]
  /** Position in `choices` of what is measured. */
  readonly answer: number
  /** What a newcomer should watch, two sentences. */
  readonly lookFor: string
  /** What was measured, shown beside the prediction after the run. */
  readonly finding: string
  readonly twist: Twist
  /** Dotted paths of what the question asks about beside kind of network, data and loss; without one of them it leaves, see `questionStands`. */
  readonly about?: readonly string[]
  /** Row of the claims list that a test over seeds must hold. */
  readonly claim: string
  /** Plot that starts large. */
  readonly mainPanel: InstrumentName
  readonly experiment: Experiment
}
