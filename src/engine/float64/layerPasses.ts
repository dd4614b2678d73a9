// What must a weighted layer kind be able to do? One implementation per kind; `network.ts` maps kinds to them.
//
// Passes work on preactivations: norms, skips, activations and losses stand outside, so a kind is linear algebra only.
// `block` is the layer's part of the flat weights, `direction` its part of a flat vector, W and b first; rows are samples.

/** The linear algebra of one layer kind; all matrices row-major. */
export interface LayerPasses {
  /** z [rows, out] from input [rows, in]. */
  forward(block: Float64Array, input: Float64Array, rows: number, z: Float64Array): void
  /** inputDelta [rows, in] = dL/d input from delta [rows, out] = dL/dz. */
  backward(block: Float64Array, delta: Float64Array, rows: number, inputDelta: Float64Array): void
  /** into += dL/d block. */
  gradient(input: Float64Array, delta: Float64Array, rows: number, into: Float64Array): void
  /** zTangent = derivative of z along `direction` in the weights and inputTangent (null: 0) in the input. */
  tangent(
    block: Float64Array,
    direction: Float64Array,
    input: Float64Array,
    inputTangent: Float64Array | null,
    rows: number,
    zTangent: Float64Array,
  ): void
  /** inputDeltaTangent = derivative of `backward` along direction and deltaTangent. */
  backwardTangent(
    block: Float64Array,
    direction: Float64Array,
    delta: Float64Array,
    deltaTangent: Float64Array,
    rows: number,
    inputDeltaTangent: Float64Array,
  ): void
  /** into += derivative of `gradient` along inputTangent (null: 0) and deltaTangent. */
  gradientTangent(
    input: Float64Array,
    inputTangent: Float64Array | null,
    delta: Float64Array,
    deltaTangent: Float64Array,
    rows: number,
    into: Float64Array,
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
