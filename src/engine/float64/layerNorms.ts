// How large is the gradient of each layer, where it is smaller than float64 can say?
//
// The backward pass is linear in its deltas, so they are brought near 1 by powers of two layer by layer and the exponent
// kept. Activations are not scaled (a bias would not scale along): where they leave the range, the value is flagged as a bound.
import type { SplitArrays } from '../../core/dataset.ts'
import type { LossSettings } from '../../core/experiment.ts'
import type { LayerNorms } from '../../core/probe.ts'
import { binaryExponent, normalised, scaledNorm } from '../../numerics/logMagnitude.ts'
import { fillSlope } from './activations.ts'
import { reductionShare } from './losses.ts'
import { blockOf, type Network } from './network.ts'
import { createTape, forward, type ForwardPass, type Tape } from './networkPasses.ts'
import { gatherInputs, gatherTargets } from './rows.ts'

/** Deltas are rescaled outside 2^-256 .. 2^256; ordinary networks keep every bit. */
const FAR = 256
/** Activations below 2^-960 have lost bits, or will when multiplied. */
const LOST_EXPONENT = -960

/** Frobenius norm and mean absolute entry of every layer's gradient block on a set of samples. */
export function layerNorms(
  network: Network,
  weights: Float64Array,
  split: SplitArrays,
  indices: Int32Array,
  reduction: LossSettings['reduction'],
  pass: ForwardPass = forward,
): LayerNorms {
  const n = indices.length
  const depth = network.layers.length
  const c = network.outputWidth
  const tape = createTape(network, n)
  gatherInputs(split, network.inputWidth, indices, { start: 0, rows: n }, tape.activations[0])
  const outputs = pass(network, weights, n, tape)
  const targets = new Float64Array(n * c)
  gatherTargets(split, c, indices, { start: 0, rows: n }, targets)
  network.loss.delta(outputs, targets, n, c, reductionShare(reduction, n), tape.upstream[depth - 1])

  const norms: LayerNorms = {
    mantissa: new Float64Array(depth),
    exponent: new Int32Array(depth),
    meanAbsMantissa: new Float64Array(depth),
    meanAbsExponent: new Int32Array(depth),
    underflow: lostLayers(network, weights, n, tape),
  }
  let exponent = 0
  for (let l = depth - 1; l >= 0; l--) {
    const layer = network.layers[l]
    const delta = tape.deltas[l]
    exponent += rescaled(tape.upstream[l])
    fillSlope(layer.shape.activation, tape.preactivations[l], delta.length, tape.slopes[l])
    for (let i = 0; i < delta.length; i++) delta[i] = tape.upstream[l][i] * tape.slopes[l][i]
    const gradient = new Float64Array(layer.end - layer.start)
    layer.passes.gradient(tape.activations[l], delta, n, gradient)
    const norm = scaledNorm(gradient, exponent)
    norms.mantissa[l] = norm.mantissa
    norms.exponent[l] = norm.exponent
    const meanAbs = normalised(meanSize(gradient), exponent)
    norms.meanAbsMantissa[l] = meanAbs.mantissa
    norms.meanAbsExponent[l] = meanAbs.exponent
    if (l > 0) layer.passes.backward(blockOf(weights, layer), delta, n, tape.upstream[l - 1])
  }
  return norms
}

/** Brings the values near 1 where they are far from it; returns the exponent that was taken out. */
function rescaled(values: Float64Array): number {
  const exponent = binaryExponent(largestSize(values))
  if (!Number.isFinite(exponent) || Math.abs(exponent) < FAR) return 0
  // In two halves: 2^1074 itself does not exist.
  const half = Math.trunc(exponent / 2)
  for (let i = 0; i < values.length; i++) values[i] = values[i] * 2 ** -half * 2 ** -(exponent - half)
  return exponent
}

/** 1 for each layer whose inputs, or preactivations, have left the range of float64. */
function lostLayers(network: Network, weights: Float64Array, n: number, tape: Tape): Uint8Array {
  const lost = new Uint8Array(network.layers.length)
  let isLost = false
  for (const [l, layer] of network.layers.entries()) {
    const input = largestSize(tape.activations[l])
    const z = largestSize(tape.preactivations[l])
    const vanished = z === 0 && input > 0 && largestSize(blockOf(weights, layer)) > 0 && n > 0
    isLost ||= (input > 0 && binaryExponent(input) < LOST_EXPONENT) || (vanished && mayUnderflow(input, blockOf(weights, layer)))
    lost[l] = isLost ? 1 : 0
  }
  return lost
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
