// Problems that no experiment expresses, as an outsider may write them. Numbers come from a stream, so nothing is symmetric by chance.
import { namedStream } from '../../src/numerics/streams.ts'

const stream = namedStream(5, 'problems')

/** A tensor of N(0, scale^2). */
export function tensor(shape: readonly number[], scale = 1, shift = 0): { readonly shape: readonly number[]; readonly data: number[] } {
  const size = shape.reduce((product, extent) => product * extent, 1)
  return { shape, data: Array.from({ length: size }, () => shift + scale * stream.normal()) }
}

/** [count][length] of N(0, 1). */
export function rows(count: number, length: number): number[][] {
  return Array.from({ length: count }, () => tensor([length]).data)
}

export const dense = (out: number, input: number, more: object = {}): object => ({
  type: 'dense',
  W: tensor([out, input], 1 / Math.sqrt(input)),
  b: tensor([out], 0.1),
  ...more,
})

export const conv = (out: number, input: number, k: number, more: object = {}): object => ({
  type: 'conv',
  W: tensor([out, input, k, k], 1 / (k * Math.sqrt(input))),
  b: tensor([out], 0.1),
  stride: 1,
  padding: (k - 1) / 2,
  ...more,
})

/** gamma and beta, and statistics for evaluation mode. */
export const norm = (channels: number): object => ({
  gamma: tensor([channels], 0.2, 1),
  beta: tensor([channels], 0.2),
  runningMean: tensor([channels], 0.3),
  runningVar: { shape: [channels], data: tensor([channels], 0.2, 1).data.map(Math.abs) },
})

const BATCHES = {
  batches: [
    [0, 1],
    [2, 2, 3],
    [1, 3],
  ],
  pairs: [
    [
      [0, 2],
      [1, 3],
    ],
    [
      [0, 0, 1],
      [2, 3],
    ],
  ],
}

/** Name and problem, each for what is new in it. */
export const PROBLEMS: readonly (readonly [string, object])[] = [
  [
    'batch norm in training mode with pre-activation skips',
    {
      model: {
        kind: 'mlp',
        activation: 'tanh',
        outputActivation: 'linear',
        batchNorm: true,
        bnMode: 'train',
        bnEps: 1e-3,
        skip: { span: 1, first: 1, placement: 'preAct', scale: 0.8, branchScale: 0.6 },
        inputShape: [3, 1, 1],
      },
      loss: { kind: 'mse', reduction: 'halfMean' },
      weights: [dense(4, 3, norm(4)), dense(4, 4, norm(4)), dense(4, 4, norm(4)), dense(2, 4)],
      inputs: rows(5, 3),
      targets: rows(5, 2),
      ...BATCHES,
      optimizer: { kind: 'adam', lr: 0.1, eps: 1e-3, batch: [0, 1, 3] },
    },
  ],
  [
    'batch norm of convolutions in training mode, then pools that leave rows out',
    {
      model: {
        kind: 'cnn',
        activation: 'softplus',
        outputActivation: 'linear',
        batchNorm: true,
        bnMode: 'train',
        bnEps: 1e-5,
        paddingMode: 'zero',
        inputShape: [2, 6, 5],
      },
      loss: { kind: 'logistic', reduction: 'sum' },
      weights: [
        conv(3, 2, 3, norm(3)),
        { type: 'avgPool', size: 3, stride: 2 },
        { type: 'flatten', order: 'CHW' },
        dense(4, 12, norm(4)),
        dense(2, 4),
      ],
      inputs: rows(4, 60),
      targets: [
        [1, -1],
        [-1, -1],
        [1, 1],
        [-1, 1],
      ],
      ...BATCHES,
    },
  ],
  [
    'a skip over convolutions from the first layer on, in evaluation mode, with circular padding wider than a filter needs',
    {
      model: {
        kind: 'cnn',
        activation: 'sigmoid',
        outputActivation: 'arctan',
        batchNorm: true,
        bnMode: 'eval',
        bnEps: 1e-5,
        paddingMode: 'circular',
        skip: { span: 2, first: 0, placement: 'postAct', scale: 1.1, branchScale: 0.9 },
        inputShape: [2, 3, 4],
      },
      loss: { kind: 'mse', reduction: 'halfSum' },
      weights: [
        conv(3, 2, 3, norm(3)),
        conv(2, 3, 3, norm(2)),
        conv(2, 2, 3, { ...norm(2), padding: 2 }),
        { type: 'globalAvgPool' },
        dense(2, 2),
      ],
      inputs: rows(4, 24),
      targets: rows(4, 2),
      ...BATCHES,
      optimizer: { kind: 'momentum', nesterov: true, momentum: 0.7, lr: 0.2, batch: [1, 1, 2] },
    },
  ],
  [
    'max pools, strides, an activation and a scale for each layer',
    {
      model: { kind: 'cnn', activation: 'relu', outputActivation: 'linear', biasScale: 0.5, inputShape: [1, 7, 6] },
      loss: { kind: 'softmaxCrossEntropy', reduction: 'mean' },
      weights: [
        conv(2, 1, 5, { padding: 2, paddingMode: 'zero', stride: 2, activation: 'gelu', scale: 1.3 }),
        { type: 'maxPool', size: 2, stride: 1 },
        conv(3, 2, 1, { activation: 'elu' }),
        { type: 'flatten' },
        dense(3, 18, { scale: 0.7 }),
      ],
      inputs: rows(4, 42),
      targets: [
        [0.2, 0.5, 0.3],
        [0, 1, 0],
        [0.6, 0.2, 0.2],
        [1, 0, 0],
      ],
      ...BATCHES,
      optimizer: { kind: 'rmsprop', lr: 0.01, beta2: 0.8, eps: 0.01, batch: [0, 3] },
    },
  ],
  [
    'layer norm of images, in the parameterization of wide networks',
    {
      model: {
        kind: 'cnn',
        activation: 'swish',
        outputActivation: 'linear',
        parameterization: 'ntk',
        layerNorm: true,
        lnEps: 1e-4,
        paddingMode: 'circular',
        inputShape: [1, 4, 4],
      },
      loss: { kind: 'mse', reduction: 'halfMean' },
      weights: [conv(2, 1, 3, norm(2)), conv(3, 2, 3, { ...norm(3), stride: 2 }), conv(1, 3, 1)],
      inputs: rows(4, 16),
      targets: rows(4, 4),
      ...BATCHES,
      optimizer: { kind: 'adam', lr: 0.05, eps: 1e-8, batch: [0, 1, 2, 3] },
    },
  ],
  [
    'layers that do not train, before and behind one that does',
    {
      model: { kind: 'mlp', activation: 'softsign', outputActivation: 'linear', inputShape: [3, 1, 1] },
      loss: { kind: 'mse', reduction: 'halfMean' },
      weights: [dense(4, 3, { trainable: false }), dense(4, 4), dense(1, 4, { trainable: false, scale: 0.5 })],
      inputs: rows(4, 3),
      targets: [1, -0.5, 0.3, 2],
      ...BATCHES,
      optimizer: {
        kind: 'perturbedGD',
        lr: 0.1,
        noiseStd: 0.4,
        noise: tensor([41]).data,
        batch: [0, 2],
      },
    },
  ],
]
