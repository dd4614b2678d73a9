// Inner products of per-sample gradients, layer by layer, without one whole gradient ever being formed.
//
// A dense layer gives (s^2 h_i.h_j + bias) times (D_i.D_j); see the other kinds for theirs. With the deltas of the loss this is the gradient Gram matrix,
// with those of the outputs the tangent kernel. Source: Goodfellow 2015 (norms); Jacot et al. 2018 (kernel).
import type { SplitArrays } from '../../core/dataset.ts'
import type { Network } from './network.ts'
import { fillDeltas, fillSlopes, forward, sendBack, type Deltas, type ForwardPass } from './networkPasses.ts'
import { inParts } from '../parts.ts'
import { gatherInputs, gatherTargets } from './rows.ts'
import { createTape, type Tape } from './tape.ts'

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
  const tape = await tapeAt(network, weights, split, indices, pass, pause)
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
  const tape = await tapeAt(network, weights, split, indices, forward, pause)
  return gramOf(network, weights, tape, n, c, delta, pause)
}

async function tapeAt(
  network: Network,
  weights: Float64Array,
  split: SplitArrays,
  indices: Int32Array,
  pass: ForwardPass,
  pause: () => Promise<void>,
): Promise<Tape> {
  const tape = createTape(network, indices.length)
  gatherInputs(split, network.inputWidth, indices, { start: 0, rows: indices.length }, tape.activations[0])
  await inParts(pass(network, weights, indices.length, tape), pause)
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
  fillSlopes(network, n, tape)
  const deltas = new PassingDeltas(network, count)
  deltas.upstream[network.layers.length - 1] = upstream
  for (let l = network.layers.length - 1; l >= 0; l--) {
    const layer = network.layers[l]
    deltas.enter(l)
    fillDeltas(network, l, weights, n, perRow, tape, deltas)
    if (layer.kind === 'weighted' && layer.end <= network.trainedCount) {
      await layer.passes.gram(tape.activations[l], deltas.deltas[l], n, perRow, gram, pause)
      const state = tape.norms[l]
      if (layer.norm !== null && state !== null) await layer.norm.gram(state, deltas.normedDeltas[l], n, perRow, gram, pause)
    }
    if (l > 0) await inParts(sendBack(network, l, weights, n, perRow, tape, deltas), pause)
    deltas.leave(l)
    await pause()
  }
  return gram
}

/** Deltas that exist only while their layer, or a skip that ends there, needs them: c of them for every sample are many. */
class PassingDeltas implements Deltas {
  readonly upstream: Float64Array[] = []
  readonly argumentDeltas: Float64Array[] = []
  readonly normedDeltas: Float64Array[] = []
  readonly deltas: Float64Array[] = []
  private readonly network: Network
  private readonly count: number

  constructor(network: Network, count: number) {
    this.network = network
    this.count = count
  }

  /** Room for the deltas of layer l and what it sends back; steps that change nothing, or may work in place, share an array. */
  enter(l: number): void {
    const layer = this.network.layers[l]
    const room = () => new Float64Array(this.count * layer.outputWidth)
    if (l > 0) this.upstream[l - 1] = new Float64Array(this.count * layer.inputWidth)
    if (layer.kind === 'pool') return
    this.argumentDeltas[l] = layer.skip?.placement === 'postAct' ? room() : this.upstream[l]
    this.normedDeltas[l] = layer.skip?.placement === 'preAct' ? room() : this.argumentDeltas[l]
    this.deltas[l] = layer.norm === null ? this.normedDeltas[l] : room()
  }

  /** Drops what nobody below layer l will read. */
  leave(l: number): void {
    const none = new Float64Array(0)
    this.normedDeltas[l] = none
    this.deltas[l] = none
    for (const [m, layer] of this.network.layers.entries()) {
      if (m < l || (layer.kind === 'weighted' && layer.skip !== null && layer.skip.from > 0 && layer.skip.from < l)) continue
      this.upstream[m] = none
      this.argumentDeltas[m] = none
    }
  }
}
