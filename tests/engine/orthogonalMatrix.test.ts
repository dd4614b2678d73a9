import { describe, expect, test } from 'vitest'
import type { RandomStream } from '../../src/core/random.ts'
import { orthogonalMatrix } from '../../src/engine/orthogonalMatrix.ts'
import { namedStream } from '../../src/numerics/streams.ts'
import { SEED } from './reference/problems.ts'

const scripted = (numbers: readonly number[]): RandomStream => {
  let next = 0
  return { ...namedStream(SEED, 'unused'), normal: () => numbers[next++] }
}

describe('orthogonalMatrix', () => {
  test('stays orthogonal to rounding where two draws nearly agree', () => {
    // One pass of Gram-Schmidt leaves 1e-16 / 1e-9 here.
    const [a, b, c, d] = orthogonalMatrix(2, 2, scripted([1, 0.7, 1, 0.7 + 1e-9]))
    expect(Math.abs(a * c + b * d)).toBeLessThan(1e-15)
    expect(Math.hypot(c, d)).toBeCloseTo(1, 15)
  })
  test('draws again where two draws agree', () => {
    const [, , c, d] = orthogonalMatrix(2, 2, scripted([1, 0, 1, 0, 5, 3]))
    expect([c, d]).toEqual([0, 1])
  })
  test('keeps the direction of the first draw', () => {
    expect(Array.from(orthogonalMatrix(1, 2, scripted([3, -4])))).toEqual([0.6, -0.8])
    expect(Array.from(orthogonalMatrix(2, 1, scripted([3, -4])))).toEqual([0.6, -0.8])
  })
})
