// Which networks stand for the families of the papers? Small images, batch 32, plain descent: what is timed is a step.
import { DEFAULT_CNN, DEFAULT_OPTIMIZER } from '../../core/defaults.ts'
import type { Experiment, ModelSettings } from '../../core/experiment.ts'

export interface ZooFamily {
  readonly name: string
  readonly experiment: Experiment
  /** Steps a second with the default instruments that were promised on a software adapter; null: none. */
  readonly promised: number | null
  /** Left out by --quick. */
  readonly slow: boolean
}

const BATCH = 32
const TRAIN_COUNT = 1024

function family(
  name: string,
  model: Partial<ModelSettings>,
  side: Experiment['data']['side'],
  rest: { readonly promised?: number; readonly slow?: boolean; readonly toImages?: boolean } = {},
): ZooFamily {
  const toImages = rest.toImages === true
  return {
    name,
    experiment: {
      ...DEFAULT_CNN,
      model: { ...DEFAULT_CNN.model, ...model },
      data: { ...DEFAULT_CNN.data, side, trainCount: TRAIN_COUNT, targets: toImages ? 'inputs' : 'labels' },
      loss: toImages ? { kind: 'squaredError', reduction: 'mean' } : DEFAULT_CNN.loss,
      optimizer: { ...DEFAULT_OPTIMIZER, kind: 'sgd', lr: 1e-3 },
      batch: BATCH,
      steps: 100_000,
    },
    promised: rest.promised ?? null,
    slow: rest.slow ?? false,
  }
}

/** From the promises on. */
export const ZOO: readonly ZooFamily[] = [
  family('images to images, 16 x 8 channels, 7 x 7', { family: 'imageToImage', depth: 16, width: 8, activation: 'tanh' }, 7, {
    promised: 5,
    toImages: true,
  }),
  family('plain CNN, 4 x 16 channels, 14 x 14', { family: 'plain', depth: 5, width: 16 }, 14, { promised: 2 }),
  family(
    'wide, depth 10, 4 channels, batch norm, skips, 14 x 14',
    { family: 'wide', depth: 10, width: 4, norm: 'batch', skipSpan: 2 },
    14,
    {
      slow: true,
    },
  ),
  family('stripped, depth 14, 4 channels, 14 x 14', { family: 'stripped', depth: 14, width: 4 }, 14, { slow: true }),
  family('LeNet, 14 x 14', { family: 'lenet', depth: 5, activation: 'tanh' }, 14),
  family('MLP, 16 x 64, batch norm, skips', { kind: 'mlp', depth: 16, width: 64, norm: 'batch', skipSpan: 2 }, 14),
]
