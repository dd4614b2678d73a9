// What are the exact means over random weights of a chain's product, gradient and Hessian entries?
//
// Exact at every depth, but ruled by rare draws: the mean of ten seeds lies far below. Returned as sign and log, because
// depth 1000 leaves float64. Loss 1/2 mean (x P - y)^2: only m = mean x^2 and c = mean xy of the data enter.
import { DomainFault } from '../core/faults.ts'
import { add, LOG_ZERO } from '../numerics/logMagnitude.ts'
import type { LogMagnitude } from '../numerics/logMagnitude.ts'
import type { WeightLaw } from './weightLaw.ts'

/** What a chain sees of its data. */
export interface ChainData {
  /** mean x^2. */
  readonly meanSquare: number
  /** mean xy. */
  readonly meanProduct: number
}

/** One sample (x, y). */
export function singlePoint(x: number, y: number): ChainData {
  return { meanSquare: x * x, meanProduct: x * y }
}

/** Positive number given by its natural logarithm; -Infinity is zero. */
function positive(log: number): LogMagnitude {
  return log === -Infinity ? LOG_ZERO : { sign: 1, log }
}

/** count * log(base), with 0^0 = 1. */
function logPower(base: number, count: number): number {
  return count === 0 ? 0 : count * Math.log(base)
}

function logM2(law: WeightLaw, count: number): number {
  return logPower(law.variance, count)
}

function logM4(law: WeightLaw, count: number): number {
  return logPower(law.kurtosis * law.variance * law.variance, count)
}

/**
 * E |product|^power for uniform weights, power 1, 2 or 3: (tau/2)^L, (tau^2/3)^L, (tau^3/4)^L.
 *
 * Source: Orvieto et al. 2021, Proposition 3.
 */
export function uniformProductMoment(power: 1 | 2 | 3, depth: number, tau: number): LogMagnitude {
  return positive(depth * (power * Math.log(tau) - Math.log(power + 1)))
}

/**
 * E g_k^2 = m^2 m2 m4^(L-1) + c^2 m2^(L-1), the same for every weight k.
 *
 * L = 1: m^2 m2 + c^2.
 * Source: Orvieto et al. 2021, section 2 (chains); re-derived with both terms kept.
 */
export function gradientSecondMoment(law: WeightLaw, depth: number, data: ChainData): LogMagnitude {
  requireDepth('gradientSecondMoment', depth, 1)
  const own = positive(2 * Math.log(data.meanSquare) + logM2(law, 1) + logM4(law, depth - 1))
  const target = positive(2 * Math.log(Math.abs(data.meanProduct)) + logM2(law, depth - 1))
  return add(own, target)
}

/**
 * E H_kl^2 = 4 m^2 m2^2 m4^(L-2) + c^2 m2^(L-2) for k != l.
 *
 * Source: Orvieto et al. 2021, section 2; exponent L - 2 as corrected.
 *
 * @throws {DomainFault} when depth < 2.
 */
export function offDiagonalSecondMoment(law: WeightLaw, depth: number, data: ChainData): LogMagnitude {
  requireDepth('offDiagonalSecondMoment', depth, 2)
  const own = positive(Math.log(4) + 2 * Math.log(data.meanSquare) + logM2(law, 2) + logM4(law, depth - 2))
  const target = positive(2 * Math.log(Math.abs(data.meanProduct)) + logM2(law, depth - 2))
  return add(own, target)
}

/** E H_kk = m m2^(L-1): the square of the off-diagonal rate. Source: Orvieto et al. 2021, section 2. */
export function diagonalMean(law: WeightLaw, depth: number, data: ChainData): LogMagnitude {
  requireDepth('diagonalMean', depth, 1)
  return positive(Math.log(data.meanSquare) + logM2(law, depth - 1))
}

/** E H_kk^2 = m^2 m4^(L-1). */
export function diagonalSecondMoment(law: WeightLaw, depth: number, data: ChainData): LogMagnitude {
  requireDepth('diagonalSecondMoment', depth, 1)
  return positive(2 * Math.log(data.meanSquare) + logM4(law, depth - 1))
}

function requireDepth(caller: string, depth: number, least: number): void {
  if (!(Number.isInteger(depth) && depth >= least))
    throw new DomainFault(`${caller}: depth out of range, got ${depth}, expected an integer >= ${least}`)
}
