import { describe, expect, test } from 'vitest'
import { batchGramMatrix, batchPairProducts, type Batch } from '../../../src/engine/float64/batchProducts.ts'
import { normals, randomDataset } from '../reference/problems.ts'

const split = randomDataset(1, 1, 1, 'squaredError').train
const batchOf = (index: number): Batch => ({ split, indices: Int32Array.of(index) })
const gradients = Array.from({ length: 7 }, (_, k) => normals(5, `gradient ${k}`))
const batches = gradients.map((_, k) => batchOf(k))
const noPause = async (): Promise<void> => {}

describe('batchGramMatrix', () => {
  test.each([1000, 20, 15, 11, 5, 1])('is the same when only %i entries fit', async (heldEntries) => {
    let written = 0
    const write = (batch: Batch, into: Float64Array): void => {
      into.set(gradients[batch.indices[0]])
      written++
    }
    const gram = await batchGramMatrix(batches, 5, write, noPause, heldEntries)
    const explicit = gradients.flatMap((a) => gradients.map((b) => a.reduce((sum, value, i) => sum + value * b[i], 0)))
    expect(Array.from(gram)).toEqual(explicit)
    if (heldEntries === 1000) expect(written).toBe(7)
    else expect(written).toBeGreaterThan(7)
  })
})

describe('batchPairProducts', () => {
  const products = (factor: number) =>
    batchPairProducts([[batchOf(0), batchOf(1)]], 5, (batch, into) => into.set(gradients[batch.indices[0]].map((g) => g * factor)), noPause)
  test('scales both gradients of a pair where their squares would underflow or overflow', async () => {
    const plain = await products(1)
    for (const factor of [2 ** -900, 2 ** 900]) {
      const scaled = await products(factor)
      const ratio = scaled[1] / plain[1]
      // One power of two for all three, so ratios keep every bit.
      expect(Math.log2(ratio)).toBe(Math.round(Math.log2(ratio)))
      expect(Array.from(scaled)).toEqual(Array.from(plain, (value) => value * ratio))
    }
  })
  test('leaves ordinary gradients as they are, and zeros zero', async () => {
    const [product] = await products(1)
    expect(product).toBe(gradients[0].reduce((sum, value, i) => sum + value * gradients[1][i], 0))
    expect(Array.from(await products(0)).every((value) => value === 0)).toBe(true)
  })
})
