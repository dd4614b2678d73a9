// How do float64 vectors of any size enter and leave kernels that compute in float32?
//
// In the parameters' layout, each layer's weights and biases with an exponent of their own where they leave float32's
// comfortable range: a vector may be 1e-60 in one layer and 1 in another.
import type { DenseNetworkSpec } from '../../core/networkSpec.ts'
import { binaryExponent } from '../../numerics/logMagnitude.ts'
import { NO_EXPONENT, WINDOW } from './exponentWgsl.ts'
import { forEachBlock, scaleBlock } from './gradientMeasures.ts'

/** Mantissas of one flat vector into `packed`, their exponents into `exponents` [L][weights, biases]; zero blocks get NO_EXPONENT. */
export function packVector(
  spec: DenseNetworkSpec,
  positions: Int32Array,
  flat: Float64Array,
  packed: Float32Array,
  exponents: Int32Array,
): void {
  exponents.fill(NO_EXPONENT)
  forEachBlock(spec, (block, start, end) => {
    let largest = 0
    for (let i = start; i < end; i++) if (!(Math.abs(flat[i]) <= largest)) largest = Math.abs(flat[i])
    if (largest === 0) return
    const own = binaryExponent(largest)
    const exponent = Number.isFinite(own) && Math.abs(own) > WINDOW ? own : 0
    exponents[block] = exponent
    if (exponent === 0) {
      for (let i = start; i < end; i++) packed[positions[i]] = flat[i]
      return
    }
    const values = flat.slice(start, end)
    scaleBlock(values, 0, values.length, -exponent)
    for (let i = start; i < end; i++) packed[positions[i]] = values[i - start]
  })
}

/** into [P] += packed mantissas times 2^exponents [L][weights, biases]. */
export function addPacked(
  spec: DenseNetworkSpec,
  positions: Int32Array,
  packed: Float32Array,
  exponents: Int32Array,
  into: Float64Array,
): void {
  forEachBlock(spec, (block, start, end) => {
    const exponent = exponents[block]
    if (Math.abs(exponent) <= 1000) {
      const factor = 2 ** exponent
      for (let i = start; i < end; i++) into[i] += packed[positions[i]] * factor
      return
    }
    const values = Float64Array.from({ length: end - start }, (_, i) => packed[positions[start + i]])
    scaleBlock(values, 0, values.length, exponent)
    for (let i = start; i < end; i++) into[i] += values[i - start]
  })
}
