// Plain gradient descent: w -= lr g.
import type { UpdateRule } from './updateRule.ts'

/** w -= lr g; no slots. */
export function sgd(lr: number): UpdateRule {
  return {
    slotCount: 0,
    apply(weights, gradient) {
      for (let i = 0; i < weights.length; i++) weights[i] -= lr * gradient[i]
    },
  }
}
