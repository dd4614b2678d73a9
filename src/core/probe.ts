// How does a diagnostic ask a network for numbers?
//
// Plain arrays only: no diagnostic ever sees a tensor, so each is tested on a quadratic whose answers are
// known and runs on every engine. One Probe is one network (one arm, one seed index). All quantities belong
// to the weights at the time of the call; nothing here changes training.

/** Samples by position: in the (shuffled) training or test split, or in the probe set (the first n training samples). */
export interface SampleSet {
  readonly indices: Int32Array
  readonly from: 'train' | 'test' | 'probe'
}

/** One weighted layer and its place in the flat parameter vector. */
export interface LayerInfo {
  readonly name: string
  readonly kind: 'chain' | 'dense' | 'conv'
  readonly offset: number
  readonly size: number
}

export interface LossValue {
  /** Reduced as the experiment says. */
  readonly loss: number
  /** [n], without any reduction. */
  readonly perSample: Float64Array
  /** [n, c] after the output activation (logits for softmax cross-entropy). */
  readonly outputs: Float64Array
  /** Share of samples whose largest output is the label's, null for regression. */
  readonly accuracy: number | null
}

/** Extended range: layer l has norm mantissa[l] * 2^exponent[l]; mantissa 0 means exactly zero. */
export interface LayerNorms {
  /** [L] Frobenius norm of the layer's gradient block. */
  readonly mantissa: Float64Array
  readonly exponent: Int32Array
  /** [L] mean absolute entry of the block, in the same form. */
  readonly meanAbsMantissa: Float64Array
  readonly meanAbsExponent: Int32Array
  /** [L] 1 where the engine's range was left and the value is a bound, not a measurement. */
  readonly underflow: Uint8Array
}

/**
 * Inner products of n vectors in extended range: <g_i, g_j> = products[i n + j] * 2^(exponents[i] + exponents[j]).
 *
 * A diagonal entry lies in [1, 4), or is 0 where the vector is exactly zero (NaN or Infinity where it is not finite): cosines
 * are those of `products` alone.
 */
export interface ScaledGram {
  /** [n, n] row-major. */
  readonly products: Float64Array
  /** [n]. */
  readonly exponents: Int32Array
}

/** Flat vectors are layer by layer, W before b, row-major, W as [out, in]; P entries. Gradients follow the loss as reduced unless said otherwise. */
export interface Probe {
  readonly layers: readonly LayerInfo[]
  readonly parameterCount: number
  readonly outputCount: number
  /** Relative rounding of one gradient entry: about 1e-15 or 1e-6. Diagnostics set their tolerances by it. */
  readonly precision: 'float64' | 'float32'
  loss(set: SampleSet, signal?: AbortSignal): Promise<LossValue>
  gradientNorms(set: SampleSet, signal?: AbortSignal): Promise<LayerNorms>
  /** [n, n] inner products of per-sample gradients of f_i, without 1/n. */
  perSampleGram(set: SampleSet, signal?: AbortSignal): Promise<Float64Array>
  /** [k, k] inner products of reduced batch gradients. */
  batchGram(batches: readonly SampleSet[], signal?: AbortSignal): Promise<Float64Array>
  /** `perSampleGram` in extended range; absent where the squares of gradients never leave float64. */
  scaledPerSampleGram?(set: SampleSet, signal?: AbortSignal): Promise<ScaledGram>
  /** `batchGram` in extended range; absent as above. */
  scaledBatchGram?(batches: readonly SampleSet[], signal?: AbortSignal): Promise<ScaledGram>
  /** [p, 3]: <a,b>, |a|^2, |b|^2 of reduced batch gradients. Each gradient may be divided by a power of two of its own. */
  batchPairs(pairs: readonly (readonly [SampleSet, SampleSet])[], signal?: AbortSignal): Promise<Float64Array>
  /** [P]. */
  gradient(set: SampleSet, signal?: AbortSignal): Promise<Float64Array>
  /** [count, P] products of the Hessian of the reduced loss with the rows of block [count, P]. */
  hessianVectors(block: Float64Array, count: number, set: SampleSet, signal?: AbortSignal): Promise<Float64Array>
  /** [count, P] products with the Hessian of one output of one sample (position in the set). */
  outputHessianVectors(block: Float64Array, count: number, set: SampleSet, output: OutputIndex, signal?: AbortSignal): Promise<Float64Array>
  /** [n*c, P], row = sample * c + output. @throws DomainFault when n*c*P > 4e6. */
  outputJacobian(set: SampleSet, signal?: AbortSignal): Promise<Float64Array>
  /** [n*c, n*c] J J^T, row = sample * c + output. */
  kernelGram(set: SampleSet, signal?: AbortSignal): Promise<Float64Array>
  /** [P] second moments v of RMSprop or Adam (bias-corrected for Adam), null for other optimizers. */
  secondMoments(): Promise<Float64Array | null>
  /** [P]. */
  weights(): Promise<Float64Array>
  /** Weights of a last layer that never trains, which no other answer counts; absent where everything trains. */
  constants?(): Promise<Float64Array>
  /** The whole Hessian of the reduced loss with its exact spectrum, where the engine has a route far cheaper than columns (chains); absent elsewhere. */
  exactHessian?(set: SampleSet, signal?: AbortSignal): Promise<ExactHessian>
  /**
   * The statistics of batch norms that measures of single samples use: those of the whole probe set at the weights of the moment.
   *
   * One entry per position in spec.layers, null where there is no batch norm; frozen norms lend their own. Engines with batch norm implement it.
   */
  normStatistics?(): Promise<readonly (FrozenStatistics | null)[]>
  /** Per weighted layer [n, outputs] arguments of its activation as the engine computed them (z, after norm and preAct skip), for gate-matched tests. */
  preactivations(set: SampleSet): Promise<readonly Float32Array[]>
}

/** Mean and biased variance of each channel. */
export interface FrozenStatistics {
  readonly mean: Float64Array
  readonly variance: Float64Array
}

/** A Hessian known entry by entry; what leaves float64 is 0 or Infinity. */
export interface ExactHessian {
  /** [P, P] row-major, symmetric to the bit. */
  readonly matrix: Float64Array
  /** [P] ascending. */
  readonly eigenvalues: Float64Array
}

export interface OutputIndex {
  readonly sample: number
  readonly output: number
}
