// What does a dense layer do in each pass? z = forwardScale * W h + biasScale * b, and its derivatives, by hand.
//
// Rows are samples: h is [lanes, n, fanIn], z is [lanes, n, fanOut], W is [lanes, fanOut, fanIn] (the flat layout, so
// nothing is transposed at the door). A lane is one seed, one mini-batch or one Hessian vector; tensors with one lane
// serve all. The caller disposes what is returned.
import { add, matMul, reshape, type Rank, type Tensor, type Tensor2D, type Tensor3D } from '@tensorflow/tfjs-core'
import type { DenseLayerSpec } from '../../core/networkSpec.ts'
import { runKernel, workgroupReduce, type Kernel } from './kernel.ts'

/** Weights, gradients, slots or tangents of one layer. */
export interface LayerTensors {
  /** [lanes, fanOut, fanIn]. */
  readonly weight: Tensor3D
  /** [lanes, 1, fanOut], null in a layer without bias. */
  readonly bias: Tensor3D | null
}

/** z of input h; h and z are stored with the power of two `inputScale`. */
export function forward(spec: DenseLayerSpec, layer: LayerTensors, input: Tensor3D, inputScale = 1): Tensor3D {
  const product = matMul<Tensor3D>(input, layer.weight, false, true)
  return affine(spec, product, layer.bias, inputScale)
}

/** dLoss/dh of dLoss/dz. */
export function backward(spec: DenseLayerSpec, layer: LayerTensors, delta: Tensor3D): Tensor3D {
  return scaled(matMul(delta, layer.weight), spec.forwardScale)
}

/** dLoss/dW and dLoss/db, summed over the samples of a lane. */
export function weightGradient(spec: DenseLayerSpec, input: Tensor3D, delta: Tensor3D): LayerTensors {
  const weight = scaled(matMul(delta, input, true, false), spec.forwardScale)
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
  const carried = scaled(matMul(inputTangent, layer.weight, false, true), spec.forwardScale)
  return replaced([own, carried], add(own, carried))
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
  const own = backward(spec, direction, delta)
  return replaced([own, carried], add(own, carried))
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
  const carried = scaled(matMul(delta, inputTangent, true, false), spec.forwardScale)
  return { weight: replaced([moved.weight, carried], add(moved.weight, carried)), bias: moved.bias }
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
  const flat = reshape<Rank.R2>(delta, [rows, spec.fanOut])
  const sheet = reshape<Rank.R2>(input, [samples, spec.fanIn])
  const deltaGram = matMul<Tensor2D>(flat, flat, false, true)
  const inputGram = matMul<Tensor2D>(sheet, sheet, false, true)
  const total = runKernel(GRAM_SHARE, [inputGram, deltaGram, sum], [rows, rows], {
    samples,
    rows,
    weightScale: spec.forwardScale * spec.forwardScale * weightFactor,
    biasScale: spec.bias ? spec.biasScale * spec.biasScale * biasFactor : 0,
  }) as Tensor2D
  return replaced([flat, sheet, deltaGram, inputGram], total)
}

const AFFINE: Kernel<'width' | 'rows' | 'biasLanes' | 'forwardScale' | 'biasScale'> = {
  name: 'affine',
  shape: 'elementwise',
  inputs: ['B'],
  uniforms: { width: 'i32', rows: 'i32', biasLanes: 'i32', forwardScale: 'f32', biasScale: 'f32' },
  body: `
    let column = index % uniforms.width;
    let lane = (index / (uniforms.width * uniforms.rows)) % uniforms.biasLanes;
    result[index] = uniforms.forwardScale * result[index] + uniforms.biasScale * B[lane * uniforms.width + column];`,
}

const SCALE: Kernel<'factor'> = {
  name: 'scale',
  shape: 'elementwise',
  inputs: [],
  uniforms: { factor: 'f32' },
  body: 'result[index] = uniforms.factor * result[index];',
}

/** In place on a fresh product. */
function affine(spec: DenseLayerSpec, product: Tensor3D, bias: Tensor3D | null, inputScale: number): Tensor3D {
  if (bias === null) return scaled(product, spec.forwardScale)
  const [, rows, width] = product.shape
  const uniforms = { width, rows, biasLanes: bias.shape[0], forwardScale: spec.forwardScale, biasScale: spec.biasScale * inputScale }
  return runKernel(AFFINE, [bias], product.shape, uniforms, product) as Tensor3D
}

/** In place on a fresh product. */
function scaled(product: Tensor3D, factor: number): Tensor3D {
  return factor === 1 ? product : (runKernel(SCALE, [], product.shape, { factor }, product) as Tensor3D)
}

const COLUMN_SUMS: Kernel<'width' | 'rows' | 'scale'> = {
  name: 'columnSums',
  shape: 'reduction',
  inputs: ['D'],
  uniforms: { width: 'i32', rows: 'i32', scale: 'f32' },
  declarations: workgroupReduce('total', (a, b) => `${a} + ${b}`),
  body: `
    let lane = entry / uniforms.width;
    let column = entry % uniforms.width;
    var mine = 0.0;
    if (entry < uniforms.size) {
      for (var row = i32(localId.x); row < uniforms.rows; row = row + 64) {
        mine = mine + D[(lane * uniforms.rows + row) * uniforms.width + column];
      }
    }
    let sum = total(mine);
    if (localId.x == 0u && entry < uniforms.size) { result[entry] = uniforms.scale * sum; }`,
}

/** [lanes, n, width] -> [lanes, 1, width]. */
function columnSums(delta: Tensor3D, scale: number): Tensor3D {
  const [lanes, rows, width] = delta.shape
  return runKernel(COLUMN_SUMS, [delta], [lanes, 1, width], { width, rows, scale }) as Tensor3D
}

function replaced<T extends Tensor>(old: readonly Tensor[], fresh: T): T {
  for (const tensor of old) tensor.dispose()
  return fresh
}
