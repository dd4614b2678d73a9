// scaledGram
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { commonGram, gramOfScaledEntries, plainGram, scaledGramOf } from '../../src/numerics/scaledGram.ts'

const gramOf = (rows: readonly (readonly number[])[]) =>
  Float64Array.from(rows.flatMap((a) => rows.map((b) => a.reduce((sum, value, k) => sum + value * b[k], 0))))
// No subnormal products: those round when they are moved.
const entry = fc.double({ min: -100, max: 100, noNaN: true }).filter((value) => value === 0 || Math.abs(value) > 1e-150)
const rows = fc.array(fc.array(entry, { minLength: 3, maxLength: 3 }), { minLength: 1, maxLength: 6 })

describe('scaledGramOf', () => {
  test('has a diagonal in [1, 4) or 0, and loses no bit', () => {
    fc.assert(
      fc.property(rows, (vectors) => {
        const n = vectors.length
        const gram = gramOf(vectors)
        const scaled = scaledGramOf(gram, n)
        for (let i = 0; i < n; i++) {
          const square = scaled.products[i * n + i]
          expect(square === 0 || (square >= 1 && square < 4)).toBe(true)
        }
        expect(plainGram(scaled)).toEqual(gram)
      }),
      { seed: 20_261_123 },
    )
  })
  test('adds the exponents that the vectors were divided by before', () => {
    const { products, exponents } = scaledGramOf(Float64Array.of(16, 4, 4, 2), 2, Int32Array.of(-700, 30))
    expect([...products]).toEqual([1, 1, 1, 2])
    expect([...exponents]).toEqual([-698, 30])
  })
  test('keeps zeros zero and what is not finite as it is', () => {
    const { products, exponents } = scaledGramOf(Float64Array.of(0, 0, 0, Infinity), 2)
    expect([...products]).toEqual([0, 0, 0, Infinity])
    expect([...exponents]).toEqual([0, 0])
  })
})

test('gramOfScaledEntries is the same where each product has an exponent of its own', () => {
  // Vectors (3, 0) 2^-700 and (1, 2) 2^400.
  const entries = { mantissas: Float64Array.of(9, 6, 3, 5), exponents: Int32Array.of(-1400, -301, -300, 800) }
  const { products, exponents } = gramOfScaledEntries(entries, 2)
  expect([...exponents]).toEqual([-699, 401])
  expect([...products]).toEqual([9 / 4, 3 / 4, 3 / 4, 5 / 4])
})

describe('commonGram', () => {
  test('has one exponent for all and the largest square in [1, 4)', () => {
    const products = Float64Array.of(1, 1, 1, 2)
    const { gram, exponent } = commonGram({ products, exponents: Int32Array.of(-700, -702) })
    expect([...gram]).toEqual([1, 1 / 4, 1 / 4, 2 / 16])
    expect(exponent).toBe(-1400)
  })
  test('takes no notice of vectors that are zero, and is zero where all are', () => {
    expect(commonGram({ products: Float64Array.of(0, 0, 0, 2), exponents: Int32Array.of(0, -900) })).toEqual({
      gram: Float64Array.of(0, 0, 0, 2),
      exponent: -1800,
    })
    expect(commonGram({ products: new Float64Array(4), exponents: new Int32Array(2) })).toEqual({ gram: new Float64Array(4), exponent: 0 })
  })
})
