// Does the chain's story hold for a real network? 32 layers of 12 units, each optimizer at its own best rate.
import { DEFAULT_MLP } from '../core/defaults.ts'
import type { Experiment } from '../core/experiment.ts'
import type { Lesson } from './lesson.ts'

const experiment: Experiment = {
  ...DEFAULT_MLP,
  model: { ...DEFAULT_MLP.model, depth: 32, width: 12 },
  data: { ...DEFAULT_MLP.data, kind: 'mixture', inputs: 64, trainCount: 2000, testCount: 500 },
  optimizer: { ...DEFAULT_MLP.optimizer, lr: 0.02 },
  batch: 64,
  steps: 400,
  diagnostics: { ...DEFAULT_MLP.diagnostics, probeCount: 32, pairCount: 40, pairBatch: 32, lanczosSteps: 16 },
  versus: { optimizer: { kind: 'rmsprop', lr: 0.001 } },
}

/** Deep and narrow ReLU networks: adaptive steps train where SGD is stuck. Source: Orvieto et al. 2021, Fig. 5 and 9. */
export const narrowMlp: Lesson = {
  id: 'narrow-mlp',
  revision: 1,
  title: 'Deep and narrow',
  question: '32 layers of 12 units, each optimizer at its own best rate: who is ahead after 400 steps?',
  shortQuestion: '32 layers of 12 units: who trains?',
  choices: ['SGD', 'RMSprop', 'Equal', 'Neither'],
  answer: 1,
  lookFor:
    'SGD moves in proportion to the gradient that it meets and stays long near ln 10, the loss of a guess; RMSprop takes steps of one size whatever the gradient. Compare the accuracies, then the largest eigenvalues.',
  finding: 'RMSprop is ahead on almost every start; SGD needs the width.',
  twist: {
    text: 'Four times as wide. The same depth, and SGD trains again: width keeps the gradient alive.',
    label: 'Try width 48',
    experiment: { ...experiment, model: { ...experiment.model, width: 48 } },
  },
  about: ['optimizer.kind', 'versus.optimizer.kind', 'versus.model', 'versus.init'],
  claim: '004-F5,F10',
  mainPanel: 'loss',
  experiment,
}
