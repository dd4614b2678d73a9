// Has the tangent kernel moved since the start?
import { ShapeFault } from '../core/faults.ts'
import { norm } from '../numerics/logMagnitude.ts'

/**
 * Relative drift |K_t - K_0|_F / |K_0|_F; 0 at the start, NaN when K_0 is zero.
 *
 * Source: Liu, Zhu, Belkin 2020, section 6 (relative change of the tangent kernel).
 *
 * @throws {ShapeFault} when the sizes differ.
 */
export function kernelDrift(kernel: Float64Array, kernelAtStart: Float64Array): number {
  if (kernel.length !== kernelAtStart.length) {
    throw new ShapeFault(`kernelDrift: kernels of ${kernel.length} and ${kernelAtStart.length} entries, expected equal sizes`)
  }
  return norm(kernel.map((entry, i) => entry - kernelAtStart[i])) / norm(kernelAtStart)
}
