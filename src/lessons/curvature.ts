// What shape has a plateau? A chain's Hessian has one eigenvalue of one sign and all others of the other.
import { DEFAULT_EXPERIMENT } from '../core/defaults.ts'
import type { Experiment } from '../core/experiment.ts'
import type { Lesson } from './lesson.ts'

const experiment: Experiment = {
  ...DEFAULT_EXPERIMENT,
  model: { ...DEFAULT_EXPERIMENT.model, depth: 12 },
  init: { ...DEFAULT_EXPERIMENT.init, scheme: 'uniform', tau: Math.sqrt(3) },
  steps: 600,
  seeds: 16,
  diagnostics: { ...DEFAULT_EXPERIMENT.diagnostics, every: { ...DEFAULT_EXPERIMENT.diagnostics.every, hessian: 5 } },
}

/** Inertia and collapse of the spectrum of a chain. Source: Orvieto et al. 2021, Thm 6 and Fig. 2. */
export const curvature: Lesson = {
  id: 'curvature',
  revision: 1,
  title: 'The shape of a plateau',
  question: 'A plateau looks flat. Is it a valley, a hill or a saddle?',
  shortQuestion: 'Is a plateau a valley, a hill or a saddle?',
  choices: ['Valley', 'Hill', 'Saddle', 'Exactly flat'],
  answer: 2,
  lookFor:
    'All eigenvalues but one share a sign, and one stands alone on the other side: a saddle at every depth. When the run leaves the plateau the spectrum widens by decades before the loss moves.',
  finding: 'L − 1 eigenvalues of one sign and one of the other, in every draw: a strict saddle, only a very flat one.',
  twist: {
    text: 'Four times as deep: both ends of the spectrum shrink towards zero together, the diagonal twice as fast.',
    label: 'Try depth 48',
    experiment: { ...experiment, model: { ...experiment.model, depth: 48 } },
  },
  claim: '004-T6,F2',
  mainPanel: 'hessian',
  experiment,
}
