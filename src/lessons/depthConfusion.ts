// Does depth alone confuse gradients? A linear orthogonal network shows that it need not.
import { DEFAULT_MLP } from '../core/defaults.ts'
import type { Experiment } from '../core/experiment.ts'
import type { Lesson } from './lesson.ts'

const experiment: Experiment = {
  ...DEFAULT_MLP,
  model: { ...DEFAULT_MLP.model, depth: 3, width: 12, activation: 'tanh' },
  init: { ...DEFAULT_MLP.init, scheme: 'lecunNormal', tau: Math.sqrt(3) },
  data: { ...DEFAULT_MLP.data, kind: 'digits', trainCount: 1200, testCount: 400 },
  optimizer: { ...DEFAULT_MLP.optimizer, lr: 0.05 },
  batch: 64,
  steps: 300,
  diagnostics: {
    ...DEFAULT_MLP.diagnostics,
    probeCount: 32,
    pairCount: 50,
    pairBatch: 128,
    lanczosSteps: 12,
    every: { evaluation: 20, gradientNorms: 5, cosines: 10, hessian: 50, kernel: 50 },
  },
  versus: { model: { depth: 40 } },
}

/** Depth widens the distribution of gradient cosines, unless the network is linear and orthogonal. Source: Sankararaman et al. 2020, Thm 4.1 and 6.1. */
export const depthConfusion: Lesson = {
  id: 'depth-confusion',
  revision: 1,
  title: 'Depth and gradient cosines',
  question: 'Three layers or forty, equal width: are the deep gradients more spread out?',
  shortQuestion: '3 layers or 40: which gradients disagree more?',
  choices: ['Depth 3', 'Depth 40', 'No difference'],
  answer: 1,
  lookFor:
    'Compare the two densities at step 0. Forty random tanh layers forget which sample came in, so two mini-batches agree only by chance.',
  finding: 'The spread grows with depth; the deep density reaches far into negative cosines.',
  twist: {
    text: 'Take the bends out: a linear network with orthogonal weights and squared loss. Now depth changes nothing.',
    label: 'Try linear, orthogonal',
    experiment: {
      ...experiment,
      model: { ...experiment.model, activation: 'identity', bias: false },
      init: { ...DEFAULT_MLP.init, scheme: 'orthogonal', tau: Math.sqrt(3) },
      loss: { kind: 'squaredError', reduction: 'mean' },
    },
  },
  about: ['versus.model.depth'],
  claim: '000-F2,F7',
  mainPanel: 'cosines',
  experiment,
}
