// What stands for the norms of a seed that is trained no more?
import type { LayerNorms } from '../core/probe.ts'

/** NaN for every layer. */
export function unknownNorms(layerCount: number): LayerNorms {
  return {
    mantissa: new Float64Array(layerCount).fill(NaN),
    exponent: new Int32Array(layerCount),
    meanAbsMantissa: new Float64Array(layerCount).fill(NaN),
    meanAbsExponent: new Int32Array(layerCount),
    underflow: new Uint8Array(layerCount),
  }
}
