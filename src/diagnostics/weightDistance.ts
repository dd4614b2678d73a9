// How far have the weights gone from where they started?
import { ShapeFault } from '../core/faults.ts'
import { norm } from '../numerics/logMagnitude.ts'

/** Euclidean distance |w_t - w_0|. @throws {ShapeFault} when the sizes differ. */
export function weightDistance(weights: Float64Array, start: Float64Array): number {
  if (weights.length !== start.length)
    throw new ShapeFault(`weightDistance: ${weights.length} and ${start.length} weights, expected equal numbers`)
  return norm(weights.map((weight, i) => weight - start[i]))
}
