// Where does each number of a fused network lie in its buffers?
//
// Everything is vec4f. Weights are stored with inputs as rows and four outputs per vec4, so one storage
// serves the forward pass (columns) and the backward pass (dot products with rows):
//
//   parameters  [seed][ W_0: 4 inQuads x quads | W_1 .. W_{L-1}: 4 quads x quads each | b_0 .. b_{L-1}: quads each ]
//   activations [seed][ layer 1 .. L-1 ][ row ][ quads ]      (after the activation; the input is layer 0 and stays in the data)
//   deltas      [seed][ layer 0 .. L-1 ][ row ][ quads ]      (dLoss / dz)
//
// Padding is zero and stays zero: K1 masks the activations that do not map 0 to 0.
import { ShapeFault } from '../../core/faults.ts'
import type { Activation } from '../../core/experiment.ts'
import { isDenseNetwork, parameterCount, type DenseNetworkSpec, type NetworkSpec } from '../../core/networkSpec.ts'

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
}

/** Why a network cannot be fused, in words; null when it can. */
export function fusedObstacle(spec: NetworkSpec): string | null {
  if (spec.linearised === true) return 'a linearised network'
  if (!isDenseNetwork(spec)) return 'layers that are not dense'
  const { layers } = spec
  if (layers.some(({ norm }) => norm?.kind === 'batch')) return 'batch norm'
  if (layers.some(({ norm }) => norm !== undefined)) return 'layer norm'
  if (layers.some(({ skip }) => skip !== undefined)) return 'skips'
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
    seedQuads: 16 * Math.ceil((biasStart + layerCount * quads) / 16),
    biasStart,
    squareQuads,
    firstQuads,
    parameterCount: parameterCount(spec),
    forwardScales: layers.map((layer) => layer.forwardScale),
    biasScale: first.biasScale,
  }
}

/** First vec4 of a layer's weights within a seed. */
export function weightStart(layout: FusedLayout, layer: number): number {
  return layer === 0 ? 0 : layout.firstQuads + (layer - 1) * layout.squareQuads
}

function forEachEntry(spec: DenseNetworkSpec, layout: FusedLayout, visit: (flat: number, packed: number) => void): void {
  const stride = 4 * layout.quads
  let flat = 0
  spec.layers.forEach((layer, l) => {
    const start = 4 * weightStart(layout, l)
    for (let out = 0; out < layer.fanOut; out++) {
      for (let input = 0; input < layer.fanIn; input++) visit(flat++, start + input * stride + out)
    }
    if (!layer.bias) return
    const biasStart = 4 * (layout.biasStart + l * layout.quads)
    for (let out = 0; out < layer.fanOut; out++) visit(flat++, biasStart + out)
  })
}

/** Flat parameters [P] ([out, in], W before b) into one seed's padded block [4 seedQuads], rounded to float32. */
export function packParameters(spec: DenseNetworkSpec, layout: FusedLayout, flat: ArrayLike<number>, packed: Float32Array): void {
  forEachEntry(spec, layout, (from, to) => {
    packed[to] = flat[from]
  })
}

/** The inverse of `packParameters`. */
export function unpackParameters(spec: DenseNetworkSpec, layout: FusedLayout, packed: Float32Array): Float64Array {
  const flat = new Float64Array(layout.parameterCount)
  forEachEntry(spec, layout, (to, from) => {
    flat[to] = packed[from]
  })
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
