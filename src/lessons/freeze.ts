// When does the tangent kernel stand still? 20 points of a teacher, two widths, gradient descent on the sum.
import { DEFAULT_MLP } from '../core/defaults.ts'
import type { Experiment } from '../core/experiment.ts'
import type { Lesson } from './lesson.ts'

const experiment: Experiment = {
  ...DEFAULT_MLP,
  model: { ...DEFAULT_MLP.model, depth: 2, width: 16, parameterization: 'ntk' },
  init: { ...DEFAULT_MLP.init, scheme: 'unitNormal', tau: Math.sqrt(3) },
  data: { ...DEFAULT_MLP.data, kind: 'teacher', inputs: 10, outputs: 1, trainCount: 20, testCount: 20 },
  loss: { kind: 'squaredError', reduction: 'sum' },
  optimizer: { ...DEFAULT_MLP.optimizer, lr: 0.02 },
  batch: 20,
  steps: 1500,
  diagnostics: {
    ...DEFAULT_MLP.diagnostics,
    probeCount: 20,
    pairCount: 40,
    pairBatch: 5,
    every: { evaluation: 20, gradientNorms: 10, cosines: 20, hessian: 20, kernel: 5 },
  },
  versus: { model: { width: 256 } },
}

/** Drift of the tangent kernel falls with width, unless the output bends. Source: Liu, Zhu, Belkin 2020, Fig. 2, Table 1. */
export const freeze: Lesson = {
  id: 'freeze',
  revision: 1,
  title: 'Width freezes the kernel',
  question: 'Both fit the same 20 points. Sixteen times as wide: how much less does the kernel move?',
  shortQuestion: '16 times as wide: how much less does the kernel move?',
  choices: ['Not at all less', '2 times', '10 times', '1000 times'],
  answer: 2,
  lookFor:
    'Both losses reach the same level, but the relative drift of the kernel settles about a decade apart. A wide network fits by moving every weight a little.',
  finding: 'The drift falls about like width to the power −0.8: five to twelve times for a factor of sixteen.',
  twist: {
    text: 'Bend the output: 3 tanh behind the last layer. Now the kernel moves by its own size at every width.',
    label: 'Try 3 tanh output',
    experiment: { ...experiment, model: { ...experiment.model, outputActivation: 'tanh3' } },
  },
  about: ['versus.model.width'],
  claim: '003-F2R',
  mainPanel: 'kernel',
  experiment,
}
