// How large is each layer's gradient, as a power of ten?
//
// Mantissa and exponent go to log10 directly: forming the plain number first would flush a deep network's norms to zero.
// Plain loops without an object per layer, because an ensemble of chains asks for hundreds of thousands of them a second.
import type { LayerNorms } from '../core/probe.ts'

const LOG10_OF_2 = Math.log10(2)

/** log10 of mantissa * 2^exponent; -Infinity for an exact zero. */
function log10Scaled(mantissa: number, exponent: number): number {
  return mantissa === 0 ? -Infinity : Math.log10(Math.abs(mantissa)) + exponent * LOG10_OF_2
}

/**
 * log10 of mantissa * 2^exponent, entry by entry; -Infinity for an exact zero.
 *
 * @param mantissa [L] of any size, zero included.
 * @param exponent [L] integers.
 */
export function log10Norms(mantissa: Float64Array, exponent: Int32Array): Float64Array {
  const result = new Float64Array(mantissa.length)
  for (let layer = 0; layer < mantissa.length; layer++) result[layer] = log10Scaled(mantissa[layer], exponent[layer])
  return result
}

/** log10 of the norm over all layers together; -Infinity when every layer is zero. */
export function globalLog10Norm({ mantissa, exponent }: Pick<LayerNorms, 'mantissa' | 'exponent'>): number {
  let largest = -Infinity
  for (let layer = 0; layer < mantissa.length; layer++) {
    if (mantissa[layer] !== 0 && exponent[layer] > largest) largest = exponent[layer]
  }
  if (largest === -Infinity) return -Infinity
  let sum = 0
  for (let layer = 0; layer < mantissa.length; layer++) {
    const scaled = mantissa[layer] * 2 ** (exponent[layer] - largest)
    sum += scaled * scaled
  }
  return log10Scaled(Math.sqrt(sum), largest)
}
