// What must a weighted layer kind be able to do? One implementation per kind; `network.ts` maps kinds to them.
//
// Passes work on preactivations: norms, skips, activations and losses stand outside, so a kind is linear algebra only.
// `block` is the layer's part of the flat weights, `direction` its part of a flat vector, W and b first; rows are samples.

/**
 * The linear algebra of one layer kind; all matrices row-major.
 *
 * Every pass can be had in pieces of its channels, `count` from `first` on, without cutting a sum: output channels where z or a gradient
 * is written, input channels where deltas go back. A dense layer has as many channels as numbers.
 */
export interface LayerPasses {
  /** z [rows, out] from input [rows, in]. */
  forward(block: Float64Array, input: Float64Array, rows: number, z: Float64Array, first?: number, count?: number): void
  /** inputDelta [rows, in] = dL/d input from delta [rows, out] = dL/dz. */
  backward(block: Float64Array, delta: Float64Array, rows: number, inputDelta: Float64Array, first?: number, count?: number): void
  /** True where each row adds its own gradient, so that rows may be taken a few at a time; else a sum runs over all of them. */
  readonly addsByRow: boolean
  /** into += dL/dW; nothing for b. */
  weightGradient(input: Float64Array, delta: Float64Array, rows: number, into: Float64Array, first?: number, count?: number): void
  /** into += dL/db. */
  biasGradient(delta: Float64Array, rows: number, into: Float64Array): void
  /** zTangent = derivative of z along `direction` in the weights and inputTangent (null: 0) in the input. */
  tangent(
    block: Float64Array,
    direction: Float64Array,
    input: Float64Array,
    inputTangent: Float64Array | null,
    rows: number,
    zTangent: Float64Array,
    first?: number,
    count?: number,
  ): void
  /** inputDeltaTangent = derivative of `backward` along direction and deltaTangent. */
  backwardTangent(
    block: Float64Array,
    direction: Float64Array,
    delta: Float64Array,
    deltaTangent: Float64Array,
    rows: number,
    inputDeltaTangent: Float64Array,
    first?: number,
    count?: number,
  ): void
  /**
   * into [rows * perRow, rows * perRow] += inner products of the gradients of W and b that each row of deltas alone would give.
   *
   * @param delta [rows * perRow, out]: perRow deltas for each sample (1 for the loss, c for the outputs).
   * @param pause awaited between parts.
   */
  gram(
    input: Float64Array,
    delta: Float64Array,
    rows: number,
    perRow: number,
    into: Float64Array,
    pause: () => Promise<void>,
  ): Promise<void>
}
