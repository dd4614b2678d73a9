// Which samples does the network treat alike?
import { ShapeFault } from '../core/faults.ts'

/**
 * [n, n] trace over outputs of the full kernel: entry (i, j) is sum over o of K[(i, o), (j, o)]; the kernel itself for one output.
 *
 * @param kernel [n*c, n*c], row = sample * c + output.
 * @throws {ShapeFault} when kernel does not hold (n c)^2 entries.
 */
export function traceKernel(kernel: Float64Array, sampleCount: number, outputCount: number): Float64Array {
  const side = sampleCount * outputCount
  if (kernel.length !== side * side)
    throw new ShapeFault(`traceKernel: kernel holds ${kernel.length} entries, expected ${side}^2 = ${side * side}`)
  const trace = new Float64Array(sampleCount * sampleCount)
  for (let i = 0; i < sampleCount; i++) {
    for (let j = 0; j < sampleCount; j++) {
      for (let o = 0; o < outputCount; o++) trace[i * sampleCount + j] += kernel[(i * outputCount + o) * side + j * outputCount + o]
    }
  }
  return trace
}
