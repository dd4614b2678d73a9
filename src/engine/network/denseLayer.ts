// What does a dense layer do in each pass? z = forwardScale * W h + biasScale * b, and its derivatives, by hand.
//
// Rows are samples: h is [lanes, n, fanIn], z is [lanes, n, fanOut], W is [lanes, fanOut, fanIn] (the flat layout, so
// nothing is transposed at the door). A lane is one seed, one mini-batch or one Hessian vector; tensors with one lane
// serve all. The caller disposes what is returned.
import { dispose, reshape, type Rank, type Tensor, type Tensor2D, type Tensor3D } from '@tensorflow/tfjs-core'
import type { DenseLayerSpec } from '../../core/networkSpec.ts'
import { runKernel, type Kernel } from './kernel.ts'
import { product } from './product.ts'

/** Weights, gradients, slots or tangents of one layer. */
export interface LayerTensors {
  /** [lanes, fanOut, fanIn]. */
  readonly weight: Tensor3D
  /** [lanes, 1, fanOut], null in a layer without bias. */
  readonly bias: Tensor3D | null
}

/** z of input h; h and z are stored with the power of two `inputScale`. */
export function forward(spec: DenseLayerSpec, layer: LayerTensors, input: Tensor3D, inputScale = 1): Tensor3D {
  return product(input, layer.weight, {
    transposeB: true,
    scale: spec.forwardScale,
    bias: layer.bias,
    biasScale: spec.biasScale * inputScale,
  })
}

/** dLoss/dh of dLoss/dz. */
export function backward(spec: DenseLayerSpec, layer: LayerTensors, delta: Tensor3D): Tensor3D {
  return product(delta, layer.weight, { scale: spec.forwardScale })
}

/** dLoss/dW and dLoss/db, summed over the samples of a lane. */
export function weightGradient(spec: DenseLayerSpec, input: Tensor3D, delta: Tensor3D): LayerTensors {
  const weight = product(delta, input, { transposeA: true, scale: spec.forwardScale })
  return { weight, bias: spec.bias ? columnSums(delta, spec.biasScale) : null }
}

/** Jacobian-vector product: the change of z when (W, b) moves along `direction` and h along `inputTangent` (null: h stays). */
export function tangent(
  spec: DenseLayerSpec,
  layer: LayerTensors,
  direction: LayerTensors,
  input: Tensor3D,
  inputTangent: Tensor3D | null,
): Tensor3D {
  const own = forward(spec, direction, input)
  if (inputTangent === null) return own
  return replaced(own, product(inputTangent, layer.weight, { transposeB: true, scale: spec.forwardScale, addTo: own }))
}

/** R-operator of `backward`: the change of dLoss/dh along the direction. */
export function backwardTangent(
  spec: DenseLayerSpec,
  layer: LayerTensors,
  direction: LayerTensors,
  delta: Tensor3D,
  deltaTangent: Tensor3D,
): Tensor3D {
  const carried = backward(spec, layer, deltaTangent)
  return replaced(carried, product(delta, direction.weight, { scale: spec.forwardScale, addTo: carried }))
}

/** R-operator of `weightGradient`. */
export function weightGradientTangent(
  spec: DenseLayerSpec,
  input: Tensor3D,
  inputTangent: Tensor3D | null,
  delta: Tensor3D,
  deltaTangent: Tensor3D,
): LayerTensors {
  const moved = weightGradient(spec, input, deltaTangent)
  if (inputTangent === null) return moved
  const weight = product(delta, inputTangent, { transposeA: true, scale: spec.forwardScale, addTo: moved.weight })
  return { weight: replaced(moved.weight, weight), bias: moved.bias }
}

const GRAM_SHARE: Kernel<'samples' | 'rows' | 'weightScale' | 'biasScale'> = {
  name: 'gramShare',
  shape: 'elementwise',
  inputs: ['A', 'D', 'S'],
  uniforms: { samples: 'i32', rows: 'i32', weightScale: 'f32', biasScale: 'f32' },
  body: `
    let i = (index / uniforms.rows) % uniforms.samples;
    let j = (index % uniforms.rows) % uniforms.samples;
    result[index] = S[index] + (uniforms.weightScale * A[i * uniforms.samples + j] + uniforms.biasScale) * D[index];`,
}

/**
 * Adds the layer's share of <g_i, g_j> to `sum` without forming a gradient:
 * (forwardScale^2 <h_i, h_j> + biasScale^2 [bias]) <d_i, d_j>.
 *
 * @param input [1, n, fanIn]; delta [c, n, fanOut]; sum [c*n, c*n] with index output * n + sample.
 * @param weightFactor, biasFactor exact powers of two that bring layers of different stored exponents together.
 */
export function addGramShare(
  spec: DenseLayerSpec,
  input: Tensor3D,
  delta: Tensor3D,
  sum: Tensor2D,
  weightFactor = 1,
  biasFactor = 1,
): Tensor2D {
  const samples = input.shape[1]
  const rows = delta.shape[0] * samples
  const flat = reshape<Rank.R3>(delta, [1, rows, spec.fanOut])
  const deltaGram = product(flat, flat, { transposeB: true })
  const inputGram = product(input, input, { transposeB: true })
  const total = runKernel(GRAM_SHARE, [inputGram, deltaGram, sum], [rows, rows], {
    samples,
    rows,
    weightScale: spec.forwardScale * spec.forwardScale * weightFactor,
    biasScale: spec.bias ? spec.biasScale * spec.biasScale * biasFactor : 0,
  }) as Tensor2D
  dispose([flat, deltaGram, inputGram])
  return total
}

/** Rows are added in blocks of 64, so the rounding of a sum of n grows with 64 + n/64 terms. */
const COLUMN_SUMS: Kernel<'width' | 'rows' | 'scale'> = {
  name: 'columnSums',
  shape: 'elementwise',
  inputs: ['D'],
  uniforms: { width: 'i32', rows: 'i32', scale: 'f32' },
  body: `
    let base = (index / uniforms.width) * uniforms.rows * uniforms.width + index % uniforms.width;
    var sum = 0.0;
    for (var first = 0; first < uniforms.rows; first = first + 64) {
      var part = 0.0;
      let end = min(first + 64, uniforms.rows);
      for (var row = first; row < end; row = row + 1) { part = part + D[base + row * uniforms.width]; }
      sum = sum + part;
    }
    result[index] = uniforms.scale * sum;`,
}

/** [lanes, n, width] -> [lanes, 1, width]. */
function columnSums(delta: Tensor3D, scale: number): Tensor3D {
  const [lanes, rows, width] = delta.shape
  return runKernel(COLUMN_SUMS, [delta], [lanes, 1, width], { width, rows, scale }) as Tensor3D
}

function replaced<T extends Tensor>(old: Tensor, fresh: T): T {
  old.dispose()
  return fresh
}
