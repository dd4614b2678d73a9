// What is the exact mean square of each layer's gradient in a linear Gaussian network of any shape, on any data?
//
// Squared error, reduced by the mean over samples. The gradient splits into a target part and an own part whose cross
// term is odd in W_k and averages to 0; both parts are traces that a 2 x 2 recursion carries from either end.
// Ruled by rare draws when deep and narrow, as every mean here. Natural logs throughout.
import type { DataMoments } from '../core/dataMoments.ts'
import { add } from '../numerics/logMagnitude.ts'
import type { LogMagnitude } from '../numerics/logMagnitude.ts'

/** One layer: n_out x n_in weights of this variance; `gradientScale` multiplies the gradient (1/sqrt(fanIn) in the NTK parameterization). */
export interface GaussianLayer {
  readonly fanIn: number
  readonly fanOut: number
  /** Of the effective weights that multiply the activations. */
  readonly variance: number
  readonly gradientScale: number
  readonly bias: boolean
}

/** Data moments of one sample, from |x|^2 and |y|^2. */
export function singleSampleMoments(inputSquare: number, targetSquare: number): DataMoments {
  return {
    traceS: inputSquare,
    traceSS: inputSquare * inputSquare,
    crossSquare: inputSquare * targetSquare,
    meanInputSquare: inputSquare,
    meanTargetSquare: targetSquare,
  }
}

/**
 * E|dL/d(layer k)|_F^2 for every layer (weights and, where present, biases together), weights Gaussian and biases 0.
 *
 * Square layers, one sample: s2 (s2^2 d(d+2))^(k-1) |x|^4 Q_{L-k} + (d s2)^(L-1) |x|^2 |y|^2.
 * Source: derived; generalises the square case of Orvieto et al. 2021, Propositions 20 to 23 as corrected.
 */
export function linearGradientSquares(layers: readonly GaussianLayer[], data: DataMoments): readonly LogMagnitude[] {
  const depth = layers.length
  // below[k]: E tr (A S A^T)^2 and the plain product of variances times widths, A = W_{k-1} .. W_1.
  const below = [{ pair: pairOf(data.traceSS, data.traceS * data.traceS), logGain: 0 }]
  for (let k = 0; k + 1 < depth; k++) {
    const { fanOut, variance } = layers[k]
    below.push({ pair: passed(below[k].pair, fanOut, variance), logGain: below[k].logGain + Math.log(fanOut * variance) })
  }
  // above: E tr (B^T B)^2, B = W_L .. W_{k+1}, from the output down.
  const outputs = layers[depth - 1].fanOut
  let above = { pair: pairOf(outputs, outputs * outputs), logGain: 0 }
  const squares: LogMagnitude[] = []
  for (let k = depth - 1; k >= 0; k--) {
    const { fanIn, variance, gradientScale, bias } = layers[k]
    const own = Math.log(variance) + above.pair.log + Math.log(above.pair.square)
    const weightOwn = own + below[k].pair.log + Math.log(below[k].pair.square)
    const weightTarget = above.logGain + below[k].logGain + Math.log(data.crossSquare)
    let square = add(positive(weightOwn), positive(weightTarget))
    if (gradientScale !== 1) square = square.sign === 0 ? square : { sign: 1, log: square.log + 2 * Math.log(gradientScale) }
    if (bias) {
      square = add(square, positive(own + below[k].logGain + Math.log(data.meanInputSquare)))
      square = add(square, positive(above.logGain + Math.log(data.meanTargetSquare)))
    }
    squares.unshift(square)
    above = { pair: passed(above.pair, fanIn, variance), logGain: above.logGain + Math.log(fanIn * variance) }
  }
  return squares
}

/** (tr G^2, (tr G)^2) times exp(log), with `square` + `trace` = 1. */
interface TracePair {
  readonly square: number
  readonly trace: number
  readonly log: number
}

function pairOf(square: number, trace: number): TracePair {
  // Inputs that are all zero.
  if (square + trace === 0) return { square: 0.5, trace: 0.5, log: -Infinity }
  return { square: square / (square + trace), trace: trace / (square + trace), log: Math.log(square + trace) }
}

/** Mean of the pair after one Gaussian layer towards n units: q' = s^2 [n(n+1) q + n t], t' = s^2 [n^2 t + 2 n q]. */
function passed(pair: TracePair, units: number, variance: number): TracePair {
  const next = pairOf(units * (units + 1) * pair.square + units * pair.trace, units * units * pair.trace + 2 * units * pair.square)
  return { ...next, log: next.log + pair.log + 2 * Math.log(variance) }
}

function positive(log: number): LogMagnitude {
  return log === -Infinity ? { sign: 0, log } : { sign: 1, log }
}
