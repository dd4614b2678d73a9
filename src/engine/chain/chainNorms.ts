// How large are the entries of a chain's gradient, layer by layer?
import type { LayerNorms } from '../../core/probe.ts'
import type { ScaledArray } from './scaledArray.ts'

/** A layer of a chain has one entry: its norm is its mean absolute entry. Mantissas are as they come, near 1 only by the limb. */
export function chainNorms(gradient: ScaledArray): LayerNorms {
  const mantissa = gradient.mantissa.map(Math.abs)
  const exponent = Int32Array.from(gradient.exponent)
  return { mantissa, exponent, meanAbsMantissa: mantissa, meanAbsExponent: exponent, underflow: new Uint8Array(mantissa.length) }
}
