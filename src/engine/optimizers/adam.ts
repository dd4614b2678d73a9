// Adam with both moments bias-corrected and eps OUTSIDE the root.
import type { UpdateRule } from './updateRule.ts'

/** Adam; slots m, v. The first step of every weight is lr, whatever the gradient's size. Source: Kingma and Ba 2015, Algorithm 1. */
export function adam(lr: number, beta1: number, beta2: number, eps: number): UpdateRule {
  return {
    slotCount: 2,
    apply(weights, gradient, [m, v], slotStep) {
      const firstCorrection = 1 - beta1 ** (slotStep + 1)
      const secondCorrection = 1 - beta2 ** (slotStep + 1)
      for (let i = 0; i < weights.length; i++) {
        const g = gradient[i]
        m[i] = beta1 * m[i] + (1 - beta1) * g
        v[i] = beta2 * v[i] + (1 - beta2) * (g * g)
        const root = Math.sqrt(v[i] / secondCorrection) + eps
        // Only with eps 0: no gradient so far (or one whose square underflows), no step.
        if (root !== 0) weights[i] -= (lr * (m[i] / firstCorrection)) / root
      }
    },
  }
}
