// Which experiments can be trained by name beside the lessons?
//
// Small ones that show on any machine, within a minute and without a GPU, that convolutions and deep networks with
// norm and skips learn. They are commands, not lessons: nothing is claimed about what to see.
import { DEFAULT_MLP } from '../../core/defaults.ts'
import type { Experiment } from '../../core/experiment.ts'

const DIGITS: Experiment = {
  ...DEFAULT_MLP,
  data: { ...DEFAULT_MLP.data, kind: 'digits', trainCount: 1200, testCount: 400 },
  engine: 'float64',
}

/** By the name that the command line knows. */
export const TRAIN_PRESETS: Readonly<Record<string, Experiment>> = {
  /** LeNet with max pooling on 8 x 8 digits. */
  'digits-lenet': {
    ...DIGITS,
    model: { ...DIGITS.model, kind: 'cnn', family: 'lenet', pooling: 'max' },
    optimizer: { ...DIGITS.optimizer, kind: 'momentum', lr: 0.05 },
    batch: 32,
    steps: 150,
  },
  /** 40 layers of 16 units, which neither learn without batch norm nor without skips. */
  'digits-norm-skip': {
    ...DIGITS,
    model: { ...DIGITS.model, depth: 40, width: 16, norm: 'batch', skipSpan: 2 },
    optimizer: { ...DIGITS.optimizer, kind: 'momentum', lr: 0.02 },
    batch: 64,
    steps: 200,
  },
}
