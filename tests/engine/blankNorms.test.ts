import { expect, test } from 'vitest'
import { unknownNorms, zeroNorms } from '../../src/engine/blankNorms.ts'

test('zeroNorms are zero and unknownNorms NaN in every layer, both within the range', () => {
  const shared = { exponent: Int32Array.of(0, 0), meanAbsExponent: Int32Array.of(0, 0), underflow: Uint8Array.of(0, 0) }
  expect(zeroNorms(2)).toEqual({ ...shared, mantissa: Float64Array.of(0, 0), meanAbsMantissa: Float64Array.of(0, 0) })
  expect(unknownNorms(2)).toEqual({ ...shared, mantissa: Float64Array.of(NaN, NaN), meanAbsMantissa: Float64Array.of(NaN, NaN) })
})
