// Nesterov's momentum: v = mu v + g, w -= lr (g + mu v). The gradient is taken at w itself, so every engine can feed it.
import type { UpdateRule } from './updateRule.ts'

/** Nesterov's accelerated gradient; slot v. mu 0 is plain gradient descent. Source: Nesterov 1983; Sutskever et al. 2013 for this form. */
export function nesterov(lr: number, mu: number): UpdateRule {
  return {
    slotCount: 1,
    apply(weights, gradient, [v]) {
      for (let i = 0; i < weights.length; i++) {
        v[i] = mu * v[i] + gradient[i]
        weights[i] -= lr * (gradient[i] + mu * v[i])
      }
    },
  }
}
