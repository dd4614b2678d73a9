// How are layers and flat weights written as a `weights` list? The inverse of `parseLayers`.
import { channelsOf, fansOf, imageAfter, isWeighted, weightCount } from '../../core/networkSpec.ts'
import type { LayerSpec, NetworkSpec, PoolLayerSpec, WeightedLayerSpec } from '../../core/networkSpec.ts'
import { jsonRow, type JsonLayer, type JsonPlainLayer, type JsonTensor } from '../../core/snapshot.ts'
import { ACTIVATION_NAMES } from './activationNames.ts'
import type { LayerEntry } from './parseLayers.ts'

/** The entries of a network of ours: a flatten stands where an image meets a dense layer. */
export function layerEntries({ layers }: NetworkSpec): readonly LayerEntry[] {
  return layers.flatMap((layer, position): LayerEntry[] => {
    const before = position === 0 ? undefined : layers[position - 1]
    const isFlattened = layer.kind === 'dense' && before !== undefined && before.kind !== 'dense' && isImage(before)
    return isFlattened ? ['flatten', position] : [position]
  })
}

function isImage(layer: Exclude<LayerSpec, { kind: 'dense' }>): boolean {
  const [height, width] = imageAfter(layer)
  return height * width > 1
}

/** For each weighted layer its position in the `weights` list. */
export function weightedPositions({ layers }: NetworkSpec, entries: readonly LayerEntry[]): readonly number[] {
  return entries.flatMap((entry, i) => (entry !== 'flatten' && isWeighted(layers[entry]) ? [i] : []))
}

/** True where every layer has the factor of the NTK parameterization, and one of them shows it. */
export function isNtkParameterized({ layers }: NetworkSpec): boolean {
  const weighted = layers.filter(isWeighted)
  return weighted.some(({ forwardScale }) => forwardScale !== 1) && weighted.every((layer) => layer.forwardScale === ntkScale(layer))
}

function ntkScale(layer: WeightedLayerSpec): number {
  return 1 / Math.sqrt(fansOf(layer).fanIn)
}

/** The list; `flat` is [P]. */
export function jsonLayers(
  spec: NetworkSpec,
  flat: Float64Array,
  entries: readonly LayerEntry[],
  trainable: readonly boolean[],
): readonly JsonLayer[] {
  const isNtk = isNtkParameterized(spec)
  let offset = 0
  let weighted = 0
  const take = (shape: readonly number[]): JsonTensor => {
    const size = shape.reduce((product, extent) => product * extent, 1)
    offset += size
    return { shape, data: jsonRow(flat.subarray(offset - size, offset)) }
  }
  return entries.map((entry): JsonLayer => {
    if (entry === 'flatten') return { type: 'flatten', order: 'CHW' }
    const layer = spec.layers[entry]
    return isWeighted(layer) ? jsonWeighted(layer, take, isNtk, trainable[weighted++]) : jsonPool(layer)
  })
}

function jsonPool({ pooling, size, stride }: PoolLayerSpec): JsonPlainLayer {
  if (pooling === 'globalAverage') return { type: 'globalAvgPool' }
  return { type: pooling === 'max' ? 'maxPool' : 'avgPool', size, stride }
}

function jsonWeighted(
  layer: WeightedLayerSpec,
  take: (shape: readonly number[]) => JsonTensor,
  isNtk: boolean,
  trainable: boolean,
): JsonLayer {
  const channels = channelsOf(layer)
  const W = take([channels, ...inputExtents(layer)])
  const frozen = layer.norm?.frozen ?? null
  const statistics = (values: Float64Array): JsonTensor => ({ shape: [channels], data: jsonRow(values) })
  const rest = {
    ...(layer.bias ? { b: take([channels]) } : {}),
    ...(layer.norm === undefined ? {} : { gamma: take([channels]), beta: take([channels]) }),
    ...(frozen === null ? {} : { runningMean: statistics(frozen.mean), runningVar: statistics(frozen.variance) }),
    activation: ACTIVATION_NAMES[layer.activation],
    ...(isNtk || layer.forwardScale === 1 ? {} : { scale: layer.forwardScale }),
    trainable,
  }
  if (layer.kind === 'dense') return { type: 'dense', W, ...rest }
  const { stride, padding, paddingMode } = layer
  return { type: 'conv', W, ...rest, stride, padding, paddingMode }
}

/** What follows `out` in the shape of W. */
function inputExtents(layer: WeightedLayerSpec): readonly number[] {
  return layer.kind === 'conv' ? [layer.inChannels, layer.kernel, layer.kernel] : [weightCount(layer) / layer.fanOut]
}
