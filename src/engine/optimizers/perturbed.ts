// Perturbed gradient descent: w -= lr (g + s xi), so that no saddle holds a run for ever.
import { DomainFault } from '../../core/faults.ts'
import type { UpdateRule } from './updateRule.ts'

/**
 * Gradient descent with Gaussian noise of deviation s on every entry; no slots. s 0 is plain gradient descent.
 *
 * `apply` needs the noise of the step, see `gradientNoise`. Source: Jin et al. 2017, with noise at every step.
 *
 * @throws {DomainFault} when `apply` is given no noise.
 */
export function perturbed(lr: number, deviation: number): UpdateRule {
  return {
    slotCount: 0,
    needsNoise: true,
    apply(weights, gradient, _slots, _slotStep, noise) {
      if (noise === undefined) throw new DomainFault('perturbed: no noise for this step, got undefined, expected N(0, 1) for every weight')
      for (let i = 0; i < weights.length; i++) weights[i] -= lr * (gradient[i] + deviation * noise[i])
    },
  }
}
