// The passes over a whole network that its gradient takes: forward and backward; those along a direction are in `tangentPasses.ts`.
//
// A layer is linear map, norm, skip and activation, or a pool; what one pass leaves for the next is in `tape.ts`. Nothing here knows
// a kind of linear map or a sample set. Deltas of skipped inputs are added where the layer that reads the input has sent back its own.
// All are computations in parts (`parts.ts`); linear maps, which are most of the work, are cut into pieces where they are large.
import { fillActivation, fillSlope } from './activations.ts'
import { affineOf, blockOf, type Network, type WeightedLayer } from './network.ts'
import { isPart, type Parts, type Stretch } from '../parts.ts'
import { onePlace, pieces, rowsFrom, type PieceOfPass, type Rest } from './linearPieces.ts'
import { addScaled, combine } from './skips.ts'
import type { Tape } from './tape.ts'

/** Fills the tape from its inputs to its last activations, the outputs, which are returned; `forward` is the network's own. */
export type ForwardPass = (network: Network, weights: Float64Array, rows: number, tape: Tape) => Parts<Float64Array>

/** From tape.activations[0] (the inputs) to the outputs, which are returned: [rows, c]. */
export function* forward(network: Network, weights: Float64Array, rows: number, tape: Tape): Parts<Float64Array> {
  for (const [l, layer] of network.layers.entries()) {
    const output = tape.activations[l + 1]
    if (layer.kind === 'pool') {
      layer.pool.forward(tape.activations[l], rows, output, tape.gates[l])
      continue
    }
    const { norm, skip } = layer
    const count = rows * layer.outputWidth
    // Most layers are small: for them not even a closure is made.
    if (isPart(rows * layer.work)) {
      layer.passes.forward(blockOf(weights, layer), tape.activations[l], rows, tape.preactivations[l])
      if (tape.stretch.isLong(rows * layer.work)) yield
    } else yield* forwardPieces(layer, blockOf(weights, layer), tape.activations[l], rows, tape.preactivations[l], tape.stretch)
    const state = tape.norms[l]
    if (norm !== null && state !== null) norm.forward(affineOf(weights, layer), tape.preactivations[l], rows, state, tape.normed[l])
    const added = skip === null ? null : tape.activations[skip.from]
    if (skip?.placement === 'preAct') combine(tape.normed[l], skip.branchScale, added, skip.scale, count, tape.arguments[l])
    fillActivation(layer.shape.activation, tape.arguments[l], count, output)
    if (skip?.placement === 'postAct') combine(output, skip.branchScale, added, skip.scale, count, output)
  }
  return tape.activations[network.layers.length]
}

function* forwardPieces(
  layer: WeightedLayer,
  block: Float64Array,
  input: Float64Array,
  rows: number,
  z: Float64Array,
  stretch: Stretch,
): Parts<void> {
  yield* pieces(layer, rows, layer.outChannels, stretch, (from, some, first, channels) => {
    layer.passes.forward(block, rowsFrom(input, from, layer.inputWidth), some, rowsFrom(z, from, layer.outputWidth), first, channels)
  })
}

/** From dL/df in the last tape.upstream down to the deltas of every layer. */
export function* backward(network: Network, weights: Float64Array, rows: number, tape: Tape): Parts<void> {
  fillSlopes(network, rows, tape)
  for (let l = network.layers.length - 1; l >= 0; l--) {
    fillDeltas(network, l, weights, rows, 1, tape, tape)
    const rest = l > 0 ? startSendBack(network, l, weights, rows, 1, tape, tape) : null
    if (rest !== null) yield* rest
  }
}

/** Derivatives of the activations at the tape's arguments, for a `tangent` before any `backward`. */
export function fillSlopes(network: Network, rows: number, tape: Tape): void {
  for (const [l, layer] of network.layers.entries()) {
    if (layer.kind === 'weighted') fillSlope(layer.shape.activation, tape.arguments[l], rows * layer.outputWidth, tape.slopes[l])
  }
}

/** The deltas of a tape, or others of the same places with `perRow` rows for each sample. */
export type Deltas = Pick<Tape, 'upstream' | 'argumentDeltas' | 'normedDeltas' | 'deltas'>

/** From deltas.upstream of layer l to its other deltas; needs slopes. Nothing for a pool. */
export function fillDeltas(
  network: Network,
  l: number,
  weights: Float64Array,
  rows: number,
  perRow: number,
  tape: Tape,
  deltas: Deltas,
): void {
  const layer = network.layers[l]
  if (layer.kind === 'pool') return
  const { norm, skip, outputWidth } = layer
  const slopes = tape.slopes[l]
  const upstream = deltas.upstream[l]
  const argumentDeltas = deltas.argumentDeltas[l]
  const factor = skip?.placement === 'postAct' ? skip.branchScale : 1
  for (let p = 0; p < rows * perRow; p++) {
    const shift = (Math.floor(p / perRow) - p) * outputWidth
    for (let i = p * outputWidth; i < (p + 1) * outputWidth; i++) argumentDeltas[i] = factor * upstream[i] * slopes[i + shift]
  }
  const count = rows * perRow * outputWidth
  if (skip?.placement === 'preAct') combine(argumentDeltas, skip.branchScale, null, 0, count, deltas.normedDeltas[l])
  const state = tape.norms[l]
  if (norm !== null && state !== null) {
    norm.backward(affineOf(weights, layer), state, deltas.normedDeltas[l], rows, perRow, deltas.deltas[l])
  }
}

/** Fills deltas.upstream of layer l - 1 from the deltas of layer l and of every skip that starts there. */
export function* sendBack(
  network: Network,
  l: number,
  weights: Float64Array,
  rows: number,
  perRow: number,
  tape: Tape,
  deltas: Deltas,
): Parts<void> {
  const rest = startSendBack(network, l, weights, rows, perRow, tape, deltas)
  if (rest !== null) yield* rest
}

/** Done at once where it is small; else what is left to do. */
function startSendBack(network: Network, l: number, weights: Float64Array, rows: number, perRow: number, tape: Tape, deltas: Deltas): Rest {
  const layer = network.layers[l]
  const work = rows * perRow * layer.work
  if (!isPart(work) && layer.kind !== 'pool') return sendBackPieces(network, l, layer, weights, rows * perRow, tape, deltas)
  const below = deltas.upstream[l - 1]
  if (layer.kind === 'pool') layer.pool.backward(deltas.upstream[l], rows, perRow, below, tape.gates[l])
  else layer.passes.backward(blockOf(weights, layer), deltas.deltas[l], rows * perRow, below)
  addSkipped(network, l, rows * perRow, deltas, below)
  return tape.stretch.isLong(work) ? onePlace() : null
}

function* sendBackPieces(
  network: Network,
  l: number,
  layer: WeightedLayer,
  weights: Float64Array,
  rows: number,
  tape: Tape,
  deltas: Deltas,
): Parts<void> {
  const [block, delta, below] = [blockOf(weights, layer), deltas.deltas[l], deltas.upstream[l - 1]]
  yield* pieces(layer, rows, layer.inChannels, tape.stretch, (from, some, first, channels) => {
    layer.passes.backward(block, rowsFrom(delta, from, layer.outputWidth), some, rowsFrom(below, from, layer.inputWidth), first, channels)
  })
  addSkipped(network, l, rows, deltas, below)
}

/** The skips that start at the input of layer l send back what arrived at their sums. */
export function addSkipped(
  network: Network,
  l: number,
  rows: number,
  deltas: Pick<Deltas, 'upstream' | 'argumentDeltas'>,
  into: Float64Array,
): void {
  for (const m of network.skipsFrom[l]) {
    const { skip } = network.layers[m] as WeightedLayer
    if (skip === null) continue
    const sum = skip.placement === 'postAct' ? deltas.upstream[m] : deltas.argumentDeltas[m]
    addScaled(sum, skip.scale, rows * network.layers[l].inputWidth, into)
  }
}

/** into [P] += the gradient that the deltas of the tape stand for. */
export function* addGradient(network: Network, rows: number, tape: Tape, into: Float64Array): Parts<void> {
  for (let l = 0; l < network.layers.length; l++) {
    const rest = startLayerGradient(network, l, rows, tape, into)
    if (rest !== null) yield* rest
  }
}

/** As `addGradient`, for one layer. */
export function* addLayerGradient(network: Network, l: number, rows: number, tape: Tape, into: Float64Array): Parts<void> {
  const rest = startLayerGradient(network, l, rows, tape, into)
  if (rest !== null) yield* rest
}

function startLayerGradient(network: Network, l: number, rows: number, tape: Tape, into: Float64Array): Rest {
  const layer = network.layers[l]
  if (layer.kind === 'pool') return null
  const block = blockOf(into, layer)
  layer.passes.biasGradient(tape.deltas[l], rows, block)
  const state = tape.norms[l]
  if (layer.norm !== null && state !== null) layer.norm.gradient(state, tape.normedDeltas[l], rows, affineOf(into, layer))
  return startWeightGradient(layer, tape.activations[l], tape.deltas[l], rows, block, tape.stretch)
}

/** block += the gradient of a layer's linear map: done at once where it is small, else what is left to do. */
export function startWeightGradient(
  layer: WeightedLayer,
  input: Float64Array,
  delta: Float64Array,
  rows: number,
  block: Float64Array,
  stretch: Stretch,
): Rest {
  const work = rows * layer.work
  if (!isPart(work)) return weightGradientPieces(layer, input, delta, rows, block, stretch)
  layer.passes.weightGradient(input, delta, rows, block)
  return stretch.isLong(work) ? onePlace() : null
}

function* weightGradientPieces(
  layer: WeightedLayer,
  input: Float64Array,
  delta: Float64Array,
  rows: number,
  block: Float64Array,
  stretch: Stretch,
): Parts<void> {
  const { passes, inputWidth, outputWidth, outChannels, rowsAtOnce } = layer
  const pass: PieceOfPass = (from, some, first, channels) => {
    passes.weightGradient(rowsFrom(input, from, inputWidth), rowsFrom(delta, from, outputWidth), some, block, first, channels)
  }
  yield* pieces(layer, rows, outChannels, stretch, pass, passes.addsByRow ? rowsAtOnce : rows)
}
