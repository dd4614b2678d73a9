// What would the network learn if its tangent at the start were the whole truth?
//
// F_lin(w) = F(w0) + J(w0) (w - w0): the passes of the network, all taken at w0. Only the outputs know w, through the
// tangent pass; so gradients are the backward pass at w0 from the loss at F_lin, and no code of a layer is repeated.
// Source: Liu, Zhu, Belkin 2020, appendix A; Lee et al. 2019, section 2.2.
import type { SplitArrays } from '../../core/dataset.ts'
import type { LossSettings } from '../../core/experiment.ts'
import { createWorkspace } from './batchGradient.ts'
import { reductionShare } from './losses.ts'
import type { Network } from './network.ts'
import { addGradient, backward, fillSlopes, forward, type ForwardPass } from './networkPasses.ts'
import { tangent } from './tangentPasses.ts'
import { inParts } from '../parts.ts'
import { gatherInputs, gatherTargets, rowBlocks } from './rows.ts'
import { createTangentTape, type TangentTape } from './tape.ts'

/**
 * A forward pass whose outputs are those of the linear model at w0 + displacement, when it is taken at w0.
 *
 * At displacement 0 the outputs are the network's to the bit. Everything else on the tape belongs to w0.
 *
 * @param displacement [P] read at each call, so its owner may move it.
 */
export function linearisedForward(displacement: Float64Array): ForwardPass {
  let tangents: TangentTape | null = null
  let room = 0
  return function* linearised(network, start, rows, tape) {
    if (tangents === null || room < rows) {
      tangents = createTangentTape(network, rows)
      room = rows
    }
    const outputs = yield* forward(network, start, rows, tape)
    fillSlopes(network, rows, tape)
    const change = yield* tangent(network, start, displacement, rows, tape, tangents)
    for (let i = 0; i < rows * network.outputWidth; i++) outputs[i] += change[i]
    return outputs
  }
}

/** into = weights - start. */
export function displacementInto(weights: Float64Array, start: Float64Array, into: Float64Array): Float64Array {
  for (let k = 0; k < into.length; k++) into[k] = weights[k] - start[k]
  return into
}

/**
 * [count, P] products of J^T (loss Hessian at F_lin) J, the whole Hessian of the linear model, with the rows of block [count, P].
 *
 * @param pass a `linearisedForward`.
 */
export async function linearisedHessianProducts(
  network: Network,
  start: Float64Array,
  split: SplitArrays,
  indices: Int32Array,
  reduction: LossSettings['reduction'],
  pass: ForwardPass,
  block: Float64Array,
  count: number,
  pause: () => Promise<void>,
): Promise<Float64Array> {
  const { parameterCount, outputWidth } = network
  const result = new Float64Array(count * parameterCount)
  const { tape, targets } = createWorkspace(network, indices.length)
  const tangents = createTangentTape(network, tape.capacity)
  const share = reductionShare(reduction, indices.length)
  const upstream = tape.upstream[network.layers.length - 1]
  for (const part of rowBlocks(network, indices.length)) {
    gatherInputs(split, network.inputWidth, indices, part, tape.activations[0])
    gatherTargets(split, outputWidth, indices, part, targets)
    const outputs = await inParts(pass(network, start, part.rows, tape), pause)
    for (let v = 0; v < count; v++) {
      const direction = block.subarray(v * parameterCount, (v + 1) * parameterCount)
      const change = await inParts(tangent(network, start, direction, part.rows, tape, tangents), pause)
      network.loss.deltaTangent(outputs, targets, change, part.rows, outputWidth, share, upstream)
      await inParts(backward(network, start, part.rows, tape), pause)
      await inParts(addGradient(network, part.rows, tape, result.subarray(v * parameterCount, (v + 1) * parameterCount)), pause)
      await pause()
    }
  }
  return result
}
