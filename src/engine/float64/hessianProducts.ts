// Products of a Hessian with many vectors: one forward and backward pass, then two tangent passes a vector.
import { backward, forward } from './networkPasses.ts'
import { backwardTangent, fillCurvatures, tangent } from './tangentPasses.ts'
import { reductionShare } from './losses.ts'
import type { LossSettings } from '../../core/experiment.ts'
import type { OutputIndex } from '../../core/probe.ts'
import type { SplitArrays } from '../../core/dataset.ts'
import type { Network } from './network.ts'
import { createWorkspace } from './batchGradient.ts'
import { inParts, type Parts } from '../parts.ts'
import { gatherInputs, gatherTargets, rowBlocks } from './rows.ts'
import { createTangentTape, type Tape } from './tape.ts'

/**
 * [count, P] products of the Hessian of the reduced loss with the rows of block [count, P].
 *
 * Exact to rounding where the activations are twice differentiable; at a relu's kink the second derivative counts as 0,
 * and the choices of maximum pools stand.
 * Source: Pearlmutter 1994.
 */
export async function lossHessianProducts(
  network: Network,
  weights: Float64Array,
  split: SplitArrays,
  indices: Int32Array,
  reduction: LossSettings['reduction'],
  block: Float64Array,
  count: number,
  pause: () => Promise<void>,
): Promise<Float64Array> {
  const result = new Float64Array(count * network.parameterCount)
  const { tape, targets } = createWorkspace(network, indices.length)
  const tangents = createTangentTape(network, tape.capacity)
  const share = reductionShare(reduction, indices.length)
  const last = network.layers.length - 1
  const c = network.outputWidth
  for (const part of rowBlocks(network, indices.length)) {
    gatherInputs(split, network.inputWidth, indices, part, tape.activations[0])
    gatherTargets(split, c, indices, part, targets)
    const outputs = await inParts(forward(network, weights, part.rows, tape), pause)
    network.loss.delta(outputs, targets, part.rows, c, share, tape.upstream[last])
    await inParts(backward(network, weights, part.rows, tape), pause)
    fillCurvatures(network, part.rows, tape, tangents)
    for (let v = 0; v < count; v++) {
      const direction = rowOf(block, v, network.parameterCount)
      const outputTangent = await inParts(tangent(network, weights, direction, part.rows, tape, tangents), pause)
      network.loss.deltaTangent(outputs, targets, outputTangent, part.rows, c, share, tangents.upstream[last])
      const product = rowOf(result, v, network.parameterCount)
      await inParts(backwardTangent(network, weights, direction, part.rows, tape, tangents, product), pause)
      await pause()
    }
  }
  return result
}

/** [count, P] products with the Hessian of one output of one sample. */
export async function outputHessianProducts(
  network: Network,
  weights: Float64Array,
  split: SplitArrays,
  indices: Int32Array,
  output: OutputIndex,
  block: Float64Array,
  count: number,
  pause: () => Promise<void>,
): Promise<Float64Array> {
  const result = new Float64Array(count * network.parameterCount)
  const { tape } = createWorkspace(network, 1)
  const tangents = createTangentTape(network, 1)
  const last = network.layers.length - 1
  await inParts(fillOutputTape(network, weights, split, indices[output.sample], output.output, tape), pause)
  fillCurvatures(network, 1, tape, tangents)
  for (let v = 0; v < count; v++) {
    const direction = rowOf(block, v, network.parameterCount)
    await inParts(tangent(network, weights, direction, 1, tape, tangents), pause)
    // An output is linear in itself.
    tangents.upstream[last].fill(0)
    const product = rowOf(result, v, network.parameterCount)
    await inParts(backwardTangent(network, weights, direction, 1, tape, tangents, product), pause)
    await pause()
  }
  return result
}

/** Forward and backward pass of one output of one training row. */
function* fillOutputTape(
  network: Network,
  weights: Float64Array,
  split: SplitArrays,
  row: number,
  output: number,
  tape: Tape,
): Parts<void> {
  gatherInputs(split, network.inputWidth, Int32Array.of(row), { start: 0, rows: 1 }, tape.activations[0])
  yield* forward(network, weights, 1, tape)
  const upstream = tape.upstream[network.layers.length - 1]
  upstream.fill(0)
  upstream[output] = 1
  yield* backward(network, weights, 1, tape)
}

function rowOf(block: Float64Array, row: number, width: number): Float64Array {
  return block.subarray(row * width, (row + 1) * width)
}
