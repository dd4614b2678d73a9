// How is a run written down so that other software can recompute it?
//
// The inverse of `parseProblem`: what stands here must resolve to the same network, samples and slots, so
// that measuring a snapshot's problem gives the snapshot's numbers again.
import type { Activation, Experiment, OptimizerSettings } from '../../core/experiment.ts'
import { isDenseNetwork, type DenseNetworkSpec } from '../../core/networkSpec.ts'
import { jsonMatrix, jsonRow, type JsonDenseLayer, type JsonOptimizer, type JsonWeights, type Problem } from '../../core/snapshot.ts'
import { DomainFault } from '../../core/faults.ts'
import type { ResolvedProblem } from './parseProblem.ts'

const ACTIVATION_NAMES: Readonly<Record<Activation, string>> = {
  identity: 'linear',
  relu: 'relu',
  tanh: 'tanh',
  tanh3: '3tanh',
  swish: 'swish',
  sigmoid: 'sigmoid',
  softsign: 'softsign',
  arctan: 'arctan',
  softplus: 'softplus',
  gelu: 'gelu',
  elu: 'elu',
}

function jsonWeights(kind: Experiment['model']['kind'], spec: DenseNetworkSpec, flat: Float64Array): JsonWeights {
  if (kind === 'chain') return jsonRow(flat)
  let offset = 0
  return spec.layers.map((layer): JsonDenseLayer => {
    const size = layer.fanOut * layer.fanIn
    const W = { shape: [layer.fanOut, layer.fanIn], data: jsonRow(flat.subarray(offset, offset + size)) }
    offset += size
    if (!layer.bias) return { type: 'dense', W, trainable: true }
    const b = { shape: [layer.fanOut], data: jsonRow(flat.subarray(offset, offset + layer.fanOut)) }
    offset += layer.fanOut
    return { type: 'dense', W, b, trainable: true }
  })
}

function jsonOptimizer(
  optimizer: OptimizerSettings,
  eps: number,
  state: ResolvedProblem['optimizerState'],
  batch: Int32Array,
): JsonOptimizer {
  const { lr } = optimizer
  const slots = state.slots.map(jsonRow)
  const t = state.updates
  const positions = Array.from(batch)
  switch (optimizer.kind) {
    case 'sgd':
      return { kind: 'sgd', lr, batch: positions, state: { t } }
    case 'momentum':
      return {
        kind: 'momentum',
        lr,
        momentum: optimizer.momentum,
        nesterov: false,
        convention: 'v = momentum v + g; w -= lr v',
        batch: positions,
        state: { t, v: slots[0] },
      }
    case 'rmsprop':
      return {
        kind: 'rmsprop',
        lr,
        beta2: optimizer.decay,
        eps,
        convention: 'v = beta2 v + (1 - beta2) g^2; w -= lr g / (sqrt(v) + eps)',
        batch: positions,
        state: { t, v: slots[0] },
      }
    case 'adam':
      return {
        kind: 'adam',
        lr,
        beta1: optimizer.beta1,
        beta2: optimizer.beta2,
        eps,
        convention: 'bias-corrected; w -= lr mHat / (sqrt(vHat) + eps)',
        batch: positions,
        state: { t, m: slots[0], v: slots[1] },
      }
    case 'nesterov':
      return {
        kind: 'momentum',
        lr,
        momentum: optimizer.momentum,
        nesterov: true,
        convention: 'v = momentum v + g; w -= lr (g + momentum v)',
        batch: positions,
        state: { t, v: slots[0] },
      }
    case 'perturbed':
      return { kind: 'perturbedGD', lr, noiseStd: optimizer.noise, batch: positions, state: { t } }
    default:
      return optimizer.kind satisfies never
  }
}

/**
 * The `problem` part of a snapshot.
 *
 * @param eps as the engine used it, since the experiment may leave it open.
 */
export function problemOf(resolved: ResolvedProblem, eps: number): Problem {
  const { spec, dataset, kind } = resolved
  if (!isDenseNetwork(spec)) throw new DomainFault('problemOf: not a stack of dense layers, got convolutions, expected dense layers')
  const { train } = dataset
  const last = spec.layers[spec.layers.length - 1]
  const first = spec.layers[0]
  const squared = spec.loss.kind === 'squaredError'
  return {
    model: {
      kind,
      activation: spec.layers.length > 1 ? ACTIVATION_NAMES[first.activation] : 'linear',
      outputActivation: ACTIVATION_NAMES[last.activation],
      parameterization: spec.layers.some((layer) => layer.forwardScale !== 1) ? 'ntk' : 'standard',
      skip: false,
      batchNorm: false,
      outputScale: 1,
      biasScale: first.biasScale,
      denseLayout: 'out_in',
      inputShape: dataset.imageShape ?? [dataset.inputWidth, 1, 1],
    },
    loss: squared
      ? { kind: 'mse', reduction: spec.loss.reduction === 'mean' ? 'halfMean' : 'halfSum' }
      : { kind: 'softmaxCrossEntropy', reduction: spec.loss.reduction },
    weights: jsonWeights(kind, spec, resolved.startWeights),
    ...(resolved.weights === resolved.startWeights ? {} : { weights2: jsonWeights(kind, spec, resolved.weights) }),
    inputs: jsonMatrix(train.inputs, dataset.inputWidth),
    targets: train.labels === null || squared ? jsonMatrix(train.targets, dataset.outputWidth) : Array.from(train.labels),
    batches: resolved.batches.map((batch) => Array.from(batch)),
    pairs: resolved.pairs.map(([a, b]) => [Array.from(a), Array.from(b)] as const),
    optimizer: jsonOptimizer(resolved.optimizer, eps, resolved.optimizerState, resolved.optimizerBatch),
  }
}
