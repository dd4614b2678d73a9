// What is the gradient of one layer's parameters, from the records of the passes? W, b, gamma, beta; whole, per row, or moved.
import { dispose, type Tensor2D } from '@tensorflow/tfjs-core'
import { isWeighted, type LayerSpec, type NetworkSpec } from '../../core/networkSpec.ts'
import { addProducts } from './product.ts'
import { NO_TENSORS, type LayerPlaces, type LayerTensors } from './layerTensors.ts'
import { linearLayer } from './linearLayer.ts'
import { normGradientTangent } from './normCurvature.ts'
import { normGradient, normSampleGradients } from './normLayer.ts'
import { normRecord, type ForwardRecord, type LayerBackward, type LayerBackwardTangent, type TangentRecord } from './passRecords.ts'

/** Gradient of one layer, summed over the rows of each lane. */
export function layerGradient(
  spec: NetworkSpec,
  index: number,
  layers: readonly LayerTensors[],
  record: ForwardRecord,
  gradients: readonly LayerBackward[],
): LayerTensors {
  const layer = spec.layers[index]
  const linear = linearLayer(layer).gradient(record.layers[index].prepared, gradients[index].z)
  const norm = normOf(layer)
  if (norm === null) return { ...NO_TENSORS, ...linear }
  return { ...linear, ...normGradient(norm.layer, norm.norm, layers[index], normRecord(record, index), gradients[index].n) }
}

/** `layerGradient`, written to these places. */
export function layerGradientInto(
  spec: NetworkSpec,
  index: number,
  layers: readonly LayerTensors[],
  record: ForwardRecord,
  gradients: readonly LayerBackward[],
  into: LayerPlaces,
): void {
  const layer = spec.layers[index]
  linearLayer(layer).gradientInto(record.layers[index].prepared, gradients[index].z, into)
  const norm = normOf(layer)
  if (norm !== null) normGradient(norm.layer, norm.norm, layers[index], normRecord(record, index), gradients[index].n, into)
}

/** R-operator of `layerGradient`. */
export function layerGradientTangent(
  spec: NetworkSpec,
  index: number,
  layers: readonly LayerTensors[],
  record: ForwardRecord,
  tangents: TangentRecord,
  gradients: readonly LayerBackward[],
  moved: readonly LayerBackwardTangent[],
): LayerTensors {
  const layer = spec.layers[index]
  const tangent = tangents.layers[index]
  const { prepared } = record.layers[index]
  const linear = linearLayer(layer).gradientTangent(prepared, tangent.prepared, gradients[index].z, moved[index].z)
  const norm = normOf(layer)
  if (norm === null) return { ...NO_TENSORS, ...linear }
  const own = normRecord(record, index)
  const { n } = gradients[index]
  return { ...linear, ...normGradientTangent(norm.layer, norm.norm, layers[index], own, tangent.normalised!, n, moved[index].n) }
}

/** Gradients of single rows, [1, lanes * n, entries] each; of gamma and beta together as (beta, gamma) per channel. */
export function layerSampleGradients(
  spec: NetworkSpec,
  index: number,
  layers: readonly LayerTensors[],
  record: ForwardRecord,
  gradients: LayerBackward,
) {
  const linear = linearLayer(spec.layers[index]).sampleGradients(record.layers[index].prepared, gradients.z)
  const norm = normOf(spec.layers[index])
  const pairs = norm === null ? null : normSampleGradients(norm.layer, norm.norm, layers[index], normRecord(record, index), gradients.n)
  return { ...linear, pairs }
}

/**
 * Adds a layer's share of the products of gradients of single rows to the upper half of `sum`, which is used up.
 *
 * @param weightFactor of W; biasFactor of all else: powers of two that bring layers of different stored exponents together.
 */
export function addLayerGram(
  spec: NetworkSpec,
  index: number,
  layers: readonly LayerTensors[],
  record: ForwardRecord,
  gradients: LayerBackward,
  sum: Tensor2D,
  weightFactor: number,
  biasFactor: number,
): Tensor2D {
  const layer = spec.layers[index]
  if (!isWeighted(layer)) return sum
  const linear = linearLayer(layer).addGramShare(record.layers[index].prepared, gradients.z, sum, weightFactor, biasFactor)
  sum.dispose()
  const norm = normOf(layer)
  if (norm === null) return linear
  const pairs = normSampleGradients(norm.layer, norm.norm, layers[index], normRecord(record, index), gradients.n)
  const total = addProducts(pairs, sum.shape[0], linear, biasFactor)
  dispose([pairs, linear])
  return total
}

function normOf(layer: LayerSpec) {
  return isWeighted(layer) && layer.norm !== undefined ? { layer, norm: layer.norm } : null
}
