// What is the gradient of a chain's loss? g_k = (xx P - xy) * product of the other weights.
import { fitLimb, type RunningProducts, type Scaled } from './runningProducts.ts'
import { INVERSE_LIMB, LIMB, type ScaledArray } from './scaledArray.ts'

const LOWEST = INVERSE_LIMB
const HIGHEST = LIMB
const fitted: Scaled = { mantissa: 0, exponent: 0 }

/**
 * The gradient [L] of a function of the product whose derivative there is `slope`.
 *
 * Source: VC, section 3 (with products over the others instead of P / w_k, so a weight may be 0).
 */
export function fillChainGradient(products: RunningProducts, slope: Scaled, into: ScaledArray): void {
  const { before, beforeExponent, after, afterExponent } = products
  const { mantissa, exponent } = into
  const factor = slope.mantissa
  const shift = slope.exponent
  for (let k = 0; k < before.length; k++) {
    const value = before[k] * after[k] * factor
    const size = value < 0 ? -value : value
    if (size > LOWEST && size < HIGHEST) {
      mantissa[k] = value
      exponent[k] = beforeExponent[k] + afterExponent[k] + shift
    } else {
      fitted.mantissa = value
      fitted.exponent = value === 0 ? 0 : beforeExponent[k] + afterExponent[k] + shift
      fitLimb(fitted)
      mantissa[k] = fitted.mantissa
      exponent[k] = fitted.exponent
    }
  }
}
