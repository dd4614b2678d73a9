// How large is one gradient entry of a chain, typically: its exact quantiles over uniform weights?
//
// |g_k| = v |m v w - c| with v the product of the other L - 1 weights and w the own one. Given w, the event is that v lies below a root or
// between two others of a quadratic, and ln v is a shifted Gamma variable: a mean over w of Gamma probabilities, in logarithms throughout.
import { DomainFault } from '../core/faults.ts'
import type { ChainData } from './chainMoments.ts'
import { productLogCdf, productLogQuantile } from './chainDistribution.ts'

/** Midpoints over the own weight; where the gradient vanishes the integrand does not depend on it at all. */
const OWN_WEIGHTS = 64

/**
 * log10 of the quantile of |g_k| for weights from U[-tau, tau]; the same for every k.
 *
 * While |m P| is far below |c| it is |c| times the quantile of a product of L - 1 weights; for tau > e and great depth the rate doubles.
 * Source: Orvieto et al. 2021, Lemma 4; sharper than Theorem 6, of which only exponents survive.
 *
 * @throws {DomainFault} when probability leaves (0, 1), depth < 1, tau <= 0 or mean x^2 is 0.
 */
export function gradientLog10Quantile(probability: number, depth: number, tau: number, data: ChainData): number {
  if (!(probability > 0 && probability < 1 && Number.isInteger(depth) && depth >= 1 && tau > 0 && data.meanSquare > 0)) {
    throw new DomainFault(
      `gradientLog10Quantile: arguments out of range, got probability ${probability}, depth ${depth}, tau ${tau}, mean square ${data.meanSquare}, expected (0, 1), >= 1, > 0, > 0`,
    )
  }
  // Near the larger of the two terms, each at the quantile of the other weights.
  const others = depth === 1 ? 0 : productLogQuantile(probability, depth - 1, tau)
  const guess = others + Math.max(Math.log(data.meanSquare * tau) + others, Math.log(Math.abs(data.meanProduct)))
  return risingRoot((logG) => gradientLogCdf(logG, depth, tau, data) - probability, guess) / Math.LN10
}

/** Root of a rising function: a bracket that doubles around the guess, then false position with the Illinois correction. */
function risingRoot(f: (x: number) => number, guess: number): number {
  let reach = 0.5
  let lower = guess - reach
  let upper = guess + reach
  let atLower = f(lower)
  let atUpper = f(upper)
  while (atLower > 0) {
    reach *= 2
    upper = lower
    atUpper = atLower
    lower -= reach
    atLower = f(lower)
  }
  while (atUpper < 0) {
    reach *= 2
    lower = upper
    atLower = atUpper
    upper += reach
    atUpper = f(upper)
  }
  let side = 0
  for (let step = 0; step < 200 && upper - lower > 1e-10; step++) {
    const cut = lower + (upper - lower) * (atLower / (atLower - atUpper))
    const x = cut > lower && cut < upper ? cut : (lower + upper) / 2
    const value = f(x)
    if (Math.abs(value) < 1e-13) return x
    if (value < 0) {
      lower = x
      atLower = value
      if (side === -1) atUpper /= 2
      side = -1
    } else {
      upper = x
      atUpper = value
      if (side === 1) atLower /= 2
      side = 1
    }
  }
  return (lower + upper) / 2
}

/** P(ln|g_k| <= logG) for weights from U[-tau, tau]. Source: as `gradientLog10Quantile`. */
export function gradientLogCdf(logG: number, depth: number, tau: number, data: ChainData): number {
  const own = data.meanSquare * tau
  const target = Math.abs(data.meanProduct)
  if (depth === 1) {
    const g = Math.exp(logG)
    return Math.max(0, Math.min(1, (target + g) / own) - Math.max(-1, (target - g) / own)) / 2
  }
  const others = (logV: number): number => productLogCdf(logV, depth - 1, tau)
  let sum = 0
  for (let i = 0; i < OWN_WEIGHTS / 2; i++) {
    const logA = Math.log((own * (2 * i + 1)) / OWN_WEIGHTS)
    const roots = rootsOf(logG, logA, Math.log(target))
    // Opposite signs of own term and target, then equal signs.
    sum += others(roots.opposed)
    sum += others(roots.beyond) - (roots.between === null ? 0 : others(roots.between[1]) - others(roots.between[0]))
  }
  return sum / OWN_WEIGHTS
}

/**
 * Logarithms of the v at which v |a v + c| = g (opposed) and v |a v - c| = g: the one beyond the zero, and the two around
 * the hump before it where g is below its top.
 */
function rootsOf(logG: number, logA: number, logC: number) {
  const logY = logA + logG - 2 * logC
  // The target no longer matters: a v^2 = g. Also the case c = 0.
  if (logY > 100) {
    const only = (logG - logA) / 2
    return { opposed: only, beyond: only, between: null }
  }
  const y = Math.exp(logY)
  const wide = Math.log1p(Math.sqrt(1 + 4 * y))
  const small = logG - logC + Math.LN2
  const large = logC - logA - Math.LN2
  const opposed = small - wide
  const beyond = large + wide
  if (y >= 0.25) return { opposed, beyond, between: null }
  const narrow = Math.log1p(Math.sqrt(1 - 4 * y))
  return { opposed, beyond, between: [small - narrow, large + narrow] as const }
}
