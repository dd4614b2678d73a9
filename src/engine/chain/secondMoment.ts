// What is the running mean of g^2 when g^2 leaves float64?
//
// v = mantissa * 2^(2 exponent): the exponent belongs to the ROOT of v, so it compares with the gradient's own.
import { fitLimb, type Scaled } from './runningProducts.ts'
import { INVERSE_LIMB, LIMB, LIMB_BITS, type ScaledArray } from './scaledArray.ts'

/** Below this a mean of squares moves to the next exponent, well before it loses bits. */
const SMALLEST_SQUARE = 2 ** -400
const SMALLEST_GRADIENT = 2 ** -200
const LARGEST_GRADIENT = 2 ** 200

const entry: Scaled = { mantissa: 0, exponent: 0 }

/**
 * v = decay v + (1 - decay) g^2 for entry i of the slot.
 *
 * @returns the gradient as a multiple of 2^(exponent of the slot's entry after the update).
 */
export function foldSquare(slot: ScaledArray, i: number, gradient: ScaledArray, decay: number): number {
  let g = gradient.mantissa[i]
  let exponent = gradient.exponent[i]
  let v = slot.mantissa[i]
  let own = slot.exponent[i]
  const size = Math.abs(g)
  if (g === 0) exponent = own
  else if (size < SMALLEST_GRADIENT || size > LARGEST_GRADIENT) {
    entry.mantissa = g
    entry.exponent = exponent
    centreLimb(entry)
    g = entry.mantissa
    exponent = entry.exponent
  }
  if (v === 0) own = exponent
  if (exponent > own) {
    v *= 2 ** (2 * (own - exponent))
    own = exponent
  } else if (exponent < own) g *= 2 ** (exponent - own)
  v = decay * v + (1 - decay) * (g * g)
  if (v < SMALLEST_SQUARE && v > 0) {
    v *= LIMB * LIMB
    g *= LIMB
    own -= LIMB_BITS
  }
  slot.mantissa[i] = v
  slot.exponent[i] = own
  return g
}

/** As fitLimb, with the mantissa within 2^-128 .. 2^128, so that its square is harmless. */
function centreLimb(value: Scaled): void {
  fitLimb(value)
  const size = Math.abs(value.mantissa)
  if (size > 2 ** (LIMB_BITS / 2)) {
    value.mantissa *= INVERSE_LIMB
    value.exponent += LIMB_BITS
  } else if (size < 2 ** (-LIMB_BITS / 2)) {
    value.mantissa *= LIMB
    value.exponent -= LIMB_BITS
  }
}
