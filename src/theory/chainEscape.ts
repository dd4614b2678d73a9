// How long does a chain with equal weights sit on its plateau?
//
// Gradient flow w' = w^(L-1) - w^(2L-1) from w0 in (0, 1) is slower than w' = w^(L-1), whose solution is closed and blows up at t_e.
// Discrete gradient descent is slower still (Euler steps of a convex solution lag behind), so the bound holds for it too.
// RMSprop divides the size of the gradient out: its time does not grow with depth.
import { DomainFault } from '../core/faults.ts'

function requirePlateau(caller: string, start: number, depth: number): void {
  if (!(start > 0 && start < 1 && Number.isInteger(depth) && depth >= 3)) {
    throw new DomainFault(`${caller}: start out of range, got w0 ${start} and depth ${depth}, expected w0 in (0, 1) and depth >= 3`)
  }
}

/**
 * t_e = w0^(2-L) / (L-2), the time at which the bound leaves the plateau for good.
 *
 * Source: Orvieto et al. 2021, Proposition 7.
 *
 * @throws {DomainFault} unless 0 < w0 < 1 and depth >= 3.
 */
export function escapeTime(start: number, depth: number): number {
  requirePlateau('escapeTime', start, depth)
  return start ** (2 - depth) / (depth - 2)
}

/** t* = t_e - 1/(L-2): gradient flow, or gradient descent times its step size, reaches w = 1 no earlier. Source: Orvieto et al. 2021, Proposition 7. */
export function escapeTimeBound(start: number, depth: number): number {
  return escapeTime(start, depth) - 1 / (depth - 2)
}

/** Fewest steps of gradient descent with this rate before w can be near 1; exponential in depth. */
export function gradientDescentEscapeSteps(start: number, depth: number, lr: number): number {
  return escapeTimeBound(start, depth) / lr
}

/**
 * Upper bound of the weight at time t: (w0^(2-L) - (L-2) t)^(-1/(L-2)), 1 from t* on.
 *
 * t = 0 gives w0. Time is steps times lr.
 * Source: Orvieto et al. 2021, equation 3, integrated.
 */
export function weightUpperBound(time: number, start: number, depth: number): number {
  requirePlateau('weightUpperBound', start, depth)
  const left = start ** (2 - depth) - (depth - 2) * time
  return left <= 1 ? 1 : left ** (-1 / (depth - 2))
}

/** Lower bound 1/2 (1 - w^L)^2 of the loss at time t for x = y = 1; the initial loss at t = 0, 0 from t* on. */
export function lossLowerBound(time: number, start: number, depth: number): number {
  return 0.5 * (1 - weightUpperBound(time, start, depth) ** depth) ** 2
}

/**
 * Most steps that RMSprop (eps negligible) needs to reach w^L = (L-1)/(2L-1): it moves at least lr a step until there.
 *
 * At most (1 - w0) / lr at every depth: nothing exponential is left.
 * Source: Orvieto et al. 2021, section 3 (RMSprop flow), with the range in which the gradient still grows.
 */
export function rmspropEscapeSteps(start: number, depth: number, lr: number): number {
  requirePlateau('rmspropEscapeSteps', start, depth)
  const target = rmspropReach(depth)
  return Math.max(0, Math.ceil((target - start) / lr))
}

/** The weight up to which that bound speaks: ((L-1)/(2L-1))^(1/L). */
export function rmspropReach(depth: number): number {
  return ((depth - 1) / (2 * depth - 1)) ** (1 / depth)
}
