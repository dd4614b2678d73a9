// How do flat vectors of the outside become tensors and come back?
//
// Flat: layer by layer, W as [out, in] row-major, then b. Inside: one tensor per W and per b with a leading lane axis,
// in the same order, so a lane of the flat vectors is only cut, never transposed.
import { tensor3d, type Tensor3D } from '@tensorflow/tfjs-core'
import { ShapeFault } from '../../core/faults.ts'
import { parameterCount, type DenseLayerSpec, type DenseNetworkSpec } from '../../core/networkSpec.ts'
import type { LayerTensors } from './denseLayer.ts'

/**
 * Tensors of flat float64 vectors, rounded to float32; one lane per vector.
 *
 * @throws {ShapeFault} when a vector does not hold P entries.
 */
export function tensorsOf(spec: DenseNetworkSpec, vectors: readonly Float64Array[]): LayerTensors[] {
  const count = parameterCount(spec)
  for (const vector of vectors) {
    if (vector.length !== count) throw new ShapeFault(`tensorsOf: vector of ${vector.length} entries, expected P = ${count}`)
  }
  let offset = 0
  return spec.layers.map((layer) => {
    const weight = stacked(vectors, offset, layer.fanOut, layer.fanIn)
    offset += layer.fanOut * layer.fanIn
    const bias = layer.bias ? stacked(vectors, offset, 1, layer.fanOut) : null
    if (layer.bias) offset += layer.fanOut
    return { weight, bias }
  })
}

/** The tensors of a network in the order of the flat vector: W, b, W, b, ... without the missing biases. */
export function flatOrder(layers: readonly LayerTensors[]): Tensor3D[] {
  return layers.flatMap(({ weight, bias }) => (bias === null ? [weight] : [weight, bias]))
}

/** Layers from tensors in flat order, the inverse of `flatOrder`. */
export function layersOf(spec: DenseNetworkSpec, tensors: readonly Tensor3D[]): LayerTensors[] {
  let next = 0
  return spec.layers.map((layer) => ({ weight: tensors[next++], bias: layer.bias ? tensors[next++] : null }))
}

/**
 * Flat float64 vectors from what was read of the tensors in flat order, each [lanes, entries].
 *
 * @param scales per tensor, an exact power of two that every entry is multiplied by.
 */
export function vectorsOf(parts: readonly Float32Array[], lanes: number, scales?: readonly number[]): Float64Array[] {
  const total = parts.reduce((sum, part) => sum + part.length / lanes, 0)
  return Array.from({ length: lanes }, (_, lane) => {
    const vector = new Float64Array(total)
    let offset = 0
    for (const [index, part] of parts.entries()) {
      const size = part.length / lanes
      const scale = scales?.[index] ?? 1
      for (let i = 0; i < size; i++) vector[offset + i] = part[lane * size + i] * scale
      offset += size
    }
    return vector
  })
}

/** Widths of W and b per layer, for estimates. */
export function entriesOf(layer: DenseLayerSpec): number {
  return layer.fanOut * (layer.fanIn + (layer.bias ? 1 : 0))
}

function stacked(vectors: readonly Float64Array[], offset: number, rows: number, columns: number): Tensor3D {
  const size = rows * columns
  const values = new Float32Array(vectors.length * size)
  for (const [lane, vector] of vectors.entries()) values.set(vector.subarray(offset, offset + size), lane * size)
  return tensor3d(values, [vectors.length, rows, columns])
}
