// How is a run written down so that other software can recompute it?
//
// The inverse of `parseProblem`: what stands here must resolve to the same network, samples and slots, so
// that measuring a snapshot's problem gives the snapshot's numbers again.
import { isWeighted, type LayerSpec, type NetworkSpec, type NormSpec } from '../../core/networkSpec.ts'
import { jsonMatrix, jsonRow, type JsonModel, type Problem } from '../../core/snapshot.ts'
import { ACTIVATION_NAMES } from './activationNames.ts'
import { isNtkParameterized, jsonLayers } from './jsonLayers.ts'
import { jsonOptimizer } from './jsonOptimizer.ts'
import type { ResolvedProblem } from './parseProblem.ts'

/**
 * The `problem` part of a snapshot.
 *
 * @param eps as the engine used it, since the experiment may leave it open.
 */
export function problemOf(resolved: ResolvedProblem, eps: number): Problem {
  const { spec, startSpec, dataset, kind, entries, trainable } = resolved
  const { train } = dataset
  const weights = (own: NetworkSpec, flat: Float64Array) => (kind === 'chain' ? jsonRow(flat) : jsonLayers(own, flat, entries, trainable))
  return {
    model: jsonModel(resolved),
    loss: jsonLoss(spec),
    weights: weights(startSpec, resolved.startWeights),
    ...(resolved.weights === resolved.startWeights ? {} : { weights2: weights(spec, resolved.weights) }),
    inputs: jsonMatrix(train.inputs, dataset.inputWidth),
    targets:
      train.labels === null || spec.loss.kind !== 'softmaxCrossEntropy'
        ? jsonMatrix(train.targets, dataset.outputWidth)
        : Array.from(train.labels),
    batches: resolved.batches.map((batch) => Array.from(batch)),
    pairs: resolved.pairs.map(([a, b]) => [Array.from(a), Array.from(b)] as const),
    optimizer: jsonOptimizer(resolved, eps),
  }
}

/** The norm of the hidden layers, which all have the same kind; null without one. */
export function normOf({ layers }: NetworkSpec): NormSpec | null {
  for (const layer of layers) if (isWeighted(layer) && layer.norm !== undefined) return layer.norm
  return null
}

function jsonModel({ spec, dataset, kind, skip }: ResolvedProblem): JsonModel {
  const weighted = spec.layers.filter(isWeighted)
  const norm = normOf(spec)
  const conv = weighted.find((layer) => layer.kind === 'conv')
  return {
    kind,
    activation: weighted.length > 1 ? ACTIVATION_NAMES[weighted[0].activation] : 'linear',
    outputActivation: ACTIVATION_NAMES[weighted[weighted.length - 1].activation],
    parameterization: isNtkParameterized(spec) ? 'ntk' : 'standard',
    skip: skip ?? false,
    batchNorm: norm?.kind === 'batch',
    ...(norm?.kind === 'batch' ? { bnEps: norm.eps, bnMode: norm.frozen === null ? ('train' as const) : ('eval' as const) } : {}),
    ...(norm?.kind === 'layer' ? { layerNorm: true as const, lnEps: norm.eps } : {}),
    outputScale: 1,
    biasScale: weighted[0].biasScale,
    denseLayout: 'out_in',
    ...(kind === 'cnn' ? { convLayout: 'OIHW' as const, dataLayout: 'NCHW' as const } : {}),
    ...(conv === undefined ? {} : { paddingMode: conv.paddingMode }),
    inputShape: inputShape(spec.layers[0], dataset),
  }
}

/** An image as the first layer sees it, which for a data set of vectors is one column. */
function inputShape(first: LayerSpec, { imageShape, inputWidth }: ResolvedProblem['dataset']): JsonModel['inputShape'] {
  if (first.kind === 'conv') return [first.inChannels, first.height, first.width]
  if (first.kind === 'pool') return [first.channels, first.height, first.width]
  return imageShape ?? [inputWidth, 1, 1]
}

function jsonLoss({ loss }: NetworkSpec): Problem['loss'] {
  if (loss.kind === 'squaredError') return { kind: 'mse', reduction: loss.reduction === 'mean' ? 'halfMean' : 'halfSum' }
  return { kind: loss.kind, reduction: loss.reduction }
}
