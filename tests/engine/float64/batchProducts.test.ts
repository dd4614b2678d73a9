import { describe, expect, test } from 'vitest'
import { batchPairProducts, scaledBatchGram, type Batch } from '../../../src/engine/float64/batchProducts.ts'
import { plainGram } from '../../../src/numerics/scaledGram.ts'
import { normals, randomDataset } from '../reference/problems.ts'

const split = randomDataset(1, 1, 1, 'squaredError').train
const batchOf = (index: number): Batch => ({ split, indices: Int32Array.of(index) })
const gradients = Array.from({ length: 7 }, (_, k) => normals(5, `gradient ${k}`))
const batches = gradients.map((_, k) => batchOf(k))
const noPause = async (): Promise<void> => {}

describe('scaledBatchGram', () => {
  test.each([1000, 20, 15, 11, 5, 1])('is the same when only %i entries fit', async (heldEntries) => {
    let written = 0
    const write = (batch: Batch, into: Float64Array): void => {
      into.set(gradients[batch.indices[0]])
      written++
    }
    const gram = plainGram(await scaledBatchGram(batches, 5, write, noPause, heldEntries))
    const explicit = gradients.flatMap((a) => gradients.map((b) => a.reduce((sum, value, i) => sum + value * b[i], 0)))
    expect(Array.from(gram)).toEqual(explicit)
    if (heldEntries === 1000) expect(written).toBe(7)
    else expect(written).toBeGreaterThan(7)
  })
  test('keeps every bit of directions where each gradient has a size of its own, down to 2^-960 and up to 2^960', async () => {
    const gramOf = (exponents: readonly number[], heldEntries: number) =>
      scaledBatchGram(
        batches,
        5,
        (batch, into) => into.set(gradients[batch.indices[0]].map((g) => g * 2 ** exponents[batch.indices[0]])),
        noPause,
        heldEntries,
      )
    const moved = [-960, 0, 960, -500, 300, -301, 7]
    const plain = await gramOf(
      moved.map(() => 0),
      1000,
    )
    for (const heldEntries of [1000, 11]) {
      const scaled = await gramOf(moved, heldEntries)
      expect(scaled.products).toEqual(plain.products)
      expect(Array.from(scaled.exponents, (exponent, i) => exponent - plain.exponents[i])).toEqual(moved)
    }
  })
})

describe('batchPairProducts', () => {
  const products = (factor: number) =>
    batchPairProducts([[batchOf(0), batchOf(1)]], 5, (batch, into) => into.set(gradients[batch.indices[0]].map((g) => g * factor)), noPause)
  test('divides by powers of two where squares would underflow or overflow', async () => {
    const plain = await products(1)
    const cosine = ([ab, aa, bb]: Float64Array) => (ab * ab) / aa / bb
    for (const factor of [2 ** -900, 2 ** 900]) {
      const scaled = await products(factor)
      for (const k of [1, 2]) expect(Math.log2(scaled[k] / plain[k]) % 2).toBe(0)
      expect(cosine(scaled)).toBe(cosine(plain))
    }
  })
  test('leaves ordinary gradients as they are, and zeros zero', async () => {
    const [product] = await products(1)
    expect(product).toBe(gradients[0].reduce((sum, value, i) => sum + value * gradients[1][i], 0))
    expect(Array.from(await products(0)).every((value) => value === 0)).toBe(true)
  })
})
