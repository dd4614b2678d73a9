// What do the sums that K2 leaves say of each layer's gradient?
//
// Each group of weights, and each other part of a layer, has its own exponent: they meet here, in float64.
import { layerParameterCount, type DenseNetworkSpec } from '../../core/networkSpec.ts'
import type { LayerNorms } from '../../core/probe.ts'
import { combinedNorm, normalised, timesPowerOfTwo, type ScaledNumber } from '../../numerics/logMagnitude.ts'
import { zeroNorms } from '../blankNorms.ts'
import { isLost } from './exponentWgsl.ts'
import type { KernelShape } from './kernelShape.ts'
import { groupsOfLayer, weightGroups } from './updateGrid.ts'

/**
 * Norms of one seed (or lane), W, b, gamma and beta of a layer together.
 *
 * @param entries what K2 wrote, see `normEntries`.
 */
export function normsOfEntries(spec: DenseNetworkSpec, shape: KernelShape, entries: Float32Array, seed: number): LayerNorms {
  const norms = zeroNorms(spec.layers.length)
  const ofWeights = weightGroups(shape)
  const groups = groupsOfLayer(shape)
  for (const [l, layer] of spec.layers.entries()) {
    const squares: ScaledNumber[] = []
    const sums: ScaledNumber[] = []
    let lost = false
    for (let group = 0; group < groups; group++) {
      // Biases follow the weights, whatever a layer without them left there.
      if (group === ofWeights && !shape.layout.bias) continue
      if (group > ofWeights && layer.norm === undefined) continue
      const at = 4 * ((seed * spec.layers.length + l) * groups + group)
      const exponent = entries[at + 1]
      lost ||= entries[at] === 0 && isLost(exponent)
      squares.push({ mantissa: Math.sqrt(entries[at]), exponent })
      sums.push({ mantissa: entries[at + 2], exponent })
    }
    const norm = combinedNorm(squares)
    writeNorm(norms, l, norm, sumOf(sums), layerParameterCount(layer))
    norms.underflow[l] = lost && norm.mantissa === 0 ? 1 : 0
  }
  return norms
}

/** @param sum of the sizes of the layer's `count` entries. */
export function writeNorm(norms: LayerNorms, layer: number, norm: ScaledNumber, sum: ScaledNumber, count: number): void {
  const own = normalised(norm.mantissa, norm.exponent)
  norms.mantissa[layer] = own.mantissa
  norms.exponent[layer] = own.exponent
  const mean = normalised(sum.mantissa / count, sum.exponent)
  norms.meanAbsMantissa[layer] = mean.mantissa
  norms.meanAbsExponent[layer] = mean.exponent
}

/** Right where the plain sum would leave float64. */
export function sumOf(parts: readonly ScaledNumber[]): ScaledNumber {
  let exponent = -Infinity
  for (const part of parts) if (part.mantissa !== 0) exponent = Math.max(exponent, part.exponent)
  if (exponent === -Infinity) return { mantissa: 0, exponent: 0 }
  let sum = 0
  for (const part of parts) if (part.mantissa !== 0) sum += timesPowerOfTwo(part.mantissa, part.exponent - exponent)
  return { mantissa: sum, exponent }
}
