// What does the tangent kernel promise about the loss?
//
// lambda_min(K) <= |grad L|^2 / (2 L) <= lambda_max(K) for the half sum of squares is an identity of linear algebra: it never breaks.
// With the mean over n samples the same holds with lambda / n. Convergence needs more: a small step and a kernel that stays positive.
import { DomainFault } from '../core/faults.ts'

/** How per-sample losses are reduced. */
export type Reduction = 'mean' | 'sum'

/** lambda in the units of |grad L|^2 / (2 L): divided by the number of samples for a mean. Source: Liu et al. 2020, Theorem 4.1. */
export function kernelRate(lambda: number, reduction: Reduction, samples: number): number {
  return reduction === 'mean' ? lambda / samples : lambda
}

/**
 * Upper bound of the loss along a run: L_0 prod over steps (1 - lr mu_s), with mu_s the running minimum of the rate.
 *
 * mu = 0: the bound stays where it is. Valid for full-batch gradient descent with lr <= 1/sup lambda_max(H) on the path.
 * Source: Liu et al. 2020, Theorem 4.2, with the infimum over the path instead of a ball.
 *
 * @param steps [k] ascending steps at which the rate was measured, the first one 0.
 * @param rates [k] lambda_min in the units of `kernelRate`.
 * @throws {DomainFault} when the lengths differ.
 */
export function lossUpperBound(initialLoss: number, lr: number, steps: ArrayLike<number>, rates: ArrayLike<number>): Float64Array {
  if (steps.length !== rates.length)
    throw new DomainFault(`lossUpperBound: got ${steps.length} steps and ${rates.length} rates, expected equal numbers`)
  const bound = new Float64Array(steps.length)
  let running = Infinity
  let log = Math.log(initialLoss)
  for (let k = 0; k < steps.length; k++) {
    running = Math.min(running, Math.max(0, rates[k]))
    // Between measurements the newer, smaller minimum is the careful choice.
    if (k > 0) log += (steps[k] - steps[k - 1]) * Math.log1p(-Math.min(1, lr * running))
    bound[k] = Math.exp(log)
  }
  return bound
}

/**
 * Radius of the ball that the certificate speaks about: 2 L_F |F_0 - y| / mu.
 *
 * Infinite for mu = 0.
 * Source: Liu et al. 2020, Theorem 4.2 (squared loss).
 *
 * @param lipschitz L_F, the largest singular value of the Jacobian on the path: sqrt of the largest lambda_max(K).
 * @param residual |F_0 - y|, over all samples and outputs.
 */
export function certificateRadius(lipschitz: number, residual: number, mu: number): number {
  return (2 * lipschitz * residual) / mu
}

/** No solution is closer than |F_0 - y| / L_F: Infinity for outputs that do not move, 0 at a solution. Source: Liu et al. 2020, section 4. */
export function nearestSolution(lipschitz: number, residual: number): number {
  return residual === 0 ? 0 : residual / lipschitz
}

/** Upper bound of |K_t - K_0|_2 inside the ball: 2 L_F sqrt n R sup|H|. Source: Liu et al. 2020, Theorem 5.1. */
export function kernelChangeBound(lipschitz: number, samples: number, radius: number, hessianNorm: number): number {
  return 2 * lipschitz * Math.sqrt(samples) * radius * hessianNorm
}
