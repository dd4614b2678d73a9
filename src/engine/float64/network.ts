// A network as the passes need it: spec, passes and places of its layers.
import { layerParameterCount, parameterCount, type DenseLayerSpec, type NetworkSpec } from '../../core/networkSpec.ts'
import { ShapeFault, UnsupportedFault } from '../../core/faults.ts'
import { densePasses } from './denseLayer.ts'
import type { LayerPasses } from './layerPasses.ts'
import { lossFunction, type LossFunction } from './losses.ts'

export interface NetworkLayer {
  readonly shape: DenseLayerSpec
  readonly passes: LayerPasses
  /** Start and end of the layer's block in a flat vector. */
  readonly start: number
  readonly end: number
}

export interface Network {
  readonly layers: readonly NetworkLayer[]
  readonly parameterCount: number
  readonly inputWidth: number
  readonly outputWidth: number
  readonly loss: LossFunction
}

/** @throws {ShapeFault} when there is no layer, or one does not take what the one before gives. */
export function createNetwork(spec: NetworkSpec): Network {
  if (spec.layers.length === 0) throw new ShapeFault('createNetwork: no layers, got 0, expected at least 1')
  const layers: NetworkLayer[] = []
  let start = 0
  let width = -1
  for (const [index, shape] of spec.layers.entries()) {
    if (shape.kind !== 'dense') throw new UnsupportedFault(`createNetwork: layer ${index} of kind ${shape.kind}, expected dense`)
    if (index > 0 && width !== shape.fanIn) {
      throw new ShapeFault(`createNetwork: layer ${index} takes ${shape.fanIn} numbers, expected ${width}`)
    }
    const end = start + layerParameterCount(shape)
    layers.push({ shape, passes: densePasses(shape), start, end })
    start = end
    width = shape.fanOut
  }
  return {
    layers,
    parameterCount: parameterCount(spec),
    inputWidth: layers[0].shape.fanIn,
    outputWidth: width,
    loss: lossFunction(spec.loss.kind),
  }
}

/** The layer's part of a flat vector, as a view. */
export function blockOf(flat: Float64Array, layer: NetworkLayer): Float64Array {
  return flat.subarray(layer.start, layer.end)
}
