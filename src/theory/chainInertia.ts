// How many eigenvalues of a chain's Hessian are positive and negative?
//
// With nonzero weights H = W^-1 (delta 1 + rho 11^T) W^-1, and congruence keeps signs: two numbers decide all L of them.
import { DomainFault } from '../core/faults.ts'
import type { ChainData } from './chainMoments.ts'

/** Numbers of eigenvalues by sign; they sum to the depth. */
export interface Inertia {
  readonly positive: number
  readonly negative: number
  readonly zero: number
}

/**
 * Signs of the eigenvalues: L - 1 have that of P (c - P m), one that of P [(L - 1)(2 P m - c) + P m].
 *
 * Near the plateau (|P m| << |c|): L - 1 of the sign of P c, one of the other. At the minimum P m = c: L - 1 zeros, one positive.
 * Source: Orvieto et al. 2021, section 2, in the form checked for n samples.
 *
 * @param product P, or any number of its sign where P m is negligible; all weights nonzero.
 * @throws {DomainFault} when the product is 0: then H is not of this form.
 */
export function chainInertia(product: number, depth: number, data: ChainData): Inertia {
  if (product === 0) throw new DomainFault('chainInertia: product is 0, got a zero weight or an underflow, expected nonzero weights')
  const { meanSquare: m, meanProduct: c } = data
  const sign = Math.sign(product)
  const many = sign * Math.sign(c - product * m)
  const one = sign * Math.sign((depth - 1) * (2 * product * m - c) + product * m)
  const count = (wanted: number): number => (many === wanted ? depth - 1 : 0) + (one === wanted ? 1 : 0)
  return { positive: count(1), negative: count(-1), zero: count(0) }
}
