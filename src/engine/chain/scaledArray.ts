// How do many numbers keep an exponent each without slowing the ordinary case down?
//
// Entry i is mantissa[i] * 2^exponent[i], the exponent a multiple of 256 and nearly always 0: then the mantissa
// is the plain number and every operation is the plain one, bit for bit. Powers of two round nothing.
import { timesPowerOfTwo } from '../../numerics/logMagnitude.ts'

/** Exponents move in steps of this many bits. */
export const LIMB_BITS = 256
/** 2^256 and its inverse. */
export const LIMB = 2 ** LIMB_BITS
export const INVERSE_LIMB = 2 ** -LIMB_BITS

export interface ScaledArray {
  readonly mantissa: Float64Array
  readonly exponent: Int32Array
}

/** All entries 0. */
export function scaledArray(length: number): ScaledArray {
  return { mantissa: new Float64Array(length), exponent: new Int32Array(length) }
}

/** Entry i as a plain number; 0 or Infinity where float64 ends. */
export function plainEntry(array: ScaledArray, i: number): number {
  const exponent = array.exponent[i]
  return exponent === 0 ? array.mantissa[i] : timesPowerOfTwo(array.mantissa[i], exponent)
}

/** All entries as plain numbers. */
export function plainArray(array: ScaledArray): Float64Array {
  return array.mantissa.map((_, i) => plainEntry(array, i))
}

/** Second moments as plain numbers: their exponents belong to the root. */
export function plainSquares(array: ScaledArray): Float64Array {
  return array.mantissa.map((mantissa, i) => timesPowerOfTwo(mantissa, 2 * array.exponent[i]))
}
