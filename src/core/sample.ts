// What does a run stream? One tagged union, used alike by instruments, wire, store, plots and exports.
//
// A sample names its arm and step; numbers that could not be measured are a sample too (`unavailable`), so
// that a card always has something true to show.
import type { DataMoments } from './dataMoments.ts'
import type { ArmName } from './experiment.ts'
import type { Milliseconds, Step } from './units.ts'

interface SampleOf<Type extends string> {
  readonly type: Type
  readonly arm: ArmName
  readonly step: Step
}

/** Losses of consecutive steps: entry [i, s] is the loss of seed s at step `step` + i, on the batch of that step, before its update. */
export interface LossSample extends SampleOf<'loss'> {
  readonly seedCount: number
  /** [count, seedCount]; NaN where a seed has diverged. */
  readonly values: Float64Array
}

/** Focus seed on the whole evaluation sets. */
export interface EvaluationSample extends SampleOf<'evaluation'> {
  readonly trainLoss: number
  readonly testLoss: number | null
  readonly trainAccuracy: number | null
  readonly testAccuracy: number | null
  readonly trainCount: number
  readonly testCount: number
}

/** Frobenius norms of the gradient on the probe set, per layer and seed. */
export interface GradientNormSample extends SampleOf<'gradientNorms'> {
  readonly seedCount: number
  readonly layerCount: number
  /** [seedCount, layerCount] log10 of the norm, -Infinity where exactly zero. */
  readonly log10: Float64Array
  /** [seedCount, layerCount] log10 of the mean absolute entry. */
  readonly meanAbsLog10: Float64Array
  /** [seedCount] log10 of the norm over all layers. */
  readonly globalLog10: Float64Array
  /** [seedCount, layerCount] 1 where the engine underflowed and the value is a bound. */
  readonly underflow: Uint8Array
  /** [seedCount, layerCount] log10 of the root mean square over samples of |z|, z the preactivations of a layer; NaN where not asked. */
  readonly forwardLog10?: Float64Array
  /** [seedCount] 1 where no error of any probe sample reaches the first layer although the loss is not 0. */
  readonly dead?: Uint8Array
  /** What a linear network sees of the set, for the closed forms; at step 0 only. */
  readonly data?: DataMoments
  /** Rows of the batch that trains the network on from this step, where the gradient is that batch's; absent: the probe set's. */
  readonly batchRows?: number
}

/** A kernel density on a grid; bandwidth 0 means no spread: draw the rug only. */
export interface DensityCurve {
  readonly grid: Float64Array
  readonly density: Float64Array
  readonly bandwidth: number
  readonly count: number
}

/** Statistics of one set of cosines. Cosines with a zero gradient are left out and counted. */
export interface CosineStatistics {
  readonly cosines: Float64Array
  readonly excluded: number
  readonly min: number | null
  readonly mean: number | null
  readonly standardDeviation: number | null
  readonly fractionNegative: number | null
  readonly curve: DensityCurve | null
}

export interface CosineSample extends SampleOf<'cosines'> {
  /** Independent pairs of mini-batches. */
  readonly pairs: CosineStatistics
  readonly pairBatch: number
  /** All pairs of per-sample gradients on the probe set. */
  readonly perSample: CosineStatistics
  readonly sampleCount: number
  /** All pairs of the first batches of some of the pairs; absent where nobody could wait for them. */
  readonly batches?: CosineStatistics & { readonly count: number }
  /** max(0, -min over i != j of <g_i, g_j>) of per-sample gradients; null where there is no pair. */
  readonly eta: number | null
  readonly etaNormalised: number | null
  readonly etaAverage: number | null
  /** Infinity when gradients cancel, null when all are zero. */
  readonly diversity: number | null
  readonly batchSizeBound: number | null
  readonly gradientVariance: number | null
  /** Of the numbers that have a scale, right where they themselves leave float64; -Infinity where exactly zero. Absent: they are in range. */
  readonly log10?: Readonly<Record<'eta' | 'etaAverage' | 'gradientVariance', number | null>>
  readonly parameterCount: number
  /** Absent where nobody could wait for them. */
  readonly batchSums?: BatchSums
  /** Linear networks with squared error only. */
  readonly pairAngles?: PairAngles
}

/** Cosines of the first pairs of probe samples, [k] each: NaN where one of the two vectors is zero. */
export interface PairAngles {
  readonly gradients: Float64Array
  /** Between residuals f - y. */
  readonly residuals: Float64Array
  readonly inputs: Float64Array
}

/** Mean over draws of |sum of the gradients of a batch|^2, batches drawn without replacement from the probe set. */
export interface BatchSums {
  /** [k] ascending batch sizes. */
  readonly sizes: Float64Array
  /** [k]. */
  readonly means: Float64Array
  /** [k] standard errors of the means; 0 where every draw is the same batch. */
  readonly stderrs: Float64Array
  readonly draws: number
  /** M^2: mean squared norm of the gradients of single samples. */
  readonly meanSquare: number
  /** `means`, `stderrs` and `meanSquare` are in units of 2^exponent; absent: 0. */
  readonly exponent?: number
}

/**
 * The outermost eigenvalues, at most three at each end and each list from the outside inwards.
 *
 * An eigenvalue lies within its residual of each value; residuals are 0 when exact. Lanczos finds equal eigenvalues once.
 */
export interface SpectrumEnds {
  readonly largest: Float64Array
  readonly largestResiduals: Float64Array
  readonly smallest: Float64Array
  readonly smallestResiduals: Float64Array
}

/** What a spectrum is drawn from: all eigenvalues, or the nodes of Lanczos quadrature. */
export interface PreconditionedSpectrum {
  /** Ascending; null for lanczos. */
  readonly eigenvalues: Float64Array | null
  readonly nodes: Float64Array | null
  readonly nodeWeights: Float64Array | null
  readonly lambdaMax: number
  readonly lambdaMin: number
  readonly lambdaMaxResidual: number
  readonly lambdaMinResidual: number
  readonly converged: boolean
}

/** Spectrum of the Hessian of the reduced loss on the probe set. */
export interface HessianSample extends SampleOf<'hessian'> {
  readonly method: 'exact' | 'lanczos'
  readonly parameterCount: number
  readonly sampleCount: number
  /** Ascending; null for lanczos. */
  readonly eigenvalues: Float64Array | null
  /** Lanczos: Gauss nodes and weights (sum 1), pooled over probes. */
  readonly nodes: Float64Array | null
  readonly nodeWeights: Float64Array | null
  readonly lambdaMax: number
  readonly lambdaMin: number
  /** Residual bounds of the two extremes; 0 when exact. */
  readonly lambdaMaxResidual: number
  readonly lambdaMinResidual: number
  readonly converged: boolean
  readonly numNegative: number | null
  readonly trace: number
  readonly traceStderr: number | null
  readonly frobenius: number
  readonly frobeniusStderr: number | null
  readonly probes: number
  readonly lanczosSteps: number
  /** [L, L] mean absolute entry of the layer blocks, null where not computed. */
  readonly blockMeanAbs: Float64Array | null
  readonly blockFrobenius: Float64Array | null
  /** [L, L] standard errors where the norms are estimated from products (then blockMeanAbs is null); absent or null: exact. */
  readonly blockFrobeniusStderr?: Float64Array | null
  readonly layerCount: number
  /** [P, P] entries for P <= 512 when asked, else null. */
  readonly entries: Float64Array | null
  /** |H - H^T|_F / |H|_F before symmetrising; 0 where exact by construction. */
  readonly asymmetry: number
  /** Ascending eigenvalues (or extremes) of P^-1/2 H P^-1/2 for RMSprop and Adam, else null. */
  readonly preconditioned: Float64Array | null
  /** The same in full, for drawing; null for optimizers without second moments and before the first update. */
  readonly preconditionedSpectrum?: PreconditionedSpectrum | null
  readonly ends?: SpectrumEnds
  /** [layerCount] parameters of each layer, which cut the entry map into blocks. */
  readonly layerSizes?: Int32Array
  /** Median and range of the effective step lr/(sqrt v + eps); for SGD all equal lr. */
  readonly effectiveStep: { readonly min: number; readonly median: number; readonly max: number } | null
}

/** Tangent kernel on the probe set. */
export interface KernelSample extends SampleOf<'kernel'> {
  readonly sampleCount: number
  readonly outputCount: number
  /** |K_t - K_0|_F / |K_0|_F; 0 at step 0. */
  readonly drift: number
  readonly lambdaMin: number
  readonly lambdaMax: number
  readonly condition: number
  /** |grad L|^2 / (2 L) in the convention of the reduced loss. */
  readonly plRatio: number
  /** The bounds of the PL* inequality in the same convention: lambda/n for a mean, lambda for a sum. */
  readonly plLower: number
  readonly plUpper: number
  readonly weightDistance: number
  /** [n, n] trace over outputs of K, for the heat map. */
  readonly traceKernel: Float64Array
  /** Ascending eigenvalues of K. */
  readonly eigenvalues: Float64Array
  /** |K_t - K_0|_2, which the theory bounds. */
  readonly change?: SpectralChange
  /** Reduced loss on the same samples. */
  readonly loss?: number
  /** Largest spectral norm of the Hessian of one output of one sample; on demand only. */
  readonly outputHessianNorm?: OutputHessianNorm
  /** Of the linearised arm only: how far the network beside it has come from its tangent. */
  readonly tangentGap?: TangentGap
  /** Of the network of one hidden layer, one input and fixed output signs: what its closed forms need. */
  readonly shallow?: ShallowNetwork
}

/** Spectral norm of a change of the kernel: a lower bound that is tight to `residual` when converged. */
export interface SpectralChange {
  readonly value: number
  readonly residual: number
  readonly converged: boolean
}

/** f(x) = m^-1/2 sum v_i sigma(w_i x), v_i = -1 or 1: its kernel and its curvature are known exactly. */
export interface ShallowNetwork {
  /** [n] x of the samples of the kernel. */
  readonly inputs: Float64Array
  /** [m] w now, and v. */
  readonly weights: Float64Array
  readonly signs: Float64Array
}

/** Outputs F of a network and F_lin of its linearisation, both trained, on the same probe set of n samples. */
export interface TangentGap {
  /** |F - F_lin| / sqrt(n). */
  readonly rms: number
  /** |F - F_0| / sqrt(n): how far the network has moved at all. */
  readonly moved: number
}

export interface OutputHessianNorm {
  /** A lower bound that is tight to `residual` when converged. */
  readonly value: number
  readonly residual: number
  readonly converged: boolean
  /** Outputs that were asked, of sampleCount * outputCount. */
  readonly askedCount: number
}

/** An instrument that has nothing to measure here, with the reason as a tag for `ui`. */
export interface UnavailableSample extends SampleOf<'unavailable'> {
  readonly instrument: InstrumentName
  readonly reason: UnavailableReason
}

export type UnavailableReason = 'oneSample' | 'tooLarge' | 'zeroGradient' | 'underflow' | 'switchedOff' | 'nonFinite'

/** What an instrument cost when it last ran. */
export interface CostSample extends SampleOf<'cost'> {
  readonly instrument: InstrumentName
  readonly duration: Milliseconds
  /** duration / duration of one training step, measured in the same run. */
  readonly stepRatio: number
  /** Measurements left out since the last one that ran because the time budget was spent; absent: none. */
  readonly skipped?: number
}

export type Sample =
  | LossSample
  | EvaluationSample
  | GradientNormSample
  | CosineSample
  | HessianSample
  | KernelSample
  | UnavailableSample
  | CostSample

export type InstrumentName = 'loss' | 'evaluation' | 'gradientNorms' | 'cosines' | 'hessian' | 'kernel'
