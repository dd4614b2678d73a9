// What is the gradient of a chain's loss? g_k = (xx P - xy) * product of the other weights.
import { fitLimb, type RunningProducts, type Scaled } from './runningProducts.ts'
import { INVERSE_LIMB, LIMB, type ScaledArray } from './scaledArray.ts'

const fitted: Scaled = { mantissa: 0, exponent: 0 }

/**
 * The gradient [L] of a function of the product whose derivative there is `slope`.
 *
 * Source: VC, section 3 (with products over the others instead of P / w_k, so a weight may be 0).
 */
export function fillChainGradient(products: RunningProducts, slope: Scaled, into: ScaledArray): void {
  const { before, beforeExponent, after, afterExponent } = products
  for (let k = 0; k < before.length; k++) {
    const value = before[k] * after[k] * slope.mantissa
    const exponent = beforeExponent[k] + afterExponent[k] + slope.exponent
    const size = Math.abs(value)
    if (size > INVERSE_LIMB && size < LIMB) {
      into.mantissa[k] = value
      into.exponent[k] = exponent
    } else {
      fitted.mantissa = value
      fitted.exponent = value === 0 ? 0 : exponent
      fitLimb(fitted)
      into.mantissa[k] = fitted.mantissa
      into.exponent[k] = fitted.exponent
    }
  }
}
