// Is leaving a plateau something that a tangent can do? Arm B is arm A's chain, linearised at its start.
import { DEFAULT_EXPERIMENT } from '../core/defaults.ts'
import type { Experiment } from '../core/experiment.ts'
import type { Lesson } from './lesson.ts'

const experiment: Experiment = {
  ...DEFAULT_EXPERIMENT,
  model: { ...DEFAULT_EXPERIMENT.model, depth: 12 },
  versus: { linearised: true },
}

/** The tangent's rate is that of the first gradient for ever; the network's grows. Source: Liu, Zhu, Belkin 2020, appendix A. */
export const linearised: Lesson = {
  id: 'linearised',
  revision: 1,
  title: 'The tangent at the start',
  question: 'Train only the tangent of 12 weights at their start: does it leave the plateau too?',
  shortQuestion: 'Train only the tangent: does it leave the plateau?',
  choices: ['Sooner than the chain', 'At the same time', 'In fewer of the draws', 'Never'],
  answer: 2,
  lookFor:
    'Arm B is the first-order expansion of arm A at its start: same weights, same batches, same first step. Its kernel never moves, so its speed stays that of the first gradient; the chain speeds up as its weights grow.',
  finding:
    'The chain leaves in nine draws of ten, its tangent in fewer than half: the kernel of the chain grows a thousandfold on the way.',
  twist: {
    text: 'Only two weights: no plateau. Now the tangent is as good as the chain, and both leave in every draw.',
    label: 'Try depth 2',
    experiment: { ...experiment, model: { ...experiment.model, depth: 2 } },
  },
  about: ['versus.linearised'],
  claim: '003-23',
  mainPanel: 'loss',
  experiment,
}
