// inputScale, standardise, oneHot, balancedRows and holdOutLast
import { describe, expect, test } from 'vitest'
import { balancedRows, holdOutLast } from '../../src/data/balancedSelection.ts'
import { oneHot } from '../../src/data/oneHot.ts'
import { inputScale, standardise } from '../../src/data/standardise.ts'
import { namedStream } from '../../src/numerics/streams.ts'

describe('standardise', () => {
  test('leaves mean 0 and standard deviation 1', () => {
    const stream = namedStream(2, 'standardise')
    const inputs = Float32Array.from({ length: 5000 }, () => 3 + 0.1 * stream.normal())
    standardise(inputs, inputScale(inputs))
    const after = inputScale(inputs)
    // Float32 rounding of 3 +- 0.1 is 1.2e-7, divided by 0.1.
    expect(Math.abs(after.mean)).toBeLessThan(1.2e-6)
    expect(Math.abs(after.deviation - 1)).toBeLessThan(1.2e-6)
  })
  test('only shifts inputs that are all equal', () => {
    const inputs = Float32Array.of(5, 5)
    standardise(inputs, inputScale(inputs))
    expect(inputs).toEqual(Float32Array.of(0, 0))
  })
  test('survives an empty set', () => {
    expect(inputScale(new Float32Array(0))).toEqual({ mean: 0, deviation: 1 })
  })
})

describe('oneHot', () => {
  test('puts a single 1 at the label', () => {
    expect(oneHot(Int32Array.of(2, 0), 3)).toEqual(Float32Array.of(0, 0, 1, 1, 0, 0))
  })
  test.each([-1, 3])('refuses the label %i of three classes', (label) => {
    expect(() => oneHot(Int32Array.of(label), 3)).toThrow(/expected 0 to 2/)
  })
})

describe('balancedRows', () => {
  const labels = [0, 1, 1, 0, 1, 0, 0, 1]
  test('takes the first rows of each class in file order', () => {
    expect(balancedRows(labels, 2, 0, 2)).toEqual([0, 1, 2, 3])
  })
  test('goes on where the rows before ended', () => {
    expect(balancedRows(labels, 2, 2, 2)).toEqual([4, 5, 6, 7])
  })
  test('gives fewer rows when a class runs out', () => {
    expect(balancedRows(labels, 2, 3, 2)).toEqual([6, 7])
  })
})

describe('holdOutLast', () => {
  test('holds out the last rows of each class, one more of the lower classes', () => {
    expect(holdOutLast([0, 1, 0, 1, 0, 1, 0], 2, 3)).toEqual({ train: [0, 1, 2, 3], test: [4, 5, 6] })
  })
  test('holds out nothing when nothing is asked', () => {
    expect(holdOutLast([1, 0], 2, 0)).toEqual({ train: [0, 1], test: [] })
  })
})
