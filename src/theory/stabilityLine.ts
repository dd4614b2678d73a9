// Above which curvature does an optimizer with this step size stop settling?
//
// The limit of linear stability on a quadratic. For Adam and RMSprop it speaks about the preconditioned spectrum P^-1/2 H P^-1/2,
// with the momentum of an exponential mean (1 - b1) g, not of a heavy ball: the two differ by the factor 1 - b1.
import { DomainFault } from '../core/faults.ts'

/** An optimizer as far as stability sees it. */
export type StabilityRule =
  | { readonly kind: 'sgd' | 'perturbed'; readonly lr: number }
  | { readonly kind: 'momentum'; readonly lr: number; readonly momentum: number }
  | { readonly kind: 'nesterov'; readonly lr: number; readonly momentum: number }
  | { readonly kind: 'rmsprop'; readonly lr: number }
  | { readonly kind: 'adam'; readonly lr: number; readonly beta1: number }

/**
 * The largest eigenvalue that full-batch steps can settle in: 2/lr, 2(1+mu)/lr, 2(1+mu)/((1+2mu) lr), 2(1+b1)/((1-b1) lr).
 *
 * momentum 0 gives 2/lr for all.
 * Source: Polyak 1964 (heavy ball); Cohen et al. 2021 and 2022 (Nesterov, Adam, preconditioned sharpness).
 *
 * @throws {DomainFault} when lr is not positive.
 */
export function stabilityThreshold(rule: StabilityRule): number {
  if (!(rule.lr > 0)) throw new DomainFault(`stabilityThreshold: lr out of range, got ${rule.lr}, expected a positive number`)
  switch (rule.kind) {
    case 'sgd':
    case 'perturbed':
    case 'rmsprop':
      return 2 / rule.lr
    case 'momentum':
      return (2 * (1 + rule.momentum)) / rule.lr
    case 'nesterov':
      return (2 * (1 + rule.momentum)) / ((1 + 2 * rule.momentum) * rule.lr)
    case 'adam':
      return (2 * (1 + rule.beta1)) / ((1 - rule.beta1) * rule.lr)
    default:
      return rule satisfies never
  }
}

/** True where the line belongs over the preconditioned spectrum. */
export function isPreconditioned(kind: StabilityRule['kind']): boolean {
  return kind === 'rmsprop' || kind === 'adam'
}
