// Which layers and numbers does a `weights` list hold?
//
// Shapes are followed from the input on, so that every layer is checked against what really reaches it and an error
// names the entry that does not fit. Where an image becomes a vector stands in the list, because its order matters.
import { channelsOf, imageAfter, inputWidthOf, isWeighted, outputWidthOf } from '../../core/networkSpec.ts'
import type { LayerSpec, NormSpec, SkipSpec, WeightedLayerSpec } from '../../core/networkSpec.ts'
import { choiceAt, listAt, neutral, numberAt, numbersAt, objectAt, refuse, type Json } from '../../core/strictJson.ts'
import { activationAt } from './activationNames.ts'
import { integerAt, type ParsedModel } from './parseModel.ts'

/** One entry of a `weights` list: a position in `NetworkSpec.layers`, or where an image becomes a vector. */
export type LayerEntry = number | 'flatten'

export interface ParsedLayers {
  readonly layers: readonly LayerSpec[]
  readonly entries: readonly LayerEntry[]
  /** [P]. */
  readonly flat: Float64Array
  /** Per weighted layer. */
  readonly trainable: readonly boolean[]
}

/** What leaves the layers so far; null before the first one of a network of vectors, which says its own width. */
type Signal =
  | { readonly type: 'vector'; readonly width: number }
  | { readonly type: 'image'; readonly shape: readonly [number, number, number] }
  | null

/** Reads `problem.weights` or `problem.weights2`. @throws {DomainFault} with the entry that cannot be. */
export function parseLayers(value: unknown, where: string, model: ParsedModel): ParsedLayers {
  const list = listAt(value, where)
  const types = list.map((entry, i) => typeAt(entry, `${where}[${i}]`, model))
  const lastWeighted = Math.max(types.lastIndexOf('dense'), types.lastIndexOf('conv'))
  if (lastWeighted < 0) refuse(where, 'no layer', list.length, 'at least 1 with weights')
  if (types.slice(lastWeighted + 1).some((type) => type !== 'flatten'))
    refuse(`${where}[${list.length - 1}]`, 'a pool at the end', types[list.length - 1], 'a layer with weights')
  const layers: LayerSpec[] = []
  const entries: LayerEntry[] = []
  const numbers: Float64Array[] = []
  const trainable: boolean[] = []
  let signal: Signal = model.kind === 'cnn' ? { type: 'image', shape: model.inputShape! } : null
  for (const [i, type] of types.entries()) {
    const at = `${where}[${i}]`
    if (type === 'flatten') {
      if (signal?.type !== 'image') refuse(at, 'nothing to flatten', 'a vector', 'an image')
      neutral(objectAt(list[i], at), at, 'order', 'CHW')
      signal = { type: 'vector', width: signal.shape[0] * signal.shape[1] * signal.shape[2] }
      entries.push('flatten')
      continue
    }
    if (type === 'dense' || type === 'conv') {
      const object = typeof list[i] === 'number' ? { type, W: { shape: [1, 1], data: [list[i]] } } : objectAt(list[i], at)
      const { layer, parts } = weightedAt(object, type, at, signal, model, i === lastWeighted)
      numbers.push(...parts)
      trainable.push(trainableAt(object, at))
      layers.push(layer)
    } else layers.push(poolAt(objectAt(list[i], at), type, at, signal))
    entries.push(layers.length - 1)
    const layer = layers[layers.length - 1]
    signal =
      layer.kind === 'dense' ? { type: 'vector', width: layer.fanOut } : { type: 'image', shape: [channelsOf(layer), ...imageAfter(layer)] }
  }
  return { layers: withSkips(layers, model.skip), entries, flat: joined(numbers), trainable }
}

const TYPES = ['dense', 'conv', 'flatten', 'globalAvgPool', 'avgPool', 'maxPool'] as const

function typeAt(entry: unknown, where: string, model: ParsedModel): (typeof TYPES)[number] {
  const type = typeof entry === 'number' ? 'dense' : choiceAt(objectAt(entry, where).type, `${where}.type`, TYPES)
  if (model.kind !== 'cnn' && type !== 'dense') refuse(`${where}.type`, `not a layer of a model of kind ${model.kind}`, type, 'dense')
  return type
}

function trainableAt(layer: Json, where: string): boolean {
  if (layer.trainable === undefined) return true
  if (typeof layer.trainable !== 'boolean') refuse(`${where}.trainable`, 'not a flag', layer.trainable, 'true | false')
  return layer.trainable
}

function weightedAt(
  object: Json,
  type: 'dense' | 'conv',
  where: string,
  signal: Signal,
  model: ParsedModel,
  isLast: boolean,
): { readonly layer: WeightedLayerSpec; readonly parts: readonly Float64Array[] } {
  const W = tensorAt(object.W, `${where}.W`)
  const geometry = type === 'dense' ? denseAt(W.shape, where, signal) : convAt(object, W.shape, where, signal, model)
  const { channels, fanIn } = geometry
  const b = vectorAt(object, where, 'b', channels)
  const norm = normAt(object, where, isLast ? null : model.norm, channels)
  const after = {
    bias: b !== null,
    activation:
      object.activation === undefined
        ? isLast
          ? model.outputActivation
          : model.activation
        : activationAt(object.activation, `${where}.activation`),
    forwardScale: scaleAt(object.scale, `${where}.scale`, model.isNtk, fanIn),
    biasScale: model.biasScale,
    ...(norm === null ? {} : { norm: norm.spec }),
  }
  return {
    layer: { ...geometry.shape, ...after },
    parts: [W.data, ...(b === null ? [] : [b]), ...(norm === null ? [] : [norm.gamma, norm.beta])],
  }
}

type Geometry = { readonly channels: number; readonly fanIn: number }

function denseAt(shape: readonly number[], where: string, signal: Signal) {
  if (shape.length !== 2) refuse(`${where}.W.shape`, 'wrong rank', shape, '[out, in]')
  const [fanOut, fanIn] = shape
  if (signal?.type === 'image' && signal.shape[1] * signal.shape[2] > 1)
    refuse(`${where}.type`, 'an image reaches a dense layer', signal.shape, 'a flatten before it')
  const width = signal === null ? fanIn : signal.type === 'vector' ? signal.width : signal.shape[0]
  if (fanIn !== width) refuse(`${where}.W.shape`, 'does not fit the layer before', fanIn, `${width} inputs`)
  const geometry: Geometry = { channels: fanOut, fanIn }
  return { ...geometry, shape: { kind: 'dense', fanIn, fanOut } as const }
}

function convAt(object: Json, shape: readonly number[], where: string, signal: Signal, model: ParsedModel) {
  if (signal?.type !== 'image') refuse(`${where}.type`, 'a vector reaches a convolution', 'a vector', 'an image')
  if (shape.length !== 4 || shape[2] !== shape[3]) refuse(`${where}.W.shape`, 'wrong shape', shape, '[out, in, k, k]')
  const [outChannels, inChannels, kernel] = shape
  if (kernel % 2 === 0) refuse(`${where}.W.shape`, 'an even filter', kernel, 'an odd side')
  const [channels, height, width] = signal.shape
  if (inChannels !== channels) refuse(`${where}.W.shape`, 'does not fit the layer before', inChannels, `${channels} channels`)
  const stride = integerAt(object.stride, `${where}.stride`, 1, 1e6)
  const padding = integerAt(object.padding, `${where}.padding`, 0, 1e6)
  const paddingMode =
    object.paddingMode === undefined
      ? (model.paddingMode ?? (padding === 0 ? 'zero' : refuse(`${where}.paddingMode`, 'missing', undefined, 'zero | circular')))
      : choiceAt(object.paddingMode, `${where}.paddingMode`, ['zero', 'circular'])
  if (paddingMode === 'circular' && padding > Math.min(height, width))
    refuse(`${where}.padding`, 'wider than the image', padding, `at most ${Math.min(height, width)}`)
  if (kernel > Math.min(height, width) + 2 * padding)
    refuse(`${where}.W.shape`, 'a filter wider than the padded image', kernel, `at most ${Math.min(height, width) + 2 * padding}`)
  const geometry: Geometry = { channels: outChannels, fanIn: inChannels * kernel * kernel }
  return {
    ...geometry,
    shape: { kind: 'conv', inChannels, outChannels, height, width, kernel, stride, padding, paddingMode } as const,
  }
}

function poolAt(object: Json, type: 'globalAvgPool' | 'avgPool' | 'maxPool', where: string, signal: Signal): LayerSpec {
  if (signal?.type !== 'image') refuse(`${where}.type`, 'a vector reaches a pool', 'a vector', 'an image')
  const [channels, height, width] = signal.shape
  const image = { kind: 'pool', channels, height, width } as const
  if (type === 'globalAvgPool') return { ...image, pooling: 'globalAverage', size: 1, stride: 1 }
  neutral(object, where, 'padding', 0)
  const size = integerAt(object.size, `${where}.size`, 1, Math.min(height, width))
  const stride = integerAt(object.stride, `${where}.stride`, 1, 1e6)
  return { ...image, pooling: type === 'maxPool' ? 'max' : 'average', size, stride }
}

function normAt(object: Json, where: string, norm: ParsedModel['norm'], channels: number) {
  if (norm === null) {
    for (const field of ['gamma', 'beta']) neutral(object, where, field, null)
    return null
  }
  const one = (field: string): Float64Array =>
    vectorAt(object, where, field, channels) ?? refuse(`${where}.${field}`, 'missing', undefined, `a tensor of shape [${channels}]`)
  const frozen = norm.frozen ? { mean: one('runningMean'), variance: one('runningVar') } : null
  frozen?.variance.forEach((entry, i) => numberAt(entry, `${where}.runningVar.data[${i}]`, 0, Infinity))
  const spec: NormSpec = { kind: norm.kind, eps: norm.eps, frozen }
  return { spec, gamma: one('gamma'), beta: one('beta') }
}

/** Blocks follow each other from hidden layer `first` on; only whole ones whose ends have one shape get a skip. */
function withSkips(layers: readonly LayerSpec[], skip: ParsedModel['skip']): readonly LayerSpec[] {
  if (skip === null) return layers
  const { span, first, ...how } = skip
  const hidden = layers.flatMap((layer, position) => (isWeighted(layer) && position < layers.length - 1 ? [position] : []))
  const skips = new Map<number, SkipSpec>()
  for (let start = first; start + span <= hidden.length; start += span) {
    const [from, to] = [hidden[start], hidden[start + span - 1]]
    const [input, output] = [layers[from], layers[to]]
    const channelsIn = input.kind === 'conv' ? input.inChannels : inputWidthOf(input)
    if (channelsIn === channelsOf(output) && inputWidthOf(input) === outputWidthOf(output)) skips.set(to, { from, ...how })
  }
  return layers.map((layer, position) => (skips.has(position) && isWeighted(layer) ? { ...layer, skip: skips.get(position)! } : layer))
}

function scaleAt(value: unknown, where: string, isNtk: boolean, fanIn: number): number {
  const own = isNtk ? 1 / Math.sqrt(fanIn) : 1
  if (value === undefined) return own
  const scale = numberAt(value, where)
  // Which of the two factors would be meant is not ours to guess.
  if (isNtk && scale !== 1 && scale !== own) refuse(where, 'a second factor', scale, 'none in the ntk parameterization')
  return isNtk ? own : scale
}

function tensorAt(value: unknown, where: string): { readonly shape: readonly number[]; readonly data: Float64Array } {
  const tensor = objectAt(value, where)
  const shape = listAt(tensor.shape, `${where}.shape`).map((extent, i) => integerAt(extent, `${where}.shape[${i}]`, 1, 1e7))
  const size = shape.reduce((product, extent) => product * extent, 1)
  return { shape, data: numbersAt(tensor.data, `${where}.data`, size) }
}

/** [length], or null where there is none. */
function vectorAt(object: Json, where: string, field: string, length: number): Float64Array | null {
  if (object[field] === undefined || object[field] === null) return null
  const { shape, data } = tensorAt(object[field], `${where}.${field}`)
  if (data.length !== length) refuse(`${where}.${field}.shape`, 'wrong size', shape, `[${length}]`)
  return data
}

function joined(parts: readonly Float64Array[]): Float64Array {
  const flat = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0))
  let offset = 0
  for (const part of parts) {
    flat.set(part, offset)
    offset += part.length
  }
  return flat
}
