// Which norms stand where none are measured: none yet, or none any more?
import type { LayerNorms } from '../core/probe.ts'

/** Exactly zero in every layer: to be filled. */
export function zeroNorms(layerCount: number): LayerNorms {
  return {
    mantissa: new Float64Array(layerCount),
    exponent: new Int32Array(layerCount),
    meanAbsMantissa: new Float64Array(layerCount),
    meanAbsExponent: new Int32Array(layerCount),
    underflow: new Uint8Array(layerCount),
  }
}

/** NaN in every layer: those of a seed that is trained no more. */
export function unknownNorms(layerCount: number): LayerNorms {
  const norms = zeroNorms(layerCount)
  norms.mantissa.fill(NaN)
  norms.meanAbsMantissa.fill(NaN)
  return norms
}
