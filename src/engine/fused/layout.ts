// Where does each number of a fused network lie in its buffers?
//
// Everything is vec4f. Weights are stored with inputs as rows and four outputs per vec4, so one storage
// serves the forward pass (columns) and the backward pass (dot products with rows):
//
//   parameters  [seed][ W_0: 4 inQuads x quads | W_1 .. W_{L-1}: 4 quads x quads each | b_0 .. b_{L-1}: quads each | gamma, then beta, likewise, with layer norm ]
//   activations [seed][ layer 1 .. L-1 ][ row ][ quads ]      (after the activation; the input is layer 0 and stays in the data)
//   deltas      [seed][ layer 0 .. L-1 ][ row ][ quads ]      (dLoss / dz)
//
// Padding is zero and stays zero: K1 masks the activations that do not map 0 to 0.
import { ShapeFault } from '../../core/faults.ts'
import type { Activation } from '../../core/experiment.ts'
import {
  isDenseNetwork,
  parameterCount,
  type DenseLayerSpec,
  type DenseNetworkSpec,
  type NetworkSpec,
  type SkipSpec,
} from '../../core/networkSpec.ts'

/** Blocks of `span` layers, one after the other from layer `first` on: the input of a block is added at its last layer. */
export interface FusedSkips extends Omit<SkipSpec, 'from'> {
  readonly first: number
  readonly span: number
  readonly blocks: number
}

export interface FusedLayout {
  readonly layerCount: number
  readonly inputWidth: number
  readonly outputWidth: number
  /** Units of a hidden layer; 0 when there is none. */
  readonly hiddenWidth: number
  /** Activation of the hidden layers ('identity' when there is none) and of the output. */
  readonly activation: Activation
  readonly outputActivation: Activation
  readonly bias: boolean
  /** vec4s of a padded hidden (and output) row, and of a padded input row. */
  readonly quads: number
  readonly inQuads: number
  /** vec4s of one seed's parameters, of its weights, and of one square layer. */
  readonly seedQuads: number
  readonly biasStart: number
  readonly squareQuads: number
  readonly firstQuads: number
  readonly parameterCount: number
  readonly forwardScales: readonly number[]
  readonly biasScale: number
  /** Layer norm of every layer but the last; null: none. */
  readonly norm: { readonly eps: number } | null
  readonly skips: FusedSkips | null
  /** Parts of a layer's block, each with exponents of its own: weights and biases, with layer norm also gamma and beta. */
  readonly parts: 2 | 4
}

/** Why a network cannot be fused, in words; null when it can. */
export function fusedObstacle(spec: NetworkSpec): string | null {
  if (spec.linearised === true) return 'a linearised network'
  if (!isDenseNetwork(spec)) return 'layers that are not dense'
  if (spec.fixedOutput === true) return 'output weights that never train'
  const { layers } = spec
  const normed = normObstacle(layers) ?? skipObstacle(layers)
  if (normed !== null) return normed
  const width = layers[0].fanOut
  for (let l = 1; l < layers.length; l++) if (layers[l].fanIn !== width) return 'hidden layers of different widths'
  const first = layers[0]
  for (let l = 0; l < layers.length - 1; l++) {
    if (layers[l].activation !== first.activation) return 'hidden layers with different activations'
    if (layers[l].bias !== first.bias) return 'biases on some layers only'
  }
  const last = layers[layers.length - 1]
  for (const layer of layers) {
    if (layer !== first && layer.forwardScale !== last.forwardScale) return 'hidden layers of different scales'
    if (layer.biasScale !== first.biasScale) return 'biases of different scales'
  }
  if (last.bias !== first.bias) return 'biases on some layers only'
  return null
}

function normObstacle(layers: readonly DenseLayerSpec[]): string | null {
  if (layers.some(({ norm }) => norm?.kind === 'batch')) return 'batch norm'
  const [{ norm: first }] = layers
  for (const [l, { norm }] of layers.entries()) {
    if (l === layers.length - 1 ? norm !== undefined : norm?.eps !== first?.eps) return 'layer norm on some layers only'
  }
  return null
}

function skipObstacle(layers: readonly DenseLayerSpec[]): string | null {
  const ends = layers.flatMap(({ skip }, to) => (skip === undefined ? [] : [{ ...skip, to }]))
  if (ends.length === 0) return null
  const [first] = ends
  const span = first.to + 1 - first.from
  if (first.from === 0) return 'a skip from the input'
  for (const [block, { from, to, placement, scale, branchScale }] of ends.entries()) {
    if (to === layers.length - 1) return 'a skip to the output'
    if (from !== first.from + block * span || to !== from + span - 1) return 'skips that are not equal blocks one after the other'
    if (placement !== first.placement || scale !== first.scale || branchScale !== first.branchScale) return 'skips of different kinds'
  }
  return null
}

function skipsOf(layers: readonly DenseLayerSpec[]): FusedSkips | null {
  const blocks = layers.filter(({ skip }) => skip !== undefined).length
  const to = layers.findIndex(({ skip }) => skip !== undefined)
  const skip = layers[to]?.skip
  if (skip === undefined) return null
  const { from, placement, scale, branchScale } = skip
  return { first: from, span: to + 1 - from, blocks, placement, scale, branchScale }
}

/**
 * The same network, known to be one that can be fused.
 *
 * @throws {ShapeFault} when `fusedObstacle` names an obstacle.
 */
export function fusedSpec(spec: NetworkSpec): DenseNetworkSpec {
  const obstacle = fusedObstacle(spec)
  if (obstacle !== null || !isDenseNetwork(spec))
    throw new ShapeFault(`fusedLayout: the network cannot be fused, got ${obstacle}, expected dense layers of one width`)
  return spec
}

/**
 * Offsets and padded sizes of a dense stack.
 *
 * @throws {ShapeFault} when `fusedObstacle` names one.
 */
export function fusedLayout(spec: NetworkSpec): FusedLayout {
  const { layers } = fusedSpec(spec)
  const first = layers[0]
  const last = layers[layers.length - 1]
  const layerCount = layers.length
  const quads = Math.ceil(Math.max(layerCount > 1 ? first.fanOut : 1, last.fanOut) / 4)
  const inQuads = Math.ceil(first.fanIn / 4)
  const firstQuads = 4 * inQuads * quads
  const squareQuads = 4 * quads * quads
  const biasStart = firstQuads + (layerCount - 1) * squareQuads
  const norm = first.norm === undefined ? null : { eps: first.norm.eps }
  const parts = norm === null ? 2 : 4
  return {
    layerCount,
    inputWidth: first.fanIn,
    outputWidth: last.fanOut,
    hiddenWidth: layerCount > 1 ? first.fanOut : 0,
    activation: layerCount > 1 ? first.activation : 'identity',
    outputActivation: last.activation,
    bias: first.bias,
    quads,
    inQuads,
    // A multiple of 256 bytes, so that one seed can be bound alone.
    seedQuads: 16 * Math.ceil((biasStart + (parts - 1) * layerCount * quads) / 16),
    biasStart,
    squareQuads,
    firstQuads,
    parameterCount: parameterCount(spec),
    forwardScales: layers.map((layer) => layer.forwardScale),
    biasScale: first.biasScale,
    norm,
    skips: skipsOf(layers),
    parts,
  }
}

/** First vec4 of a layer's weights within a seed. */
export function weightStart(layout: FusedLayout, layer: number): number {
  return layer === 0 ? 0 : layout.firstQuads + (layer - 1) * layout.squareQuads
}

/** One part of a layer's block in the flat vector: 0 weights, 1 biases, 2 gamma, 3 beta. */
export interface BlockPart {
  readonly layer: number
  readonly part: 0 | 1 | 2 | 3
  readonly start: number
  readonly end: number
}

/** `parts` of the layout. */
export function partCount(spec: DenseNetworkSpec): 2 | 4 {
  return spec.layers[0].norm === undefined ? 2 : 4
}

/** The parts that there are, in the order of the flat vector. */
export function partsOf(spec: DenseNetworkSpec): readonly BlockPart[] {
  const parts: BlockPart[] = []
  let start = 0
  for (const [layer, { fanIn, fanOut, bias, norm }] of spec.layers.entries()) {
    const affine = norm === undefined ? 0 : fanOut
    for (const [part, size] of ([fanIn * fanOut, bias ? fanOut : 0, affine, affine] as const).entries()) {
      if (size > 0) parts.push({ layer, part: part as BlockPart['part'], start, end: start + size })
      start += size
    }
  }
  return parts
}

/** [P] where each entry of a flat vector lies in a seed's block of floats. */
export function packedPositions(spec: DenseNetworkSpec, layout: FusedLayout): Int32Array {
  const positions = new Int32Array(layout.parameterCount)
  const stride = 4 * layout.quads
  for (const { layer, part, start, end } of partsOf(spec)) {
    const { fanIn } = spec.layers[layer]
    const first =
      part === 0 ? 4 * weightStart(layout, layer) : 4 * (layout.biasStart + ((part - 1) * layout.layerCount + layer) * layout.quads)
    for (let i = start; i < end; i++) {
      const at = i - start
      positions[i] = first + (part === 0 ? (at % fanIn) * stride + Math.floor(at / fanIn) : at)
    }
  }
  return positions
}

/** Flat parameters [P] ([out, in], W before b) into one seed's padded block [4 seedQuads], rounded to float32. */
export function packParameters(spec: DenseNetworkSpec, layout: FusedLayout, flat: ArrayLike<number>, packed: Float32Array): void {
  const positions = packedPositions(spec, layout)
  for (let i = 0; i < positions.length; i++) packed[positions[i]] = flat[i]
}

/** The inverse of `packParameters`. */
export function unpackParameters(spec: DenseNetworkSpec, layout: FusedLayout, packed: Float32Array): Float64Array {
  const flat = new Float64Array(layout.parameterCount)
  const positions = packedPositions(spec, layout)
  for (let i = 0; i < flat.length; i++) flat[i] = packed[positions[i]]
  return flat
}

/** [rows, width] into [rows][4 quads] float32, zero padded. */
export function packRows(values: ArrayLike<number>, rows: number, width: number, quads: number): Float32Array<ArrayBuffer> {
  const packed = new Float32Array(rows * 4 * quads)
  for (let row = 0; row < rows; row++) {
    for (let j = 0; j < width; j++) packed[row * 4 * quads + j] = values[row * width + j]
  }
  return packed
}
