// The four passes over a whole network: forward, backward, tangent (J v) and backwardTangent (R-operator, H v).
//
// A tape holds what one pass leaves for the next. Nothing here knows a layer kind or a sample set.
import { fillActivation, fillCurvature, fillSlope } from './activations.ts'
import { blockOf, type Network, type NetworkLayer } from './network.ts'

/** Everything that a forward and a backward pass leave behind, for at most `capacity` rows. */
export interface Tape {
  readonly capacity: number
  /** [L + 1] layer inputs [rows, fanIn]; the last is the output f. */
  readonly activations: readonly Float64Array[]
  /** [L] preactivations z [rows, fanOut]. */
  readonly preactivations: readonly Float64Array[]
  /** [L] derivative of the activation at z. */
  readonly slopes: readonly Float64Array[]
  /** [L] dL/d(output of the layer). */
  readonly upstream: readonly Float64Array[]
  /** [L] dL/dz. */
  readonly deltas: readonly Float64Array[]
}

/** The derivative of a tape along one direction in weight space. */
export interface TangentTape {
  readonly curvatures: readonly Float64Array[]
  readonly activations: readonly Float64Array[]
  readonly preactivations: readonly Float64Array[]
  readonly upstream: readonly Float64Array[]
  readonly deltas: readonly Float64Array[]
}

const arraysFor = (network: Network, rows: number): Float64Array[] =>
  network.layers.map(({ shape }) => new Float64Array(rows * shape.fanOut))

export function createTape(network: Network, capacity: number): Tape {
  return {
    capacity,
    activations: [new Float64Array(capacity * network.inputWidth), ...arraysFor(network, capacity)],
    preactivations: arraysFor(network, capacity),
    slopes: arraysFor(network, capacity),
    upstream: arraysFor(network, capacity),
    deltas: arraysFor(network, capacity),
  }
}

export function createTangentTape(network: Network, capacity: number): TangentTape {
  return {
    curvatures: arraysFor(network, capacity),
    activations: arraysFor(network, capacity),
    preactivations: arraysFor(network, capacity),
    upstream: arraysFor(network, capacity),
    deltas: arraysFor(network, capacity),
  }
}

/** Fills the tape from its inputs to its last activations, the outputs, which are returned; `forward` is the network's own. */
export type ForwardPass = (network: Network, weights: Float64Array, rows: number, tape: Tape) => Float64Array

/** From tape.activations[0] (the inputs) to the outputs, which are returned: [rows, c]. */
export function forward(network: Network, weights: Float64Array, rows: number, tape: Tape): Float64Array {
  for (const [l, layer] of network.layers.entries()) {
    layer.passes.forward(blockOf(weights, layer), tape.activations[l], rows, tape.preactivations[l])
    fillActivation(layer.shape.activation, tape.preactivations[l], rows * layer.shape.fanOut, tape.activations[l + 1])
  }
  return tape.activations[network.layers.length]
}

/** From dL/df in the last tape.upstream down to the deltas of every layer. */
export function backward(network: Network, weights: Float64Array, rows: number, tape: Tape): void {
  for (let l = network.layers.length - 1; l >= 0; l--) {
    const layer = network.layers[l]
    const count = rows * layer.shape.fanOut
    fillSlopeOf(layer, l, rows, tape)
    multiplyInto(tape.upstream[l], tape.slopes[l], count, tape.deltas[l])
    if (l > 0) layer.passes.backward(blockOf(weights, layer), tape.deltas[l], rows, tape.upstream[l - 1])
  }
}

/** Derivatives of the activations at the tape's preactivations, for a `tangent` before any `backward`. */
export function fillSlopes(network: Network, rows: number, tape: Tape): void {
  for (const [l, layer] of network.layers.entries()) fillSlopeOf(layer, l, rows, tape)
}

/** into [P] += the gradient that the deltas of the tape stand for. */
export function addGradient(network: Network, rows: number, tape: Tape, into: Float64Array): void {
  for (const [l, layer] of network.layers.entries()) {
    layer.passes.gradient(tape.activations[l], tape.deltas[l], rows, blockOf(into, layer))
  }
}

/** Derivative of the outputs along a direction [P]; returned: [rows, c]. Needs a tape after `forward`, with slopes from `backward` or `fillSlopes`. */
export function tangent(
  network: Network,
  weights: Float64Array,
  direction: Float64Array,
  rows: number,
  tape: Tape,
  tangents: TangentTape,
): Float64Array {
  for (const [l, layer] of network.layers.entries()) {
    layer.passes.tangent(
      blockOf(weights, layer),
      blockOf(direction, layer),
      tape.activations[l],
      l === 0 ? null : tangents.activations[l - 1],
      rows,
      tangents.preactivations[l],
    )
    multiplyInto(tape.slopes[l], tangents.preactivations[l], rows * layer.shape.fanOut, tangents.activations[l])
  }
  return tangents.activations[network.layers.length - 1]
}

/**
 * into [P] += derivative of the gradient along the direction.
 *
 * Needs the tape after `backward`, the tangents after `tangent`, `fillCurvatures`, and in the last tangents.upstream
 * the derivative of dL/df. Source: Pearlmutter 1994.
 */
export function backwardTangent(
  network: Network,
  weights: Float64Array,
  direction: Float64Array,
  rows: number,
  tape: Tape,
  tangents: TangentTape,
  into: Float64Array,
): void {
  for (let l = network.layers.length - 1; l >= 0; l--) {
    const layer = network.layers[l]
    const deltaTangent = tangents.deltas[l]
    for (let i = 0; i < rows * layer.shape.fanOut; i++) {
      deltaTangent[i] =
        tangents.upstream[l][i] * tape.slopes[l][i] + tape.upstream[l][i] * tangents.curvatures[l][i] * tangents.preactivations[l][i]
    }
    const inputTangent = l === 0 ? null : tangents.activations[l - 1]
    layer.passes.gradientTangent(tape.activations[l], inputTangent, tape.deltas[l], deltaTangent, rows, blockOf(into, layer))
    if (l > 0) {
      const direct = blockOf(direction, layer)
      layer.passes.backwardTangent(blockOf(weights, layer), direct, tape.deltas[l], deltaTangent, rows, tangents.upstream[l - 1])
    }
  }
}

/** Second derivatives of the activations at the tape's preactivations; once for any number of directions. */
export function fillCurvatures(network: Network, rows: number, tape: Tape, tangents: TangentTape): void {
  for (const [l, { shape }] of network.layers.entries()) {
    fillCurvature(shape.activation, tape.preactivations[l], rows * shape.fanOut, tangents.curvatures[l])
  }
}

function fillSlopeOf({ shape }: NetworkLayer, l: number, rows: number, tape: Tape): void {
  fillSlope(shape.activation, tape.preactivations[l], rows * shape.fanOut, tape.slopes[l])
}

function multiplyInto(a: Float64Array, b: Float64Array, count: number, into: Float64Array): void {
  for (let i = 0; i < count; i++) into[i] = a[i] * b[i]
}
