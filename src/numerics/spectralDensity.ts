// How are all eigenvalues of a large matrix spread, when only products with vectors can be had?
//
// Stochastic Lanczos quadrature: each random unit probe gives a few nodes and weights; their mean over probes,
// broadened by a Gaussian of stated width, is the density. The spread over probes is part of the answer; with one
// probe it is unknown (NaN), not zero.
import type { RandomStream } from '../core/random.ts'
import type { Bytes } from '../core/units.ts'
import { defaultBroadening, densityGrid, quadratureDensity } from './quadratureDensity.ts'
import { BASIS_LIMIT_BYTES, lanczos, lanczosBasisBytes } from './lanczos.ts'
import type { BlockOperator, LanczosResult } from './lanczos.ts'

/** A number with its standard error; NaN where one probe cannot know it. */
export interface Estimate {
  readonly value: number
  readonly standardError: number
}

/** An extreme eigenvalue as seen by the best probe. */
export interface ExtremeEigenvalue {
  readonly value: number
  /** An eigenvalue lies within this of `value`. */
  readonly residual: number
  readonly converged: boolean
}

/** The broadened density of the eigenvalues with its error over probes. */
export interface SpectralDensity {
  /** [g] ascending, evenly spaced. */
  readonly grid: Float64Array
  /** [g] density, integral 1. */
  readonly values: Float64Array
  /** [g] standard error over probes; NaN with one probe. */
  readonly stderr: Float64Array
  /** All quadrature nodes of all probes, ascending. */
  readonly nodes: Float64Array
  /** Weight of each node; they sum to 1, and sum(weight * node) * P is the trace. */
  readonly nodeWeights: Float64Array
  /** Standard deviation of the Gaussian around each node. */
  readonly broadening: number
  readonly probes: number
  /** Fewest steps that any probe did. */
  readonly steps: number
  readonly trace: Estimate
  readonly frobenius: Estimate
  /** Number of eigenvalues below 0 by quadrature; an estimate, never a count. */
  readonly negativeCount: Estimate
  readonly lambdaMax: ExtremeEigenvalue
  readonly lambdaMin: ExtremeEigenvalue
  /** Per probe, as `lanczos` returned it. */
  readonly recursions: readonly LanczosResult[]
}

/** How to estimate; the grid has `gridCount` points (401) and reaches 6 broadenings beyond the extremes. */
export interface SpectralDensityOptions {
  readonly probes: number
  readonly steps: number
  readonly gridCount?: number
  /** 1 % of the range of the nodes by default. */
  readonly broadening?: number
  readonly tolerance?: number
  readonly basisLimitBytes?: Bytes
  readonly signal?: AbortSignal
}

/**
 * Spectral density of a symmetric matrix by stochastic Lanczos quadrature.
 *
 * Exact (up to the broadening) for a multiple of the identity; with steps = dimension each probe is an exact
 * random reweighting of the spectrum. Trace and Frobenius norm come from the first moments of each probe and are unbiased
 * (the square of the Frobenius norm is).
 * Source: Golub and Welsch 1969; Ubaru, Chen, Saad 2017; Ghorbani et al. 2019.
 *
 * @throws {DomainFault} as `lanczos` does.
 */
export async function spectralDensity(
  operator: BlockOperator,
  dimension: number,
  stream: RandomStream,
  options: SpectralDensityOptions,
): Promise<SpectralDensity> {
  const { probes, steps, gridCount = 401, basisLimitBytes = BASIS_LIMIT_BYTES } = options
  const recursions: LanczosResult[] = []
  // Probes run side by side only as far as their bases fit together.
  const side = Math.max(1, Math.min(probes, Math.floor(basisLimitBytes / lanczosBasisBytes(dimension, steps))))
  while (recursions.length < probes) {
    const count = Math.min(side, probes - recursions.length)
    recursions.push(...(await lanczos(operator, dimension, stream, { ...options, recursions: count, basisLimitBytes })))
  }
  const { lambdaMin, lambdaMax } = extremes(recursions)
  const broadening = options.broadening ?? defaultBroadening(lambdaMin.value, lambdaMax.value)
  const grid = densityGrid(lambdaMin.value, lambdaMax.value, broadening, gridCount)
  const densities = recursions.map((run) => quadratureDensity(run.ritzValues, run.ritzWeights, broadening, grid))
  const values = new Float64Array(gridCount)
  const stderr = new Float64Array(gridCount)
  for (let i = 0; i < gridCount; i++) {
    const at = estimateOf(densities.map((density) => density[i]))
    values[i] = at.value
    stderr[i] = at.standardError
  }
  const pooled = recursions
    .flatMap((run) => Array.from(run.ritzValues, (node, i) => [node, run.ritzWeights[i] / probes] as const))
    .sort((a, b) => a[0] - b[0])
  return {
    grid,
    values,
    stderr,
    nodes: Float64Array.from(pooled, (pair) => pair[0]),
    nodeWeights: Float64Array.from(pooled, (pair) => pair[1]),
    broadening,
    probes,
    steps: Math.min(...recursions.map((run) => run.alphas.length)),
    trace: estimateOf(recursions.map((run) => dimension * run.alphas[0])),
    frobenius: frobeniusOf(recursions, dimension),
    negativeCount: estimateOf(recursions.map((run) => dimension * weightBelowZero(run))),
    lambdaMax,
    lambdaMin,
    recursions,
  }
}

/** Mean and standard error of independent values. */
export function estimateOf(samples: readonly number[]): Estimate {
  const n = samples.length
  let mean = 0
  for (const sample of samples) mean += sample / n
  let squares = 0
  for (const sample of samples) squares += (sample - mean) ** 2
  return { value: mean, standardError: n > 1 ? Math.sqrt(squares / (n - 1) / n) : NaN }
}

/** sqrt(P |A q|^2) averaged in the square; |A q|^2 = alpha_1^2 + beta_1^2 for the unit probe q. */
function frobeniusOf(recursions: readonly LanczosResult[], dimension: number): Estimate {
  const largest = Math.max(...recursions.map((run) => Math.max(Math.abs(run.alphas[0]), run.betas[0])))
  if (largest === 0) return { value: 0, standardError: recursions.length > 1 ? 0 : NaN }
  // Scaled, because the squares of a vanishing network's curvature leave float64.
  const square = estimateOf(recursions.map((run) => dimension * ((run.alphas[0] / largest) ** 2 + (run.betas[0] / largest) ** 2)))
  const value = Math.sqrt(square.value)
  return { value: value * largest, standardError: (square.standardError / (2 * value)) * largest }
}

function weightBelowZero(run: LanczosResult): number {
  let weight = 0
  for (let i = 0; i < run.ritzValues.length; i++) if (run.ritzValues[i] < 0) weight += run.ritzWeights[i]
  return weight
}

function extremes(recursions: readonly LanczosResult[]): { lambdaMin: ExtremeEigenvalue; lambdaMax: ExtremeEigenvalue } {
  let lambdaMin = extremeOf(recursions[0], 0)
  let lambdaMax = extremeOf(recursions[0], recursions[0].ritzValues.length - 1)
  for (const run of recursions) {
    const low = extremeOf(run, 0)
    const high = extremeOf(run, run.ritzValues.length - 1)
    // Ritz values lie inside the spectrum: the outermost is the best.
    if (low.value < lambdaMin.value) lambdaMin = low
    if (high.value > lambdaMax.value) lambdaMax = high
  }
  return { lambdaMin, lambdaMax }
}

function extremeOf(run: LanczosResult, i: number): ExtremeEigenvalue {
  return { value: run.ritzValues[i], residual: run.residuals[i], converged: run.converged[i] }
}
