// A network as the passes need it: spec, passes and places of its layers.
import {
  inputWidthOf,
  isWeighted,
  layerParameterCount,
  networkWidths,
  outputWidthOf,
  parameterCount,
  trainedCount,
  weightCount,
  channelsOf,
  type LayerSpec,
  type NetworkSpec,
  type NormSpec,
  type PoolLayerSpec,
  type SkipSpec,
  type WeightedLayerSpec,
} from '../../core/networkSpec.ts'
import { ShapeFault } from '../../core/faults.ts'
import { convPasses } from './convLayer.ts'
import { densePasses } from './denseLayer.ts'
import type { LayerPasses } from './layerPasses.ts'
import { lossFunction, type LossFunction } from './losses.ts'
import { normPasses, type NormPasses } from './normLayer.ts'
import { piecesOfPart } from '../parts.ts'
import { poolPasses, type PoolPasses } from './poolLayer.ts'

/** What all layers have; start and end of the layer's block in a flat vector. */
interface Place {
  readonly inputWidth: number
  readonly outputWidth: number
  readonly start: number
  readonly end: number
  /** Multiplications of its linear map in one pass of one sample; of a pool the entries that it reads. */
  readonly work: number
  /** Samples that go through it before it is time to give way. */
  readonly rowsAtOnce: number
}

export interface WeightedLayer extends Place {
  readonly kind: 'weighted'
  readonly shape: WeightedLayerSpec
  readonly passes: LayerPasses
  /** What its passes may be cut by. */
  readonly inChannels: number
  readonly outChannels: number
  readonly norm: NormPasses | null
  readonly skip: SkipSpec | null
  /** Where gamma and beta start within the block. */
  readonly affineStart: number
}

export interface PoolLayer extends Place {
  readonly kind: 'pool'
  readonly shape: PoolLayerSpec
  readonly pool: PoolPasses
}

export type NetworkLayer = WeightedLayer | PoolLayer

export interface Network {
  readonly spec: NetworkSpec
  readonly layers: readonly NetworkLayer[]
  /** [L] positions of the layers whose skip adds the input of layer l. */
  readonly skipsFrom: readonly (readonly number[])[]
  /** True where a norm uses the statistics of the rows at hand: then a set goes through in one block. */
  readonly couplesRows: boolean
  readonly parameterCount: number
  /** The first so many of them train. */
  readonly trainedCount: number
  readonly inputWidth: number
  readonly outputWidth: number
  readonly loss: LossFunction
}

/** @throws {ShapeFault} when there is no layer, or one does not take what the one before or its skip gives. */
export function createNetwork(spec: NetworkSpec): Network {
  checkShapes(spec.layers)
  const layers: NetworkLayer[] = []
  let start = 0
  for (const shape of spec.layers) {
    const end = start + layerParameterCount(shape)
    layers.push(networkLayer(shape, start, end))
    start = end
  }
  return {
    spec,
    layers,
    skipsFrom: layers.map((_, l) => layers.flatMap((layer, m) => (layer.kind === 'weighted' && layer.skip?.from === l ? [m] : []))),
    couplesRows: couplesRows(layers),
    parameterCount: parameterCount(spec),
    trainedCount: trainedCount(spec),
    ...networkWidths(spec),
    loss: lossFunction(spec.loss.kind),
  }
}

/** The same network with other norms, position by position; the linear maps are shared. */
export function withNorms(network: Network, normAt: (position: number, norm: NormSpec) => NormSpec): Network {
  const layers = network.layers.map((layer, position): NetworkLayer => {
    if (layer.kind === 'pool' || layer.shape.norm === undefined) return layer
    const shape = { ...layer.shape, norm: normAt(position, layer.shape.norm) }
    return { ...layer, shape, norm: normPasses(shape, shape.norm) }
  })
  return { ...network, layers, spec: { ...network.spec, layers: layers.map(({ shape }) => shape) }, couplesRows: couplesRows(layers) }
}

/** The layer's part of a flat vector, as a view. */
export function blockOf(flat: Float64Array, layer: NetworkLayer): Float64Array {
  return flat.subarray(layer.start, layer.end)
}

/** gamma and beta of the layer in a flat vector, as a view. */
export function affineOf(flat: Float64Array, layer: WeightedLayer): Float64Array {
  return flat.subarray(layer.start + layer.affineStart, layer.end)
}

/** A new layer kind is one file and one line here. */
function networkLayer(shape: LayerSpec, start: number, end: number): NetworkLayer {
  const [inputWidth, outputWidth] = [inputWidthOf(shape), outputWidthOf(shape)]
  const work = isWeighted(shape) ? weightCount(shape) * (outputWidth / channelsOf(shape)) : inputWidth
  const place = { inputWidth, outputWidth, start, end, work, rowsAtOnce: piecesOfPart(work) }
  switch (shape.kind) {
    case 'dense':
      return { ...place, ...afterLinear(shape), passes: densePasses(shape) }
    case 'conv':
      return { ...place, ...afterLinear(shape), passes: convPasses(shape) }
    case 'pool':
      return { ...place, kind: 'pool', shape, pool: poolPasses(shape) }
    default:
      return shape satisfies never
  }
}

function afterLinear(shape: WeightedLayerSpec): Omit<WeightedLayer, keyof Place | 'passes'> {
  return {
    kind: 'weighted',
    shape,
    inChannels: shape.kind === 'conv' ? shape.inChannels : shape.fanIn,
    outChannels: channelsOf(shape),
    norm: shape.norm === undefined ? null : normPasses(shape, shape.norm),
    skip: shape.skip ?? null,
    affineStart: weightCount(shape) + (shape.bias ? channelsOf(shape) : 0),
  }
}

function couplesRows(layers: readonly NetworkLayer[]): boolean {
  return layers.some((layer) => layer.kind === 'weighted' && layer.norm?.couplesRows === true)
}

function checkShapes(layers: readonly LayerSpec[]): void {
  if (layers.length === 0) throw new ShapeFault('createNetwork: no layers, got 0, expected at least 1')
  for (const [l, shape] of layers.entries()) {
    const width = inputWidthOf(shape)
    if (l > 0 && outputWidthOf(layers[l - 1]) !== width) {
      throw new ShapeFault(`createNetwork: layer ${l} takes ${width} numbers, expected ${outputWidthOf(layers[l - 1])}`)
    }
    if (!(outputWidthOf(shape) > 0))
      throw new ShapeFault(`createNetwork: nothing is left behind layer ${l}, got ${outputWidthOf(shape)} numbers`)
    if (shape.kind === 'pool' || shape.skip === undefined) continue
    const { from } = shape.skip
    const added = from >= 0 && from <= l ? inputWidthOf(layers[from]) : null
    if (added !== outputWidthOf(shape)) {
      throw new ShapeFault(`createNetwork: the skip of layer ${l} adds ${added ?? 'no'} numbers, expected ${outputWidthOf(shape)}`)
    }
  }
}
