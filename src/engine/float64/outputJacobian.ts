// The gradients of all outputs of all samples, one below the other: the obvious twin of the tangent kernel.
import type { SplitArrays } from '../../core/dataset.ts'
import type { Network } from './network.ts'
import { addGradient, backward, forward } from './networkPasses.ts'
import { inParts } from '../parts.ts'
import { gatherInputs } from './rows.ts'
import { createTape } from './tape.ts'

/** [n*c, P], row = sample * c + output. */
export async function outputJacobian(
  network: Network,
  weights: Float64Array,
  split: SplitArrays,
  indices: Int32Array,
  pause: () => Promise<void>,
): Promise<Float64Array> {
  const c = network.outputWidth
  const p = network.parameterCount
  const jacobian = new Float64Array(indices.length * c * p)
  const tape = createTape(network, 1)
  const upstream = tape.upstream[network.layers.length - 1]
  for (let sample = 0; sample < indices.length; sample++) {
    gatherInputs(split, network.inputWidth, indices, { start: sample, rows: 1 }, tape.activations[0])
    await inParts(forward(network, weights, 1, tape), pause)
    for (let output = 0; output < c; output++) {
      upstream.fill(0)
      upstream[output] = 1
      await inParts(backward(network, weights, 1, tape), pause)
      const row = (sample * c + output) * p
      await inParts(addGradient(network, 1, tape, jacobian.subarray(row, row + p)), pause)
    }
    await pause()
  }
  return jacobian
}
