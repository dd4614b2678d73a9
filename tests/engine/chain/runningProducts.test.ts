import { describe, expect, test } from 'vitest'
import { fillRunningProducts, runningProducts } from '../../../src/engine/chain/runningProducts.ts'
import { namedStream } from '../../../src/numerics/streams.ts'
import { exactProduct, relativeGap } from '../reference/exactProduct.ts'
import { SEED } from '../reference/problems.ts'

const productsOf = (weights: Float64Array) => {
  const products = runningProducts(weights.length)
  fillRunningProducts(weights, products)
  return products
}
const uniform = (depth: number, tau: number): Float64Array => {
  const stream = namedStream(SEED, `chain ${depth} ${tau}`)
  return Float64Array.from({ length: depth }, () => tau * (2 * stream.uniform() - 1))
}

describe('fillRunningProducts', () => {
  test.each([
    ['ordinary', uniform(24, 1.5)],
    ['vanishing below 1e-300', uniform(2000, 1)],
    ['exploding above 1e300', uniform(2000, 10)],
    ['of the smallest and largest doubles', Float64Array.of(5e-324, 1e300, -1.7e308, 2 ** -1074, 3, 1e-200, 1e-300, 1e-310)],
  ])('agrees with the exact product of weights that are %s', (_, weights) => {
    const products = productsOf(weights)
    const depth = weights.length
    // One rounding of 2^-53 a factor.
    const tolerance = depth * 2 ** -52
    expect(relativeGap(products.product.mantissa, products.product.exponent, exactProduct(weights))).toBeLessThan(tolerance)
    for (const k of [0, 1, depth >> 1, depth - 2, depth - 1]) {
      expect(relativeGap(products.before[k], products.beforeExponent[k], exactProduct(weights.subarray(0, k)))).toBeLessThan(tolerance)
      expect(relativeGap(products.after[k], products.afterExponent[k], exactProduct(weights.subarray(k + 1)))).toBeLessThan(tolerance)
      expect(Math.abs(products.before[k])).toBeLessThan(2 ** 257)
    }
  })
  test('is the plain product to the bit, exponent 0, in the ordinary range', () => {
    const weights = uniform(24, 1.5)
    const { product, before, beforeExponent } = productsOf(weights)
    let plain = 1
    for (const [k, weight] of weights.entries()) {
      expect(before[k]).toBe(plain)
      expect(beforeExponent[k]).toBe(0)
      plain *= weight
    }
    expect(product).toEqual({ mantissa: plain, exponent: 0 })
  })
  test('keeps a zero where it stands and the products around it', () => {
    const { product, before, after } = productsOf(Float64Array.of(2, 0, 3))
    expect(product.mantissa).toBe(0)
    expect(Array.from(before)).toEqual([1, 2, 0])
    expect(Array.from(after)).toEqual([0, 3, 1])
  })
  test('lets a non-finite weight through', () => {
    expect(productsOf(Float64Array.of(1, Infinity, 2)).product.mantissa).toBe(Infinity)
    expect(productsOf(Float64Array.of(1, NaN, 2)).product.mantissa).toBeNaN()
  })
})
