// RMSprop of a chain: the rule of `optimizers/rmsprop.ts` with v in extended range.
import { timesPowerOfTwo } from '../../numerics/logMagnitude.ts'
import type { ChainUpdateRule } from './chainUpdateRule.ts'
import { foldSquare } from './secondMoment.ts'

/** v = b v + (1-b) g^2, w -= lr g / (sqrt v + eps); slot v. With eps 0 the step is lr at any size of g. */
export function scaledRmsprop(lr: number, decay: number, eps: number): ChainUpdateRule {
  return {
    slotCount: 1,
    slotsAreScaled: true,
    apply(weights, gradient, [v]) {
      for (let k = 0; k < weights.length; k++) {
        const g = foldSquare(v, k, gradient, decay)
        const exponent = v.exponent[k]
        const root = Math.sqrt(v.mantissa[k]) + (exponent === 0 ? eps : timesPowerOfTwo(eps, -exponent))
        if (root !== 0) weights[k] -= (lr * g) / root
      }
    },
  }
}
