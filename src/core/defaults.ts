// What does the page show before anybody touched it, and what fills a gap in a file or link?
//
// The default is the race of two optimizers on 24 weights: no download, no GPU, a visible plateau.
import type { DiagnosticsSettings, Experiment, OptimizerSettings } from './experiment.ts'

export const DEFAULT_OPTIMIZER: OptimizerSettings = {
  kind: 'sgd',
  lr: 0.1,
  momentum: 0.9,
  decay: 0.9,
  beta1: 0.9,
  beta2: 0.999,
  eps: null,
  noise: 0.1,
  dropEvery: 0,
  dropFactor: 0.1,
}

export const DEFAULT_DIAGNOSTICS: DiagnosticsSettings = {
  probeCount: 64,
  pairCount: 100,
  pairBatch: 128,
  lanczosSteps: 24,
  lanczosProbes: 1,
  every: { evaluation: 10, gradientNorms: 5, cosines: 20, hessian: 20, kernel: 20 },
  normsOf: 'probe',
  budget: 0.5,
}

/** The race: 24 weights from U[-1.5, 1.5], SGD 0.1 against RMSprop 0.002 from the same start, 32 seeds. */
export const DEFAULT_EXPERIMENT: Experiment = {
  version: 1,
  model: {
    kind: 'chain',
    family: 'plain',
    depth: 24,
    blocks: null,
    width: 32,
    parameterBudget: null,
    activation: 'relu',
    outputActivation: 'identity',
    bias: true,
    parameterization: 'standard',
    outputWeights: 'trained',
    norm: 'none',
    skipSpan: 0,
    skipPlacement: 'postAct',
    branchScale: 1,
    kernel: 3,
    padding: 'zero',
    pooling: 'average',
  },
  init: { scheme: 'uniform', tau: 1.5, gain: 1 },
  data: {
    kind: 'point',
    side: 14,
    targets: 'labels',
    file: null,
    trainCount: 10_000,
    testCount: 2_000,
    inputs: 20,
    outputs: 1,
    scaling: 'unit',
    noise: 0,
  },
  loss: { kind: 'squaredError', reduction: 'mean' },
  optimizer: DEFAULT_OPTIMIZER,
  batch: 128,
  sampling: 'withoutReplacement',
  steps: 1500,
  seed: 7,
  seeds: 32,
  engine: 'auto',
  diagnostics: DEFAULT_DIAGNOSTICS,
  changes: [],
  versus: { optimizer: { kind: 'rmsprop', lr: 0.002, eps: 1e-150 } },
}

/** An MLP on real images: the base of the image presets and of the model switch. */
export const DEFAULT_MLP: Experiment = {
  ...DEFAULT_EXPERIMENT,
  model: { ...DEFAULT_EXPERIMENT.model, kind: 'mlp', depth: 3, width: 64 },
  init: { scheme: 'heUniform', tau: Math.sqrt(6), gain: 1 },
  data: { ...DEFAULT_EXPERIMENT.data, kind: 'fashionMnist', side: 14 },
  loss: { kind: 'softmaxCrossEntropy', reduction: 'mean' },
  batch: 64,
  steps: 1000,
  seeds: 1,
  versus: null,
}

/**
 * A small convolutional network on the same images: four convolutions of 16 channels, then the mean of each channel.
 *
 * A convolution does the work of its weights at every pixel, so batch and instruments are smaller than an MLP's.
 */
export const DEFAULT_CNN: Experiment = {
  ...DEFAULT_MLP,
  model: { ...DEFAULT_MLP.model, kind: 'cnn', family: 'plain', depth: 5, width: 16 },
  data: { ...DEFAULT_MLP.data, testCount: 200 },
  optimizer: { ...DEFAULT_OPTIMIZER, kind: 'adam', lr: 0.003 },
  batch: 32,
  steps: 500,
  diagnostics: {
    ...DEFAULT_DIAGNOSTICS,
    probeCount: 16,
    pairCount: 12,
    pairBatch: 16,
    lanczosSteps: 10,
    every: { evaluation: 25, gradientNorms: 5, cosines: 25, hessian: 50, kernel: 25 },
    // A step over images is dear enough: two thirds of the time belong to training.
    budget: 0.33,
  },
}
