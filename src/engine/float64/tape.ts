// What does one pass leave for the next?
//
// Arrays that would hold the same numbers are the same array: without a norm n is z, without a preAct skip the activation's
// argument is n. So a plain dense network has exactly the arrays that it needs.
import type { Network, NetworkLayer } from './network.ts'
import type { NormState, NormTangent } from './normLayer.ts'
import { Stretch } from '../parts.ts'

/** Everything that a forward and a backward pass leave behind, for at most `capacity` rows. Pools have empty arrays where they have no such thing. */
export interface Tape {
  readonly capacity: number
  /** What the passes over this tape have done since they last could give way. */
  readonly stretch: Stretch
  /** [L + 1] layer inputs [rows, in]; the last is the output f. */
  readonly activations: readonly Float64Array[]
  /** [L] preactivations z [rows, out]. */
  readonly preactivations: readonly Float64Array[]
  /** [L] n, z after the norm. */
  readonly normed: readonly Float64Array[]
  /** [L] what the activation is taken of. */
  readonly arguments: readonly Float64Array[]
  readonly norms: readonly (NormState | null)[]
  /** [L] chosen places of maximum pools. */
  readonly gates: readonly Int32Array[]
  /** [L] derivative of the activation at its argument. */
  readonly slopes: readonly Float64Array[]
  /** [L] dL/d(output of the layer). */
  readonly upstream: readonly Float64Array[]
  /** [L] dL/d(argument of the activation). */
  readonly argumentDeltas: readonly Float64Array[]
  /** [L] dL/dn. */
  readonly normedDeltas: readonly Float64Array[]
  /** [L] dL/dz. */
  readonly deltas: readonly Float64Array[]
}

/** The derivative of a tape along one direction in weight space. */
export interface TangentTape {
  readonly curvatures: readonly Float64Array[]
  /** [L] derivative of the layer's output: one place before `Tape.activations`, whose first entry does not move. */
  readonly activations: readonly Float64Array[]
  readonly preactivations: readonly Float64Array[]
  readonly normed: readonly Float64Array[]
  readonly arguments: readonly Float64Array[]
  readonly norms: readonly (NormTangent | null)[]
  readonly upstream: readonly Float64Array[]
  readonly argumentDeltas: readonly Float64Array[]
  readonly normedDeltas: readonly Float64Array[]
  readonly deltas: readonly Float64Array[]
}

const hasNorm = (layer: NetworkLayer): boolean => layer.kind === 'weighted' && layer.norm !== null
const hasInnerSkip = (layer: NetworkLayer): boolean => layer.kind === 'weighted' && layer.skip?.placement === 'preAct'

export function createTape(network: Network, capacity: number): Tape {
  const arrays = arraysOf(network, capacity)
  return {
    capacity,
    stretch: new Stretch(),
    activations: [new Float64Array(capacity * network.inputWidth), ...outputsOf(network, capacity)],
    ...arrays.values(),
    norms: network.layers.map((layer) => (layer.kind === 'weighted' && layer.norm !== null ? layer.norm.createState(capacity) : null)),
    gates: network.layers.map((layer) => new Int32Array(layer.kind === 'pool' ? capacity * layer.pool.gatesPerRow : 0)),
    slopes: arrays.weighted(),
    upstream: outputsOf(network, capacity),
    ...arrays.deltas(),
  }
}

export function createTangentTape(network: Network, capacity: number): TangentTape {
  const arrays = arraysOf(network, capacity)
  return {
    curvatures: arrays.weighted(),
    activations: outputsOf(network, capacity),
    ...arrays.values(),
    norms: network.layers.map((layer) => (layer.kind === 'weighted' && layer.norm !== null ? layer.norm.createTangent(capacity) : null)),
    upstream: outputsOf(network, capacity),
    ...arrays.deltas(),
  }
}

function outputsOf(network: Network, rows: number): Float64Array[] {
  return network.layers.map(({ outputWidth }) => new Float64Array(rows * outputWidth))
}

/** Makers of the arrays that only weighted layers have. */
function arraysOf({ layers }: Network, rows: number) {
  const weighted = (): Float64Array[] =>
    layers.map(({ kind, outputWidth }) => new Float64Array(kind === 'weighted' ? rows * outputWidth : 0))
  /** `same` where the step between them does nothing, else arrays of their own. */
  const unlessSame = (same: readonly Float64Array[], differs: (layer: NetworkLayer) => boolean): Float64Array[] =>
    layers.map((layer, l) => (differs(layer) ? new Float64Array(rows * layer.outputWidth) : same[l]))
  return {
    weighted,
    values: () => {
      const preactivations = weighted()
      const normed = unlessSame(preactivations, hasNorm)
      return { preactivations, normed, arguments: unlessSame(normed, hasInnerSkip) }
    },
    deltas: () => {
      const argumentDeltas = weighted()
      const normedDeltas = unlessSame(argumentDeltas, hasInnerSkip)
      return { argumentDeltas, normedDeltas, deltas: unlessSame(normedDeltas, hasNorm) }
    },
  }
}
