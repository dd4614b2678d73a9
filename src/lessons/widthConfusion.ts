// Do mini-batches pull together in a wide network? The spread of the cosines answers; the minimum depends on the number of pairs.
import { DEFAULT_MLP } from '../core/defaults.ts'
import type { Experiment } from '../core/experiment.ts'
import type { Lesson } from './lesson.ts'

const experiment: Experiment = {
  ...DEFAULT_MLP,
  model: { ...DEFAULT_MLP.model, depth: 16, width: 8, activation: 'tanh' },
  init: { ...DEFAULT_MLP.init, scheme: 'lecunNormal', tau: Math.sqrt(3) },
  data: { ...DEFAULT_MLP.data, kind: 'digits', trainCount: 1200, testCount: 400 },
  optimizer: { ...DEFAULT_MLP.optimizer, lr: 0.05 },
  batch: 64,
  steps: 300,
  diagnostics: {
    ...DEFAULT_MLP.diagnostics,
    probeCount: 32,
    pairCount: 60,
    pairBatch: 32,
    lanczosSteps: 12,
    every: { evaluation: 20, gradientNorms: 5, cosines: 10, hessian: 50, kernel: 50 },
  },
  versus: { model: { width: 64 } },
}

/** Width narrows the distribution of gradient cosines. Source: Sankararaman et al. 2020, Thm 4.1, Fig. 3. */
export const widthConfusion: Lesson = {
  id: 'width-confusion',
  revision: 1,
  title: 'Width and gradient cosines',
  question: 'Width 8 or 64, equal depth: in which network do two mini-batches disagree less?',
  shortQuestion: 'Width 8 or 64: which gradients disagree less?',
  choices: ['Width 8', 'Width 64', 'No difference'],
  answer: 1,
  lookFor:
    'The density of the cosines between mini-batch gradients, before the first step. The narrow network spreads over both signs; the wide one gathers.',
  finding: 'At the start the spread falls roughly like one over the root of the width; compare spreads, not minima.',
  twist: {
    text: 'Make both networks shallow. Depth is what drives them apart.',
    label: 'Try depth 3',
    experiment: { ...experiment, model: { ...experiment.model, depth: 3 } },
  },
  about: ['versus.model.width'],
  claim: '000-F3,F8',
  mainPanel: 'cosines',
  experiment,
}
