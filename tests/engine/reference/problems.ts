// Small problems for the tests of all engines: data from arrays, dense layers from widths, weights from a named stream.
import type { Dataset, SplitArrays } from '../../../src/core/dataset.ts'
import { DEFAULT_OPTIMIZER } from '../../../src/core/defaults.ts'
import type { Activation, LossSettings, OptimizerSettings } from '../../../src/core/experiment.ts'
import { parameterCount, type DenseNetworkSpec, type NetworkSpec } from '../../../src/core/networkSpec.ts'
import type { SampleSet } from '../../../src/core/probe.ts'
import type { TrainerOptions } from '../../../src/engine/trainer.ts'
import { namedStream } from '../../../src/numerics/streams.ts'

export const SEED = 20260804

export const normals = (count: number, name: string, scale = 1): Float64Array => {
  const stream = namedStream(SEED, name)
  return Float64Array.from({ length: count }, () => scale * stream.normal())
}

/** Both splits hold the same rows. */
export function datasetOf(
  inputWidth: number,
  outputWidth: number,
  inputs: ArrayLike<number>,
  targets: ArrayLike<number>,
  labels: Int32Array | null = null,
): Dataset {
  const split: SplitArrays = {
    count: inputs.length / inputWidth,
    inputs: Float64Array.from(inputs),
    targets: Float64Array.from(targets),
    labels,
  }
  return {
    name: 'test',
    inputWidth,
    outputWidth,
    task: labels === null ? 'regression' : 'classification',
    train: split,
    test: split,
    classNames: null,
    imageShape: null,
  }
}

/** `count` normal rows; one-hot classes for the softmax, -1 or 1 for the logistic loss, normal targets for the squared error. */
export function randomDataset(count: number, inputWidth: number, outputWidth: number, loss: LossSettings['kind']): Dataset {
  const inputs = normals(count * inputWidth, 'inputs')
  if (loss === 'squaredError') return datasetOf(inputWidth, outputWidth, inputs, normals(count * outputWidth, 'targets'))
  if (loss === 'logistic')
    return datasetOf(
      inputWidth,
      outputWidth,
      inputs,
      normals(count * outputWidth, 'targets').map((value) => (value < 0 ? -1 : 1)),
    )
  const stream = namedStream(SEED, 'labels')
  const labels = Int32Array.from({ length: count }, () => stream.integer(outputWidth))
  const targets = new Float64Array(count * outputWidth)
  for (const [row, label] of labels.entries()) targets[row * outputWidth + label] = 1
  return datasetOf(inputWidth, outputWidth, inputs, targets, labels)
}

export interface SpecChoices {
  readonly activation?: Activation
  readonly outputActivation?: Activation
  readonly bias?: boolean
  readonly ntk?: boolean
  readonly biasScale?: number
  readonly loss?: LossSettings
}

/** Dense layers between consecutive widths. */
export function denseSpec(widths: readonly number[], choices: SpecChoices = {}): DenseNetworkSpec {
  return {
    layers: widths.slice(1).map((fanOut, layer) => ({
      kind: 'dense',
      fanIn: widths[layer],
      fanOut,
      bias: choices.bias ?? true,
      activation: layer === widths.length - 2 ? (choices.outputActivation ?? 'identity') : (choices.activation ?? 'tanh'),
      forwardScale: choices.ntk === true ? 1 / Math.sqrt(widths[layer]) : 1,
      biasScale: choices.biasScale ?? 1,
    })),
    loss: choices.loss ?? { kind: 'squaredError', reduction: 'mean' },
  }
}

/** Layers 1 -> 1 as the chain engine takes them. */
export const chainSpec = (depth: number, reduction: LossSettings['reduction'] = 'mean'): DenseNetworkSpec =>
  denseSpec(
    Array.from({ length: depth + 1 }, () => 1),
    { activation: 'identity', bias: false, loss: { kind: 'squaredError', reduction } },
  )

/** Normal weights of about unit gain, biases included. */
export const randomWeights = (spec: NetworkSpec, name: string, scale = 0.6): Float64Array => normals(parameterCount(spec), name, scale)

export const optimizerOf = (change: Partial<OptimizerSettings>): OptimizerSettings => ({ ...DEFAULT_OPTIMIZER, ...change })

export function optionsOf(
  spec: NetworkSpec,
  dataset: Dataset,
  starts: readonly Float64Array[],
  optimizer: Partial<OptimizerSettings> = {},
): TrainerOptions {
  return { spec, dataset, probeCount: dataset.train.count, optimizer: optimizerOf(optimizer), initialWeights: starts, reason: 'test' }
}

export const samples = (count: number, from: SampleSet['from'] = 'train'): SampleSet => ({
  indices: Int32Array.from({ length: count }, (_, i) => i),
  from,
})
