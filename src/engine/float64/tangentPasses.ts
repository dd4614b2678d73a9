// The passes along a direction in weight space: tangent (J v) and backwardTangent (R-operator, H v).
//
// Each is the derivative of the pass of the same name in `networkPasses.ts`, layer by layer, on the tape that this one left.
import { fillCurvature } from './activations.ts'
import { affineOf, blockOf, type Network, type WeightedLayer } from './network.ts'
import type { Parts } from '../parts.ts'
import { inPieces, rowsFrom } from './linearPieces.ts'
import { addSkipped, startWeightGradient } from './networkPasses.ts'
import { combine } from './skips.ts'
import type { TangentTape, Tape } from './tape.ts'

/** Derivative of the outputs along a direction [P]; returned: [rows, c]. Needs a tape after `forward`, with slopes from `backward` or `fillSlopes`. */
export function* tangent(
  network: Network,
  weights: Float64Array,
  direction: Float64Array,
  rows: number,
  tape: Tape,
  tangents: TangentTape,
): Parts<Float64Array> {
  for (const [l, layer] of network.layers.entries()) {
    const inputTangent = l === 0 ? null : tangents.activations[l - 1]
    const output = tangents.activations[l]
    if (layer.kind === 'pool') {
      layer.pool.tangent(inputTangent, rows, output, tape.gates[l])
      continue
    }
    const { norm, skip } = layer
    const count = rows * layer.outputWidth
    const z = tangents.preactivations[l]
    const [block, direct, input] = [blockOf(weights, layer), blockOf(direction, layer), tape.activations[l]]
    const rest = inPieces(layer, rows, layer.outChannels, tape.stretch, (from, some, first, channels) => {
      const moved = inputTangent === null ? null : rowsFrom(inputTangent, from, layer.inputWidth)
      const into = rowsFrom(z, from, layer.outputWidth)
      layer.passes.tangent(block, direct, rowsFrom(input, from, layer.inputWidth), moved, some, into, first, channels)
    })
    if (rest !== null) yield* rest
    const [state, change] = [tape.norms[l], tangents.norms[l]]
    if (norm !== null && state !== null && change !== null) {
      norm.tangent(affineOf(weights, layer), affineOf(direction, layer), state, z, rows, change, tangents.normed[l])
    }
    const added = skip === null || skip.from === 0 ? null : tangents.activations[skip.from - 1]
    if (skip?.placement === 'preAct') combine(tangents.normed[l], skip.branchScale, added, skip.scale, count, tangents.arguments[l])
    multiplyInto(tape.slopes[l], tangents.arguments[l], count, output)
    if (skip?.placement === 'postAct') combine(output, skip.branchScale, added, skip.scale, count, output)
  }
  return tangents.activations[network.layers.length - 1]
}

/**
 * into [P] += derivative of the gradient along the direction.
 *
 * Needs the tape after `backward`, the tangents after `tangent`, `fillCurvatures`, and in the last tangents.upstream
 * the derivative of dL/df. Source: Pearlmutter 1994.
 */
export function* backwardTangent(
  network: Network,
  weights: Float64Array,
  direction: Float64Array,
  rows: number,
  tape: Tape,
  tangents: TangentTape,
  into: Float64Array,
): Parts<void> {
  for (let l = network.layers.length - 1; l >= 0; l--) {
    const layer = network.layers[l]
    const below = l === 0 ? null : tangents.upstream[l - 1]
    if (layer.kind === 'pool') {
      // Linear with its gates fixed: the derivative of the deltas goes back as the deltas do.
      if (below !== null) layer.pool.backward(tangents.upstream[l], rows, 1, below, tape.gates[l])
    } else {
      fillDeltaTangents(layer, l, weights, direction, rows, tape, tangents)
      const inputTangent = l === 0 ? null : tangents.activations[l - 1]
      const [delta, deltaTangent, block] = [tape.deltas[l], tangents.deltas[l], blockOf(into, layer)]
      const byDelta = startWeightGradient(layer, tape.activations[l], deltaTangent, rows, block, tape.stretch)
      if (byDelta !== null) yield* byDelta
      const byInput = inputTangent === null ? null : startWeightGradient(layer, inputTangent, delta, rows, block, tape.stretch)
      if (byInput !== null) yield* byInput
      layer.passes.biasGradient(deltaTangent, rows, block)
      const [state, change] = [tape.norms[l], tangents.norms[l]]
      if (layer.norm !== null && state !== null && change !== null) {
        layer.norm.gradientTangent(state, change, normDeltas(l, tape, tangents), rows, affineOf(into, layer))
      }
      if (below !== null) {
        const [own, direct] = [blockOf(weights, layer), blockOf(direction, layer)]
        const rest = inPieces(layer, rows, layer.inChannels, tape.stretch, (from, some, first, channels) => {
          const [before, change] = [rowsFrom(delta, from, layer.outputWidth), rowsFrom(deltaTangent, from, layer.outputWidth)]
          layer.passes.backwardTangent(own, direct, before, change, some, rowsFrom(below, from, layer.inputWidth), first, channels)
        })
        if (rest !== null) yield* rest
      }
    }
    if (below !== null) addSkipped(network, l, rows, tangents, below)
  }
}

/** Second derivatives of the activations at the tape's arguments; once for any number of directions. */
export function fillCurvatures(network: Network, rows: number, tape: Tape, tangents: TangentTape): void {
  for (const [l, layer] of network.layers.entries()) {
    if (layer.kind === 'weighted')
      fillCurvature(layer.shape.activation, tape.arguments[l], rows * layer.outputWidth, tangents.curvatures[l])
  }
}

/** The derivative of `fillDeltas`. */
function fillDeltaTangents(
  layer: WeightedLayer,
  l: number,
  weights: Float64Array,
  direction: Float64Array,
  rows: number,
  tape: Tape,
  tangents: TangentTape,
): void {
  const { norm, skip } = layer
  const count = rows * layer.outputWidth
  const factor = skip?.placement === 'postAct' ? skip.branchScale : 1
  const [slopes, upstream, into] = [tape.slopes[l], tape.upstream[l], tangents.argumentDeltas[l]]
  const [upstreamTangent, curvatures, change] = [tangents.upstream[l], tangents.curvatures[l], tangents.arguments[l]]
  for (let i = 0; i < count; i++) into[i] = factor * (upstreamTangent[i] * slopes[i] + upstream[i] * curvatures[i] * change[i])
  if (skip?.placement === 'preAct') combine(into, skip.branchScale, null, 0, count, tangents.normedDeltas[l])
  const [state, normTangent] = [tape.norms[l], tangents.norms[l]]
  if (norm !== null && state !== null && normTangent !== null) {
    const [affine, direct] = [affineOf(weights, layer), affineOf(direction, layer)]
    norm.backwardTangent(affine, direct, state, normTangent, normDeltas(l, tape, tangents), rows, tangents.deltas[l])
  }
}

function normDeltas(l: number, tape: Tape, tangents: TangentTape) {
  return { delta: tape.normedDeltas[l], deltaTangent: tangents.normedDeltas[l], zDelta: tape.deltas[l] }
}

function multiplyInto(a: Float64Array, b: Float64Array, count: number, into: Float64Array): void {
  for (let i = 0; i < count; i++) into[i] = a[i] * b[i]
}
