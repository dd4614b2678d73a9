// How far do the signals of different seeds lie apart, and how heavy is the tail that carries their mean?
//
// Both grow with every layer and fall with width: a narrow deep network keeps its mean square by rare huge draws. The logarithm
// spreads by psi', exactly; the fourth moment follows the matrix Q, here with a width of its own for every layer.
import type { DataMoments } from '../core/dataMoments.ts'
import { trigamma } from '../numerics/specialFunctions.ts'
import { logWeightMoments } from './chainDistribution.ts'
import type { GateProbability } from './forwardMoments.ts'
import { reluLogNorm } from './typicalForward.ts'
import type { WeightLaw } from './weightLaw.ts'

/**
 * Variance of ln|h_k|^2 of one followed input after layer k = 1 .. L: psi'(d_k/2), and for every layer before it that or its relu twin.
 *
 * Square linear layers: k psi'(d/2). Width to infinity: 0. Given that no layer is dead. Normal weights.
 * Source: derived from the log chi-square moments; Orvieto et al. 2021, section 4, for the setting.
 *
 * @param units [L] outputs of each layer.
 */
export function logSquareVariances(units: readonly number[], gate: GateProbability): Float64Array {
  // Deep networks have few widths.
  const kept = new Map<number, number>()
  let before = 0
  return Float64Array.from(units, (own) => {
    const variance = before + trigamma(own / 2)
    const passed = kept.get(own) ?? (gate === 1 ? trigamma(own / 2) : reluLogNorm(1, own, 1).variance)
    kept.set(own, passed)
    before += passed
    return variance
  })
}

/** Variance of ln|h_k|^2 of a chain after k = 1 .. L weights: 4 k (uniform), k pi^2/2 (normal). Source: Orvieto et al. 2021, Lemma 4. */
export function chainLogSquareVariances(law: WeightLaw, depth: number): Float64Array {
  const { variance } = logWeightMoments(law)
  return Float64Array.from({ length: depth }, (_, layer) => 4 * (layer + 1) * variance)
}

/**
 * log10 of E|h_k|^4 / (E|h_k|^2)^2 of one followed input after layer k = 1 .. L.
 *
 * Square linear Gaussian layers: ((d+2)/d)^k. A chain: kappa^k. Relu layers carry Q with p = 1/2; the first layer sees the input itself.
 * Source: Orvieto et al. 2021, Proposition 8, Theorem 17 and equation 6, for layers of any width.
 *
 * @param laws [L]; @param units [L] outputs of each layer.
 * @param inputFourth |x|_4^4 / |x|_2^4, 1/d .. 1; does not matter for normal weights of the first layer.
 */
export function followedTail(
  laws: readonly WeightLaw[],
  units: readonly number[],
  gate: GateProbability,
  inputFourth: number,
): Float64Array {
  // Of the activations that enter a layer, in units of (E|a|^2)^2: E|a|_2^4 and E|a|_4^4.
  let [square, fourth] = [1, inputFourth]
  let log = 0
  return Float64Array.from(units, (own, layer) => {
    const { kurtosis } = laws[layer]
    const nextSquare = ((own + 2) * square + (kurtosis - 3) * fourth) / own
    const nextFourth = (3 * square + (kurtosis - 3) * fourth) / own
    log += Math.log10(nextSquare)
    // A gate of probability p multiplies (E|h|^2)^2 by p^2; squares of one entry meet it once.
    const passed = 1 + ((1 - gate) / gate) * (nextFourth / nextSquare)
    square = passed
    fourth = nextFourth / nextSquare / gate
    return log
  })
}

/**
 * log10 of E(mean |h_k|^2)^2 / (E mean |h_k|^2)^2 of a linear Gaussian network, the mean over the samples of a set: exact for any data.
 *
 * One sample: `followedTail`. Many independent directions: nearer to 1.
 * Source: derived; the trace recursion of `linearGradientSquares`.
 *
 * @param units [L] outputs of each layer.
 */
export function linearTail(units: readonly number[], { traceS, traceSS }: Pick<DataMoments, 'traceS' | 'traceSS'>): Float64Array {
  // tr G^2 in units of (tr G)^2, G the second moment of the activations over samples.
  let [pair, log] = [traceSS / (traceS * traceS), 0]
  return Float64Array.from(units, (own) => {
    const trace = 1 + (2 * pair) / own
    const square = ((own + 1) * pair + 1) / own
    log += Math.log10(trace)
    pair = square / trace
    return log
  })
}
