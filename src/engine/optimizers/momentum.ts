// Heavy ball: v = mu v + g, w -= lr v. The rate stands outside v, so a change of lr acts at once on old speed too.
import type { UpdateRule } from './updateRule.ts'

/** Heavy ball; slot v. mu 0 is plain gradient descent. Source: Polyak 1964. */
export function momentum(lr: number, mu: number): UpdateRule {
  return {
    slotCount: 1,
    apply(weights, gradient, [v]) {
      for (let i = 0; i < weights.length; i++) {
        v[i] = mu * v[i] + gradient[i]
        weights[i] -= lr * v[i]
      }
    },
  }
}
