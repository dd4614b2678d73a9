// Who leaves the plateau first? The default scene: cheap enough to run anywhere, and the effect is in 98 % of the seeds.
import { DEFAULT_EXPERIMENT } from '../core/defaults.ts'
import type { Lesson } from './lesson.ts'

/** SGD against RMSprop on the same 24 weights. Source: Orvieto et al. 2021, Fig. 3 and Prop. 7. */
export const race: Lesson = {
  id: 'race',
  revision: 1,
  title: 'The race off the plateau',
  question: 'Same 24 weights, same gradient. Which optimizer leaves the plateau first?',
  shortQuestion: 'Same 24 weights: who leaves the plateau first?',
  choices: ['SGD', 'RMSprop', 'Together', 'Neither'],
  answer: 1,
  lookFor:
    'RMSprop divides each gradient by its own recent size, so a flat saddle is no slower than a steep slope. SGD waits until the product of the weights has grown.',
  finding: 'RMSprop leaves first in 98 % of seeds; at depth 24 most SGD runs are still waiting at step 1500.',
  twist: {
    text: 'Make the chain shallow: only 8 weights. Who wins now, and why?',
    label: 'Try depth 8',
    experiment: { ...DEFAULT_EXPERIMENT, model: { ...DEFAULT_EXPERIMENT.model, depth: 8 } },
  },
  about: ['optimizer.kind', 'versus.optimizer.kind', 'versus.model', 'versus.init'],
  claim: '004-F3',
  mainPanel: 'loss',
  experiment: DEFAULT_EXPERIMENT,
}
