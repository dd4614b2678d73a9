// Each title finishes a sentence that begins with the function's name.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ShapeFault } from '../../src/core/faults.ts'
import { cosineStatistics } from '../../src/diagnostics/cosineStatistics.ts'
import { averageConfusion, gradientConfusion, normalisedConfusion } from '../../src/diagnostics/gradientConfusion.ts'
import { cosineMatrix, cosinesOfGram, cosinesOfPairs } from '../../src/diagnostics/gradientCosines.ts'
import { gramOf, integerVectors, PROPERTY_SEED } from './gramOf.ts'

test('cosinesOfPairs gives 1, 0 and -1 for equal, orthogonal and opposed vectors', () => {
  expect([...cosinesOfPairs(Float64Array.of(6, 4, 9, 0, 4, 9, -6, 4, 9)).cosines]).toEqual([1, 0, -1])
})

test('cosinesOfPairs leaves out and counts pairs with a zero gradient', () => {
  const { cosines, excluded } = cosinesOfPairs(Float64Array.of(0, 0, 4, 2, 4, 4))
  expect([...cosines]).toEqual([0.5])
  expect(excluded).toBe(1)
})

test('cosinesOfPairs survives norms whose product leaves float64', () => {
  expect(cosinesOfPairs(Float64Array.of(1e-300, 2e-300, 2e-300)).cosines[0]).toBeCloseTo(0.5, 12)
  expect(cosinesOfPairs(Float64Array.of(1e300, 2e300, 2e300)).cosines[0]).toBeCloseTo(0.5, 12)
})

test('cosinesOfPairs never leaves [-1, 1] by rounding', () => {
  expect(cosinesOfPairs(Float64Array.of(1 + 1e-7, 1, 1)).cosines[0]).toBe(1)
})

test('cosinesOfGram lists n(n-1)/2 pairs and no sample with itself', () => {
  const { cosines, excluded } = cosinesOfGram(
    gramOf([
      [1, 0],
      [0, 2],
      [-3, 0],
    ]),
    3,
  )
  expect([...cosines]).toEqual([0, -1, 0])
  expect(excluded).toBe(0)
})

test('cosinesOfGram refuses a matrix of another size', () => {
  expect(() => cosinesOfGram(new Float64Array(5), 2)).toThrow(ShapeFault)
})

test('cosineMatrix has 1 on the diagonal and 0 wherever a gradient is zero', () => {
  expect([
    ...cosineMatrix(
      gramOf([
        [3, 4],
        [0, 0],
      ]),
      2,
    ),
  ]).toEqual([1, 0, 0, 0])
})

test('gradientConfusion is the size of the most opposed inner product, and 0 when none is opposed', () => {
  expect(
    gradientConfusion(
      gramOf([
        [1, 0],
        [-2, 1],
        [0, 3],
      ]),
      3,
    ),
  ).toBe(2)
  expect(
    gradientConfusion(
      gramOf([
        [1, 0],
        [1, 1],
      ]),
      2,
    ),
  ).toBe(0)
})

test('gradientConfusion knows no pair below two samples', () => {
  for (const confusion of [gradientConfusion, normalisedConfusion, averageConfusion]) expect(confusion(gramOf([[2]]), 1)).toBeNull()
})

test('normalisedConfusion is 1 for opposed directions, whatever their lengths, and leaves zero gradients out', () => {
  expect(
    normalisedConfusion(
      gramOf([
        [1, 0],
        [-100, 0],
      ]),
      2,
    ),
  ).toBe(1)
  expect(
    normalisedConfusion(
      gramOf([
        [1, 0],
        [0, 0],
      ]),
      2,
    ),
  ).toBeNull()
})

test('averageConfusion counts only different samples: with i = j it could never be positive', () => {
  expect(averageConfusion(gramOf([[1], [-1]]), 2)).toBe(1)
  expect(averageConfusion(gramOf([[1], [1]]), 2)).toBe(0)
})

test('the three confusions equal their definitions over explicit pairs', () => {
  fc.assert(
    fc.property(integerVectors, (rows) => {
      const products: number[] = []
      const cosines: number[] = []
      rows.forEach((a, i) =>
        rows.forEach((b, j) => {
          if (i === j) return
          const product = a.reduce((sum, value, k) => sum + value * b[k], 0)
          products.push(product)
          const [na, nb] = [Math.hypot(...a), Math.hypot(...b)]
          if (na > 0 && nb > 0) cosines.push(product / na / nb)
        }),
      )
      const gram = gramOf(rows)
      const n = rows.length
      expect(gradientConfusion(gram, n)).toBe(Math.max(0, -Math.min(...products)))
      expect(averageConfusion(gram, n)).toBeCloseTo(Math.max(0, -products.reduce((sum, value) => sum + value, 0) / products.length), 10)
      const normalised = normalisedConfusion(gram, n)
      if (cosines.length === 0) expect(normalised).toBeNull()
      // Two roots are rounded in another order: a few 1e-16.
      else expect(normalised).toBeCloseTo(Math.min(1, Math.max(0, -Math.min(...cosines))), 12)
    }),
    PROPERTY_SEED,
  )
})

test('confusion grows with the square of the gradients, and the normalised one not at all', () => {
  fc.assert(
    fc.property(integerVectors, fc.integer({ min: -40, max: 40 }), (rows, exponent) => {
      const n = rows.length
      const gram = gramOf(rows)
      const scaled = gramOf(rows.map((row) => row.map((value) => value * 2 ** exponent)))
      expect(gradientConfusion(scaled, n)).toBe(gradientConfusion(gram, n)! * 4 ** exponent)
      expect(averageConfusion(scaled, n)).toBe(averageConfusion(gram, n)! * 4 ** exponent)
      expect(normalisedConfusion(scaled, n)).toBe(normalisedConfusion(gram, n))
    }),
    PROPERTY_SEED,
  )
})

test('confusion and cosines do not depend on the order of the samples', () => {
  fc.assert(
    fc.property(integerVectors, (rows) => {
      const n = rows.length
      const [gram, reversed] = [gramOf(rows), gramOf(rows.toReversed())]
      expect(gradientConfusion(reversed, n)).toBe(gradientConfusion(gram, n))
      expect(normalisedConfusion(reversed, n)).toBe(normalisedConfusion(gram, n))
      expect(cosinesOfGram(reversed, n).cosines.toSorted()).toEqual(cosinesOfGram(gram, n).cosines.toSorted())
    }),
    PROPERTY_SEED,
  )
})

test('cosineStatistics has a density of mass 1 whenever there is spread, and a rug otherwise', () => {
  fc.assert(
    fc.property(integerVectors, (rows) => {
      const given = cosinesOfGram(gramOf(rows), rows.length)
      const { curve, cosines, min } = cosineStatistics(given)
      expect(cosines).toHaveLength(given.cosines.length)
      expect(curve === null).toBe(cosines.length === 0)
      if (curve === null) return
      expect(min).toBe(Math.min(...given.cosines))
      expect(curve.density.length === 0).toBe(curve.bandwidth === 0)
      if (curve.bandwidth === 0) return
      const step = curve.grid[1] - curve.grid[0]
      const ends = curve.density[0] + curve.density[curve.density.length - 1]
      const mass = step * (curve.density.reduce((sum, value) => sum + value, 0) - ends / 2)
      // Trapezoid rule with a step below the bandwidth on an even periodic extension: exact to rounding.
      expect(mass).toBeCloseTo(1, 8)
    }),
    PROPERTY_SEED,
  )
})

test('cosineStatistics of nothing is nulls and the count of what was left out', () => {
  expect(cosineStatistics({ cosines: new Float64Array(0), excluded: 3 })).toMatchObject({ excluded: 3, min: null, mean: null, curve: null })
})

test('cosineStatistics of one cosine has no spread', () => {
  expect(cosineStatistics({ cosines: Float64Array.of(-0.5), excluded: 0 })).toMatchObject({
    min: -0.5,
    mean: -0.5,
    standardDeviation: null,
    fractionNegative: 1,
  })
})

test('the confusions are not a number where a gradient is not, and never 0', () => {
  const broken = Float64Array.of(1, NaN, NaN, 1)
  expect(gradientConfusion(broken, 2)).toBeNaN()
  expect(averageConfusion(broken, 2)).toBeNaN()
})

test('cosinesOfPairs knows no direction of a gradient whose square is 0, even where rounding left it a product', () => {
  expect(cosinesOfPairs(Float64Array.of(1e-200, 0, 1, 1e-200, 1, 0))).toEqual({ cosines: new Float64Array(0), excluded: 2 })
})

test('cosineMatrix has exactly 1 on the diagonal where the root of a square is rounded', () => {
  // sqrt 2 sqrt 2 = 2 + 4e-16.
  expect(cosineMatrix(Float64Array.of(2, 0, 0, 3), 2)).toEqual(Float64Array.of(1, 0, 0, 1))
})

test('cosineStatistics has mean and spread (n - 1) of all cosines, from two on', () => {
  const of = (...cosines: number[]) => cosineStatistics({ cosines: Float64Array.from(cosines), excluded: 0 })
  expect(of(-0.5, 0.5).standardDeviation).toBeCloseTo(Math.SQRT1_2, 12)
  expect(of(0.5, 0.5).standardDeviation).toBe(0)
  const three = of(0.5, -0.25, 0.2)
  expect(three.mean).toBeCloseTo(0.15, 12)
  expect(three.standardDeviation).toBeCloseTo(Math.sqrt((0.35 ** 2 + 0.4 ** 2 + 0.05 ** 2) / 2), 12)
})
