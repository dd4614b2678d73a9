// Adam of a chain: the rule of `optimizers/adam.ts` with both moments in extended range.
import { timesPowerOfTwo } from '../../numerics/logMagnitude.ts'
import type { ChainUpdateRule } from './chainUpdateRule.ts'
import { INVERSE_LIMB, LIMB, LIMB_BITS, type ScaledArray } from './scaledArray.ts'
import { foldSquare } from './secondMoment.ts'

/** Both moments bias-corrected, eps outside the root; slots m, v. With eps 0 the first step is lr at any size of g. */
export function scaledAdam(lr: number, beta1: number, beta2: number, eps: number): ChainUpdateRule {
  return {
    slotCount: 2,
    slotsAreScaled: true,
    apply(weights, gradient, [m, v], slotStep) {
      const firstCorrection = 1 - beta1 ** (slotStep + 1)
      const secondCorrection = 1 - beta2 ** (slotStep + 1)
      for (let k = 0; k < weights.length; k++) {
        foldMean(m, k, gradient, beta1)
        foldSquare(v, k, gradient, beta2)
        const exponent = v.exponent[k]
        const shift = m.exponent[k] - exponent
        const root = Math.sqrt(v.mantissa[k] / secondCorrection) + (exponent === 0 ? eps : timesPowerOfTwo(eps, -exponent))
        const mean = m.mantissa[k] / firstCorrection
        if (root !== 0) weights[k] -= (lr * (shift === 0 ? mean : timesPowerOfTwo(mean, shift))) / root
      }
    },
  }
}

/** m = decay m + (1 - decay) g for entry i of the slot. */
function foldMean(slot: ScaledArray, i: number, gradient: ScaledArray, decay: number): void {
  let g = gradient.mantissa[i]
  let m = slot.mantissa[i]
  let own = slot.exponent[i]
  const exponent = g === 0 ? own : gradient.exponent[i]
  if (m === 0) own = exponent
  if (exponent > own) {
    m *= 2 ** (own - exponent)
    own = exponent
  } else if (exponent < own) g *= 2 ** (exponent - own)
  m = decay * m + (1 - decay) * g
  const size = Math.abs(m)
  if (size < INVERSE_LIMB && size > 0) {
    m *= LIMB
    own -= LIMB_BITS
  }
  slot.mantissa[i] = m
  slot.exponent[i] = own
}
