// RMSprop: v = b v + (1-b) g^2, w -= lr g / (sqrt v + eps), eps OUTSIDE the root and no bias correction.
//
// So the first step of every weight is lr/sqrt(1-b), whatever the gradient's size: that is the effect to be shown.
import type { UpdateRule } from './updateRule.ts'

/** RMSprop; slot v. A weight whose gradient was always 0 stays where it is, with eps 0 too. Source: Tieleman and Hinton 2012. */
export function rmsprop(lr: number, decay: number, eps: number): UpdateRule {
  return {
    slotCount: 1,
    apply(weights, gradient, [v]) {
      for (let i = 0; i < weights.length; i++) {
        const g = gradient[i]
        v[i] = decay * v[i] + (1 - decay) * (g * g)
        const root = Math.sqrt(v[i]) + eps
        // Only with eps 0: no gradient so far (or one whose square underflows), no step.
        if (root !== 0) weights[i] -= (lr * g) / root
      }
    },
  }
}
