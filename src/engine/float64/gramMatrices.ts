// Inner products of per-sample gradients, without one gradient ever being formed.
//
// Layer by layer: (s^2 h_i.h_j + bias) times (D_i.D_j). With the deltas of the loss this is the gradient Gram matrix,
// with those of the outputs the tangent kernel. Source: Goodfellow 2015 (norms); Jacot et al. 2018 (kernel).
import type { SplitArrays } from '../../core/dataset.ts'
import { fillSlope } from './activations.ts'
import { blockOf, type Network } from './network.ts'
import { createTape, forward, type ForwardPass, type Tape } from './networkPasses.ts'
import { gatherInputs, gatherTargets } from './rows.ts'

/** [n, n] inner products of the gradients of the per-sample losses, without 1/n. */
export async function lossGram(
  network: Network,
  weights: Float64Array,
  split: SplitArrays,
  indices: Int32Array,
  pause: () => Promise<void>,
  pass: ForwardPass = forward,
): Promise<Float64Array> {
  const n = indices.length
  const c = network.outputWidth
  const tape = tapeAt(network, weights, split, indices, pass)
  const targets = new Float64Array(n * c)
  gatherTargets(split, c, indices, { start: 0, rows: n }, targets)
  const delta = new Float64Array(n * c)
  network.loss.delta(tape.activations[network.layers.length], targets, n, c, 1, delta)
  return gramOf(network, weights, tape, n, 1, delta, pause)
}

/** [n*c, n*c] tangent kernel J J^T, row = sample * c + output. */
export async function outputGram(
  network: Network,
  weights: Float64Array,
  split: SplitArrays,
  indices: Int32Array,
  pause: () => Promise<void>,
): Promise<Float64Array> {
  const n = indices.length
  const c = network.outputWidth
  const delta = new Float64Array(n * c * c)
  for (let row = 0; row < n * c; row++) delta[row * c + (row % c)] = 1
  return gramOf(network, weights, tapeAt(network, weights, split, indices, forward), n, c, delta, pause)
}

function tapeAt(network: Network, weights: Float64Array, split: SplitArrays, indices: Int32Array, pass: ForwardPass): Tape {
  const tape = createTape(network, indices.length)
  gatherInputs(split, network.inputWidth, indices, { start: 0, rows: indices.length }, tape.activations[0])
  pass(network, weights, indices.length, tape)
  return tape
}

/** Sends `perRow` deltas of each sample down the network and adds each layer's share. Works in `upstream` [n * perRow, c]. */
async function gramOf(
  network: Network,
  weights: Float64Array,
  tape: Tape,
  n: number,
  perRow: number,
  upstream: Float64Array,
  pause: () => Promise<void>,
): Promise<Float64Array> {
  const count = n * perRow
  const gram = new Float64Array(count * count)
  let delta = upstream
  for (let l = network.layers.length - 1; l >= 0; l--) {
    const layer = network.layers[l]
    const { fanIn, fanOut, activation } = layer.shape
    fillSlope(activation, tape.preactivations[l], n * fanOut, tape.slopes[l])
    for (let p = 0; p < count; p++) {
      const sample = Math.floor(p / perRow)
      for (let o = 0; o < fanOut; o++) delta[p * fanOut + o] *= tape.slopes[l][sample * fanOut + o]
    }
    layer.passes.gram(tape.activations[l], delta, n, perRow, gram)
    if (l > 0) {
      const below = new Float64Array(count * fanIn)
      layer.passes.backward(blockOf(weights, layer), delta, count, below)
      delta = below
    }
    await pause()
  }
  return gram
}
