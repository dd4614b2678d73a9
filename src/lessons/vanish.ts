// How fast does a signal die with depth? Arm B is the same chain four times as deep.
import { DEFAULT_EXPERIMENT } from '../core/defaults.ts'
import type { Experiment } from '../core/experiment.ts'
import type { Lesson } from './lesson.ts'

const experiment: Experiment = {
  ...DEFAULT_EXPERIMENT,
  model: { ...DEFAULT_EXPERIMENT.model, depth: 16 },
  init: { ...DEFAULT_EXPERIMENT.init, scheme: 'uniform', tau: Math.sqrt(3) },
  steps: 600,
  seeds: 64,
  versus: { model: { depth: 64 } },
}

/** Gradients of deep chains vanish although their variance is kept. Source: Orvieto et al. 2021, Prop. 5 and Thm 6. */
export const vanish: Lesson = {
  id: 'vanish',
  revision: 1,
  title: 'Vanishing with depth',
  question: 'How much gradient does a chain of 64 weights lose against one of 16?',
  shortQuestion: '16 weights or 64: how much gradient is lost?',
  choices: ['Nothing', 'One decade', 'Three decades', 'Nine decades'],
  answer: 3,
  lookFor:
    'The typical gradient falls by a factor τ/e for every further weight: a fifth of a decade at τ = √3. The mean stays, carried by a few huge draws; the median does not.',
  finding: 'The median falls by log10(τ/e) = −0.196 a layer: 48 more layers cost about nine decades.',
  twist: {
    text: 'Set the scale to τ = e, the only value at which the median neither dies nor explodes.',
    label: 'Try τ = e',
    experiment: { ...experiment, init: { ...DEFAULT_EXPERIMENT.init, scheme: 'uniform', tau: Math.E } },
  },
  about: ['versus.model.depth'],
  claim: '004-T6,F2',
  mainPanel: 'gradientNorms',
  experiment,
}
