// batchSums
import { describe, expect, test } from 'vitest'
import type { Probe } from '../../src/core/probe.ts'
import { batchSums, batchSumSizes } from '../../src/diagnostics/batchSums.ts'
import { scaledGramOf } from '../../src/numerics/scaledGram.ts'
import { namedStream } from '../../src/numerics/streams.ts'
import { gramOf } from './gramOf.ts'
import { quadraticProbe } from './quadraticProbe.ts'

const patient = { breathe: () => Promise.resolve() }
const flat = [
  [0, 0],
  [0, 0],
]
const probeOf = (slopes: readonly (readonly number[])[]) => quadraticProbe({ hessian: flat, slopes, weights: [0, 0] })
const sumsOf = (slopes: readonly (readonly number[])[], reduction: 'mean' | 'sum' = 'mean') =>
  batchSums(probeOf(slopes), slopes.length, scaledGramOf(gramOf(slopes), slopes.length), reduction, namedStream(1, 'test'), patient)

describe('batchSums', () => {
  test('asks for doubling sizes up to the whole set', () => {
    expect(batchSumSizes(1)).toEqual([1])
    expect(batchSumSizes(6)).toEqual([1, 2, 4, 6])
    expect(batchSumSizes(8)).toEqual([1, 2, 4, 8])
  })
  test('grows with the square of the size where all samples agree', async () => {
    const found = (await sumsOf(Array.from({ length: 8 }, () => [3, 4])))!
    for (const [k, value] of [25, 100, 400, 1600].entries()) expect(found.means[k]).toBeCloseTo(value, 9)
    expect([...found.stderrs]).toEqual([0, 0, 0, 0])
    expect(found.meanSquare).toBe(25)
  })
  test('is exact at both ends, and undoes the mean of the reduction', async () => {
    const slopes = [
      [1, 0],
      [0, 2],
      [-1, 1],
    ]
    const found = (await sumsOf(slopes))!
    expect(found.means[0]).toBeCloseTo((1 + 4 + 2) / 3, 12)
    // The sum of all is (0, 3).
    expect(found.means.at(-1)).toBeCloseTo(9, 12)
    // This probe reduces by the mean whatever it is told; taken for a sum its squares stay as they are.
    expect((await sumsOf(slopes, 'sum'))!.means.at(-1)).toBeCloseTo(1, 12)
  })
  test('has the standard error of the mean over its draws, and asks for the whole set once', async () => {
    const slopes = Array.from({ length: 12 }, (_, i) => [Math.cos(i), i / 5])
    const probe = probeOf(slopes)
    const asked: (readonly number[])[][] = []
    const spy: Probe = {
      ...probe,
      batchGram: (batches) => (asked.push(batches.map(({ indices }) => [...indices])), probe.batchGram(batches)),
    }
    const found = (await batchSums(spy, 12, scaledGramOf(gramOf(slopes), 12), 'mean', namedStream(2, 'test'), patient))!
    expect(asked.map((batches) => batches.length)).toEqual([8, 8, 8, 1])
    asked.forEach((batches, k) => {
      const squares = batches.map((set) => [0, 1].reduce((sum, axis) => sum + set.reduce((part, i) => part + slopes[i][axis], 0) ** 2, 0))
      const mean = squares.reduce((sum, value) => sum + value, 0) / squares.length
      const variance = squares.length < 2 ? 0 : squares.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (squares.length - 1)
      expect(found.means[k + 1] / mean).toBeCloseTo(1, 12)
      expect(found.stderrs[k + 1]).toBeCloseTo(Math.sqrt(variance / squares.length), 9)
    })
    expect(found.draws).toBe(8)
  })
  test('gives up as soon as the run is waited for', async () => {
    const slopes = Array.from({ length: 16 }, (_, i) => [1, i])
    let looks = 0
    const context = { ...patient, isAwaited: () => ++looks > 2 }
    expect(await batchSums(probeOf(slopes), 16, scaledGramOf(gramOf(slopes), 16), 'mean', namedStream(1, 'test'), context)).toBeNull()
    expect(looks).toBe(3)
  })
  test('has no answer where a gradient is not finite', async () => {
    expect(
      await sumsOf([
        [1, 0],
        [Infinity, 0],
        [0, 1],
        [1, 1],
      ]),
    ).toBeNull()
  })
})
