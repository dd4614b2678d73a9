// How far down can stochastic gradient descent at batch 1 go when gradients are confused?
//
// A guarantee for smooth losses that satisfy the Polyak-Lojasiewicz inequality, here least squares. The bound is loose; what it
// teaches is its floor, proportional to eta and (for small steps) independent of the step size.
import { DomainFault } from '../core/faults.ts'

/** What the guarantee needs to know; `confusion` is eta, the supremum over the path of max(0, -min <g_i, g_j>). */
export interface ConfusionSetting {
  /** N. */
  readonly samples: number
  /** mu, least squares: min |x_i|^2. */
  readonly convexity: number
  /** S, least squares: max |x_i|^2. */
  readonly smoothness: number
  readonly lr: number
  readonly confusion: number
}

/** Largest step size for which the guarantee speaks: 2/(N S). */
export function confusionStepLimit(samples: number, smoothness: number): number {
  return 2 / (samples * smoothness)
}

/** rho = 1 - (2 mu/N)(alpha - N S alpha^2/2), the contraction per step; below 1 for alpha < 2/(N S). */
export function confusionContraction({ samples, convexity, smoothness, lr }: ConfusionSetting): number {
  return 1 - ((2 * convexity) / samples) * (lr - (samples * smoothness * lr * lr) / 2)
}

/**
 * Upper bound of E F_T - F*: rho^T (F_0 - F*) + alpha eta / (1 - rho).
 *
 * eta = 0: goes to 0. T to infinity: the floor, N eta/(2 mu) for small steps.
 * Source: Sankararaman et al. 2020, Theorem 3.1.
 *
 * @throws {DomainFault} when lr is not below 2/(N S): the bound does not exist there.
 */
export function confusionBound(step: number, initialGap: number, setting: ConfusionSetting): number {
  const limit = confusionStepLimit(setting.samples, setting.smoothness)
  if (!(setting.lr > 0 && setting.lr < limit))
    throw new DomainFault(`confusionBound: lr out of range, got ${setting.lr}, expected within (0, ${limit})`)
  const rho = confusionContraction(setting)
  return rho ** step * initialGap + (setting.lr * setting.confusion) / (1 - rho)
}
