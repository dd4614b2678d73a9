// What must the linear map of a layer kind be able to do? Dense, convolution, pool: one file each, all with these passes.
//
// Rows are samples, [lanes, n, width]; an image is a row of channels x height x width. `prepare` brings an input into the
// form that several passes read (a convolution pads it), so that it is made once. Callers dispose what is returned.
import type { Tensor2D, Tensor3D } from '@tensorflow/tfjs-core'
import type { LinearPlaces, LinearTensors } from './layerTensors.ts'

export interface LinearPasses {
  /** The input as `forward` and all gradients read it; a tensor of its own, or one more reference. */
  prepare(input: Tensor3D): Tensor3D
  /** z; the bias enters with `biasFactor`, the power of two that the input is stored with. */
  forward(layer: LinearTensors, prepared: Tensor3D, biasFactor: number): Tensor3D
  /** dLoss/dh of dLoss/dz. */
  backward(layer: LinearTensors, prepared: Tensor3D, delta: Tensor3D): Tensor3D
  /** dLoss/dW and dLoss/db, summed over the samples of a lane. */
  gradient(prepared: Tensor3D, delta: Tensor3D): LinearTensors
  /** The same, written to these places. */
  gradientInto(prepared: Tensor3D, delta: Tensor3D, into: LinearPlaces): void
  /** Change of z when (W, b) moves along `direction` and h along what `preparedTangent` was prepared from; null: nothing moves. */
  tangent(layer: LinearTensors, direction: LinearTensors, prepared: Tensor3D, preparedTangent: Tensor3D | null): Tensor3D | null
  /** R-operator of `backward`: change of dLoss/dh along the direction. */
  backwardTangent(layer: LinearTensors, direction: LinearTensors, prepared: Tensor3D, delta: Tensor3D, deltaTangent: Tensor3D): Tensor3D
  /** R-operator of `gradient`. */
  gradientTangent(prepared: Tensor3D, preparedTangent: Tensor3D | null, delta: Tensor3D, deltaTangent: Tensor3D): LinearTensors
  /** Gradients of single rows: [1, lanes * n, entries of W] and of b; `prepared` has one lane. */
  sampleGradients(prepared: Tensor3D, delta: Tensor3D): LinearTensors
  /**
   * Adds the products <g_i, g_j> of the gradients of single rows to `sum` [lanes * n, lanes * n], index lane * n + row; i <= j at least.
   *
   * @param weightFactor, biasFactor exact powers of two that bring layers of different stored exponents together.
   */
  addGramShare(prepared: Tensor3D, delta: Tensor3D, sum: Tensor2D, weightFactor: number, biasFactor: number): Tensor2D
}
