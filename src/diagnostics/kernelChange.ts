// By how much has the tangent kernel changed in the direction that changed most?
//
// The theory bounds the spectral norm of the change, not the Frobenius norm that the drift is made of. Lanczos on the difference:
// its largest |eigenvalue| alone costs a few products with a matrix that is there anyway.
import { ShapeFault } from '../core/faults.ts'
import type { RandomStream } from '../core/random.ts'
import type { SpectralChange } from '../core/sample.ts'
import { lanczos } from '../numerics/lanczos.ts'
import { binaryExponent, timesPowerOfTwo } from '../numerics/logMagnitude.ts'

const STEPS = 60

/**
 * |K_t - K_0|_2, the largest |eigenvalue| of the difference; 0 at the start. Exact to rounding up to 60 rows.
 *
 * At least the root mean square of the eigenvalues |K_t - K_0|_F / sqrt(n c), at most |K_t - K_0|_F.
 * Source: Liu, Zhu, Belkin 2020, Theorem 5 (what the norm of the output Hessian bounds).
 *
 * @param kernel [rows, rows] symmetric, as is kernelAtStart.
 * @throws {ShapeFault} when the sizes differ.
 */
export async function kernelChange(
  kernel: Float64Array,
  kernelAtStart: Float64Array,
  rows: number,
  stream: RandomStream,
  signal?: AbortSignal,
): Promise<SpectralChange> {
  if (kernel.length !== rows * rows || kernelAtStart.length !== rows * rows) {
    throw new ShapeFault(`kernelChange: kernels of ${kernel.length} and ${kernelAtStart.length} entries, expected ${rows}^2`)
  }
  const difference = kernel.map((entry, at) => entry - kernelAtStart[at])
  const exponent = binaryExponent(difference.reduce((most, entry) => Math.max(most, Math.abs(entry)), 0))
  if (!Number.isFinite(exponent)) return { value: exponent === -Infinity ? 0 : Infinity, residual: 0, converged: true }
  // Kernels of vanished gradients are near the lower end of float64; their products are not to leave it.
  const scaled = difference.map((entry) => timesPowerOfTwo(entry, -exponent))
  const product = async (block: Float64Array, count: number): Promise<Float64Array> => {
    const result = new Float64Array(block.length)
    for (let vector = 0; vector < count; vector++) {
      for (let row = 0; row < rows; row++) {
        let sum = 0
        for (let column = 0; column < rows; column++) sum += scaled[row * rows + column] * block[vector * rows + column]
        result[vector * rows + row] = sum
      }
    }
    return result
  }
  const [{ ritzValues, residuals, converged }] = await lanczos(product, rows, stream, { steps: Math.min(STEPS, rows), signal })
  const last = ritzValues.length - 1
  const end = Math.abs(ritzValues[0]) > Math.abs(ritzValues[last]) ? 0 : last
  return {
    value: timesPowerOfTwo(Math.abs(ritzValues[end]), exponent),
    residual: timesPowerOfTwo(residuals[end], exponent),
    converged: converged[end],
  }
}
