// How far has a network come from the tangent at its start, when both are trained on the same batches?
import { ShapeFault } from '../core/faults.ts'
import type { TangentGap } from '../core/sample.ts'
import { norm } from '../numerics/logMagnitude.ts'

/**
 * |F - F_lin| / sqrt(n) and |F - F_0| / sqrt(n) over n samples.
 *
 * Both 0 at the start; the first is 0 for ever where the network is linear in its weights. The ratio is below 1 while the tangent
 * predicts the network better than standing still does.
 * Source: Liu, Zhu, Belkin 2020, appendix A (linearisation); Lee et al. 2019, figure 4 for the comparison.
 *
 * @param network [n, c] outputs of the network; `tangent` those of its linearisation, `start` those of step 0.
 * @throws {ShapeFault} when the sizes differ.
 */
export function tangentGap(network: Float64Array, tangent: Float64Array, start: Float64Array, sampleCount: number): TangentGap {
  if (network.length !== tangent.length || network.length !== start.length) {
    throw new ShapeFault(`tangentGap: got ${network.length}, ${tangent.length} and ${start.length} outputs, expected equal numbers`)
  }
  const root = Math.sqrt(sampleCount)
  return { rms: distance(network, tangent) / root, moved: distance(network, start) / root }
}

function distance(a: Float64Array, b: Float64Array): number {
  return norm(a.map((value, i) => value - b[i]))
}
