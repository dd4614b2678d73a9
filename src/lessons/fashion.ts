// What do the four instruments show on real images? One network of one's own choice on Fashion-MNIST.
import { DEFAULT_MLP } from '../core/defaults.ts'
import type { Lesson } from './lesson.ts'

/** The laboratory on real images: every control applies, all five plots move. */
export const fashion: Lesson = {
  id: 'fashion',
  revision: 1,
  title: 'An MLP on Fashion-MNIST',
  question: 'Three layers of 64 units: how many of 100 unseen garments will it name?',
  shortQuestion: 'Three layers, real images: what test accuracy?',
  choices: ['About 50', 'About 65', 'About 80', 'About 95'],
  answer: 2,
  lookFor:
    'The loss falls at once, for nothing here is narrow or deep. Watch the largest eigenvalue against the line 2/lr, and the cosines leave +1 as the easy direction is used up.',
  finding: 'About 80 of 100 after 1000 steps; the kernel has moved by its own size long before.',
  twist: {
    text: 'Make it deep and narrow: 24 layers of 12 units. The same optimizer, the same images.',
    label: 'Try 24 × 12',
    experiment: { ...DEFAULT_MLP, model: { ...DEFAULT_MLP.model, depth: 24, width: 12 } },
  },
  claim: '004-F1',
  mainPanel: 'loss',
  experiment: DEFAULT_MLP,
}
