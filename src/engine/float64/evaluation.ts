// What does the network say on a set of samples: losses, outputs, share of right classes, preactivations?
import type { SplitArrays } from '../../core/dataset.ts'
import type { LossSettings } from '../../core/experiment.ts'
import type { LossValue } from '../../core/probe.ts'
import { createWorkspace } from './batchGradient.ts'
import { reductionShare } from './losses.ts'
import type { Network } from './network.ts'
import { forward, type ForwardPass } from './networkPasses.ts'
import { inParts } from '../parts.ts'
import { gatherInputs, gatherTargets, rowBlocks } from './rows.ts'

/** Reduced loss, per-sample losses, outputs and accuracy (null without labels; the first of equal outputs counts, one output alone by its sign). */
export async function evaluate(
  network: Network,
  weights: Float64Array,
  split: SplitArrays,
  indices: Int32Array,
  reduction: LossSettings['reduction'],
  pause: () => Promise<void>,
  pass: ForwardPass = forward,
): Promise<LossValue> {
  const n = indices.length
  const c = network.outputWidth
  const { tape, targets, losses } = createWorkspace(network, n)
  const perSample = new Float64Array(n)
  const outputs = new Float64Array(n * c)
  for (const block of rowBlocks(network, n)) {
    gatherInputs(split, network.inputWidth, indices, block, tape.activations[0])
    gatherTargets(split, c, indices, block, targets)
    const blockOutputs = await inParts(pass(network, weights, block.rows, tape), pause)
    network.loss.values(blockOutputs, targets, block.rows, c, losses)
    perSample.set(losses.subarray(0, block.rows), block.start)
    outputs.set(blockOutputs.subarray(0, block.rows * c), block.start * c)
    await pause()
  }
  let total = 0
  for (let i = 0; i < n; i++) total += perSample[i]
  return { loss: total * reductionShare(reduction, n), perSample, outputs, accuracy: accuracyOf(outputs, c, split, indices) }
}

/** Per weighted layer [n, outputs] arguments of its activation, rounded to float32. */
export async function preactivationsOf(
  network: Network,
  weights: Float64Array,
  split: SplitArrays,
  indices: Int32Array,
  pause: () => Promise<void>,
): Promise<Float32Array[]> {
  const n = indices.length
  const { tape } = createWorkspace(network, n)
  const weighted = network.layers.flatMap((layer, l) => (layer.kind === 'weighted' ? [{ l, width: layer.outputWidth }] : []))
  const values = weighted.map(({ width }) => new Float32Array(n * width))
  for (const block of rowBlocks(network, n)) {
    gatherInputs(split, network.inputWidth, indices, block, tape.activations[0])
    await inParts(forward(network, weights, block.rows, tape), pause)
    for (const [at, { l, width }] of weighted.entries()) {
      values[at].set(tape.arguments[l].subarray(0, block.rows * width), block.start * width)
    }
  }
  return values
}

function accuracyOf(outputs: Float64Array, c: number, split: SplitArrays, indices: Int32Array): number | null {
  if (split.labels === null) return null
  let right = 0
  for (const [row, index] of indices.entries()) {
    // One output speaks by its sign: classes 0 and 1.
    let top = c === 1 && outputs[row] > 0 ? 1 : 0
    for (let o = 1; o < c; o++) if (outputs[row * c + o] > outputs[row * c + top]) top = o
    if (top === split.labels[index]) right++
  }
  return right / indices.length
}
