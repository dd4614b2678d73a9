// How large is each layer's gradient, as a power of ten?
//
// Mantissa and exponent go to log10 directly: forming the plain number first would flush a deep network's norms to zero.
import type { LayerNorms } from '../core/probe.ts'
import { combinedNorm, log10OfScaled, type ScaledNumber } from '../numerics/logMagnitude.ts'

/**
 * log10 of mantissa * 2^exponent, entry by entry; -Infinity for an exact zero.
 *
 * @param mantissa [L] of any size, zero included.
 * @param exponent [L] integers.
 */
export function log10Norms(mantissa: Float64Array, exponent: Int32Array): Float64Array {
  return Float64Array.from(mantissa, (value, layer) => log10OfScaled({ mantissa: value, exponent: exponent[layer] }))
}

/** log10 of the norm over all layers together; -Infinity when every layer is zero. */
export function globalLog10Norm(norms: LayerNorms): number {
  const parts: ScaledNumber[] = Array.from(norms.mantissa, (mantissa, layer) => ({ mantissa, exponent: norms.exponent[layer] }))
  return log10OfScaled(combinedNorm(parts))
}
