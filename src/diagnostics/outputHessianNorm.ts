// How far are the outputs themselves from being linear in the weights?
//
// The spectral norm that bounds how fast the tangent kernel can move: of the Hessian of each output, not of the loss. Lanczos
// from products; the result is a lower bound with its residual.
import type { Probe, SampleSet } from '../core/probe.ts'
import type { OutputHessianNorm } from '../core/sample.ts'
import { lanczos } from '../numerics/lanczos.ts'
import type { RandomStream } from '../core/random.ts'

const STEPS = 16

/**
 * Largest |eigenvalue| over the Hessians of single outputs; 0 for a network that is linear in its weights.
 *
 * Source: Liu, Zhu, Belkin 2020, Theorem 5 (kernel change is bounded by this norm).
 *
 * @param most outputs to ask, evenly spread over the samples x outputs of the set.
 * @param breathe called between two outputs.
 */
export async function outputHessianNorm(
  probe: Probe,
  set: SampleSet,
  stream: RandomStream,
  most: number,
  breathe: () => Promise<void>,
  signal?: AbortSignal,
): Promise<OutputHessianNorm> {
  const total = set.indices.length * probe.outputCount
  const askedCount = Math.min(most, total)
  let best: Omit<OutputHessianNorm, 'askedCount'> = { value: 0, residual: 0, converged: true }
  for (let k = 0; k < askedCount; k++) {
    const at = Math.floor((k * total) / askedCount)
    const output = { sample: Math.floor(at / probe.outputCount), output: at % probe.outputCount }
    const product = (block: Float64Array, count: number) => probe.outputHessianVectors(block, count, set, output, signal)
    const [found] = await lanczos(product, probe.parameterCount, stream, { steps: STEPS, signal })
    const last = found.ritzValues.length - 1
    const end = Math.abs(found.ritzValues[0]) > Math.abs(found.ritzValues[last]) ? 0 : last
    const value = Math.abs(found.ritzValues[end])
    if (value > best.value) best = { value, residual: found.residuals[end], converged: found.converged[end] }
    await breathe()
  }
  return { ...best, askedCount }
}
