// How do flat vectors of the outside become tensors and come back?
//
// Flat: layer by layer, W row-major, then b, gamma, beta. Inside: one tensor per part with a leading lane axis, in the same
// order, so a lane of the flat vectors is only cut, never transposed.
import { tensor3d, type Tensor3D } from '@tensorflow/tfjs-core'
import { ShapeFault } from '../../core/faults.ts'
import { channelsOf, isWeighted, parameterCount, weightCount, type LayerSpec, type NetworkSpec } from '../../core/networkSpec.ts'
import type { LayerTensors } from './layerTensors.ts'

/** Which parts a layer has, and [rows, columns] of each. */
function partsOf(layer: LayerSpec): Readonly<Record<keyof LayerTensors, readonly [number, number] | null>> {
  if (!isWeighted(layer)) return { weight: null, bias: null, gamma: null, beta: null }
  const channels = channelsOf(layer)
  const perChannel = [1, channels] as const
  return {
    weight: [channels, weightCount(layer) / channels],
    bias: layer.bias ? perChannel : null,
    gamma: layer.norm === undefined ? null : perChannel,
    beta: layer.norm === undefined ? null : perChannel,
  }
}

/** Layers of what `make` gives for each part, asked in flat order. */
function layersBy<Value>(spec: NetworkSpec, make: (rows: number, columns: number) => Value): Record<keyof LayerTensors, Value | null>[] {
  return spec.layers.map((layer) => {
    const parts = partsOf(layer)
    const value = (part: keyof LayerTensors) => (parts[part] === null ? null : make(parts[part][0], parts[part][1]))
    return { weight: value('weight'), bias: value('bias'), gamma: value('gamma'), beta: value('beta') }
  })
}

/**
 * Tensors of flat float64 vectors, rounded to float32; one lane per vector.
 *
 * @throws {ShapeFault} when a vector does not hold P entries.
 */
export function tensorsOf(spec: NetworkSpec, vectors: readonly Float64Array[]): LayerTensors[] {
  const count = parameterCount(spec)
  for (const vector of vectors) {
    if (vector.length !== count) throw new ShapeFault(`tensorsOf: vector of ${vector.length} entries, expected P = ${count}`)
  }
  let offset = 0
  return layersBy(spec, (rows, columns) => {
    const tensor = stacked(vectors, offset, rows, columns)
    offset += rows * columns
    return tensor
  })
}

/** Layers from tensors in flat order, the inverse of `flatOrder`. */
export function layersOf(spec: NetworkSpec, tensors: readonly Tensor3D[]): LayerTensors[] {
  let next = 0
  return layersBy(spec, () => tensors[next++])
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

function stacked(vectors: readonly Float64Array[], offset: number, rows: number, columns: number): Tensor3D {
  const size = rows * columns
  const values = new Float32Array(vectors.length * size)
  for (const [lane, vector] of vectors.entries()) values.set(vector.subarray(offset, offset + size), lane * size)
  return tensor3d(values, [vectors.length, rows, columns])
}
