// How large is the gradient of each layer, where it is smaller than float64 can say?
//
// The backward pass is linear in its deltas, so they are brought near 1 by powers of two layer by layer and the exponent
// kept. Activations are not scaled (a bias would not scale along): where they leave the range, the value is flagged as a bound.
import type { SplitArrays } from '../../core/dataset.ts'
import type { LossSettings } from '../../core/experiment.ts'
import type { LayerNorms } from '../../core/probe.ts'
import { binaryExponent, normalised, scaledNorm } from '../../numerics/logMagnitude.ts'
import { zeroNorms } from '../blankNorms.ts'
import { reductionShare } from './losses.ts'
import { blockOf, type Network } from './network.ts'
import { addLayerGradient, fillDeltas, fillSlopes, forward, sendBack, type ForwardPass } from './networkPasses.ts'
import type { Parts } from '../parts.ts'
import { gatherInputs, gatherTargets } from './rows.ts'
import { createTape, type Tape } from './tape.ts'

/** Deltas are rescaled outside 2^-256 .. 2^256; ordinary networks keep every bit. */
const FAR = 256
/** Activations below 2^-960 have lost bits, or will when multiplied. */
const LOST_EXPONENT = -960

/** Frobenius norm and mean absolute entry of every layer's gradient block on a set of samples. */
export function* layerNorms(
  network: Network,
  weights: Float64Array,
  split: SplitArrays,
  indices: Int32Array,
  reduction: LossSettings['reduction'],
  pass: ForwardPass = forward,
): Parts<LayerNorms> {
  const n = indices.length
  const depth = network.layers.length
  const c = network.outputWidth
  const tape = createTape(network, n)
  gatherInputs(split, network.inputWidth, indices, { start: 0, rows: n }, tape.activations[0])
  const outputs = yield* pass(network, weights, n, tape)
  const targets = new Float64Array(n * c)
  gatherTargets(split, c, indices, { start: 0, rows: n }, targets)
  network.loss.delta(outputs, targets, n, c, reductionShare(reduction, n), tape.upstream[depth - 1])

  fillSlopes(network, n, tape)
  const positions = network.layers.flatMap(({ kind }, l) => (kind === 'weighted' ? [l] : []))
  const norms: LayerNorms = { ...zeroNorms(positions.length), underflow: lostLayers(network, weights, n, tape) }
  const gradient = new Float64Array(network.parameterCount)
  let exponent = 0
  let place = positions.length
  for (let l = depth - 1; l >= 0; l--) {
    const layer = network.layers[l]
    exponent += rescaled(network, l, tape)
    fillDeltas(network, l, weights, n, 1, tape, tape)
    if (layer.kind === 'weighted') {
      place--
      yield* addLayerGradient(network, l, n, tape, gradient)
      const block = blockOf(gradient, layer)
      const norm = scaledNorm(block, exponent)
      norms.mantissa[place] = norm.mantissa
      norms.exponent[place] = norm.exponent
      const meanAbs = normalised(meanSize(block), exponent)
      norms.meanAbsMantissa[place] = meanAbs.mantissa
      norms.meanAbsExponent[place] = meanAbs.exponent
    }
    if (l > 0) yield* sendBack(network, l, weights, n, 1, tape, tape)
  }
  return norms
}

/**
 * Brings the deltas that arrive at layer l near 1 where they are far from it; returns the exponent that was taken out.
 *
 * What skips still carry past the layer is scaled along, so that all deltas have one exponent.
 */
function rescaled(network: Network, l: number, tape: Tape): number {
  const exponent = binaryExponent(largestSize(tape.upstream[l]))
  if (!Number.isFinite(exponent) || Math.abs(exponent) < FAR) return 0
  divideByPower(tape.upstream[l], exponent)
  for (const [m, layer] of network.layers.entries()) {
    if (m <= l || layer.kind === 'pool' || layer.skip === null || layer.skip.from === 0 || layer.skip.from > l) continue
    divideByPower(layer.skip.placement === 'postAct' ? tape.upstream[m] : tape.argumentDeltas[m], exponent)
  }
  return exponent
}

function divideByPower(values: Float64Array, exponent: number): void {
  // In two halves: 2^1074 itself does not exist.
  const half = Math.trunc(exponent / 2)
  for (let i = 0; i < values.length; i++) values[i] = values[i] * 2 ** -half * 2 ** -(exponent - half)
}

/** 1 for each weighted layer whose inputs, or preactivations, have left the range of float64. */
function lostLayers(network: Network, weights: Float64Array, n: number, tape: Tape): Uint8Array {
  const lost: number[] = []
  let isLost = false
  for (const [l, layer] of network.layers.entries()) {
    if (layer.kind === 'pool') continue
    const input = largestSize(tape.activations[l])
    const z = largestSize(tape.preactivations[l])
    const vanished = z === 0 && input > 0 && largestSize(blockOf(weights, layer)) > 0 && n > 0
    isLost ||= (input > 0 && binaryExponent(input) < LOST_EXPONENT) || (vanished && mayUnderflow(input, blockOf(weights, layer)))
    lost.push(isLost ? 1 : 0)
  }
  return Uint8Array.from(lost)
}

/** Products of nonzero numbers can only be 0 when the smallest of them is below the range. */
function mayUnderflow(input: number, block: Float64Array): boolean {
  let smallest = Infinity
  for (const weight of block) if (weight !== 0) smallest = Math.min(smallest, Math.abs(weight))
  return binaryExponent(input) + binaryExponent(smallest) < LOST_EXPONENT
}

function largestSize(values: Float64Array): number {
  let largest = 0
  for (let i = 0; i < values.length; i++) {
    const size = Math.abs(values[i])
    if (size > largest) largest = size
  }
  return largest
}

function meanSize(values: Float64Array): number {
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += Math.abs(values[i])
  return sum / values.length
}
