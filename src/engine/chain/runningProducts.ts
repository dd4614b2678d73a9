// What is the product of all weights, and of all but one, without ever dividing?
//
// One sweep from each end: prod over j != k is (before k) * (after k), so a weight may be exactly 0. Mantissas stay
// within 2^-256 .. 2^256 and the exponents count what left, so depth 2000 at any scale neither under- nor overflows.
import { INVERSE_LIMB, LIMB, LIMB_BITS } from './scaledArray.ts'

/** Own names: the bounds are read in the innermost loops, and a binding of another module is a call there. */
const LOWEST = INVERSE_LIMB
const HIGHEST = LIMB

/** A number mantissa * 2^exponent; the exponent is a multiple of 256, and 0 in the ordinary range. */
export interface Scaled {
  mantissa: number
  exponent: number
}

/** Scratch for one chain; filled by `fillRunningProducts`. */
export interface RunningProducts {
  /** [L] product of the weights before k. */
  readonly before: Float64Array
  readonly beforeExponent: Int32Array
  /** [L] product of the weights after k. */
  readonly after: Float64Array
  readonly afterExponent: Int32Array
  /** Product of all weights. */
  readonly product: Scaled
}

export function runningProducts(depth: number): RunningProducts {
  return {
    before: new Float64Array(depth),
    beforeExponent: new Int32Array(depth),
    after: new Float64Array(depth),
    afterExponent: new Int32Array(depth),
    product: { mantissa: 1, exponent: 0 },
  }
}

/** Products before and after each weight, [L]; O(L), no division. Non-finite weights give non-finite products. */
export function fillRunningProducts(weights: Float64Array, into: RunningProducts): void {
  const { before, beforeExponent, after, afterExponent, product } = into
  const depth = weights.length
  // Plain locals: the ordinary case is one multiplication and one test a weight.
  let mantissa = 1
  let exponent = 0
  for (let k = depth - 1; k >= 0; k--) {
    after[k] = mantissa
    afterExponent[k] = exponent
    const next = mantissa * weights[k]
    const size = next < 0 ? -next : next
    if (size > LOWEST && size < HIGHEST) mantissa = next
    else {
      product.mantissa = mantissa
      product.exponent = exponent
      multiplyBy(product, weights[k])
      mantissa = product.mantissa
      exponent = product.exponent
    }
  }
  mantissa = 1
  exponent = 0
  for (let k = 0; k < depth; k++) {
    before[k] = mantissa
    beforeExponent[k] = exponent
    const next = mantissa * weights[k]
    const size = next < 0 ? -next : next
    if (size > LOWEST && size < HIGHEST) mantissa = next
    else {
      product.mantissa = mantissa
      product.exponent = exponent
      multiplyBy(product, weights[k])
      mantissa = product.mantissa
      exponent = product.exponent
    }
  }
  product.mantissa = mantissa
  product.exponent = exponent
}

/** value *= factor, kept within the limb. */
export function multiplyBy(value: Scaled, factor: number): void {
  const product = value.mantissa * factor
  const size = Math.abs(product)
  if ((size > LOWEST && size < HIGHEST) || factor === 0) {
    value.mantissa = product
    return
  }
  // The plain product may have left float64 already: bring the factor into the limb first.
  const fitted = { mantissa: factor, exponent: 0 }
  fitLimb(fitted)
  value.mantissa *= fitted.mantissa
  value.exponent += fitted.exponent
  fitLimb(value)
}

/** value += mantissa * 2^exponent; the smaller term vanishes where it is below rounding. */
export function addTo(value: Scaled, mantissa: number, exponent: number): void {
  if (mantissa === 0) return
  if (value.mantissa === 0) {
    value.mantissa = mantissa
    value.exponent = exponent
  } else if (exponent === value.exponent) value.mantissa += mantissa
  else if (exponent < value.exponent) value.mantissa += mantissa * 2 ** (exponent - value.exponent)
  else {
    value.mantissa = value.mantissa * 2 ** (value.exponent - exponent) + mantissa
    value.exponent = exponent
  }
  fitLimb(value)
}

/** Moves powers of 2^256 into the exponent until the mantissa is within 2^-256 .. 2^256; 0 and non-finite stay. */
export function fitLimb(value: Scaled): void {
  const size = Math.abs(value.mantissa)
  if (size > LOWEST && size < HIGHEST) return
  if (size === 0 || !Number.isFinite(size)) return
  while (Math.abs(value.mantissa) >= LIMB) {
    value.mantissa *= INVERSE_LIMB
    value.exponent += LIMB_BITS
  }
  while (Math.abs(value.mantissa) <= INVERSE_LIMB) {
    value.mantissa *= LIMB
    value.exponent -= LIMB_BITS
  }
}
