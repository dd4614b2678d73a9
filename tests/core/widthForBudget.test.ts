// Does the width give a network of the asked size? The obvious twin tries every width.
import { expect, test } from 'vitest'
import { DEFAULT_MLP } from '../../src/core/defaults.ts'
import { parameterCount } from '../../src/core/networkSpec.ts'
import { mlpWidth, networkSpec } from '../../src/core/resolve.ts'
import { widthForBudget } from '../../src/core/widthForBudget.ts'

const count = (width: number, depth: number, inputWidth: number, outputWidth: number, bias: boolean): number =>
  parameterCount(
    networkSpec({ ...DEFAULT_MLP, model: { ...DEFAULT_MLP.model, depth, width, bias } }, { inputWidth, outputWidth, imageShape: null }),
  )

test.each([true, false])('widthForBudget is the width of the nearest parameter count, with biases %s', (bias) => {
  for (const [inputWidth, outputWidth] of [
    [784, 10],
    [1, 1],
    [20, 3],
  ]) {
    for (const depth of [2, 3, 5, 40]) {
      for (const budget of [10, 137, 1000, 16_000]) {
        const found = widthForBudget(budget, depth, inputWidth, outputWidth, bias)
        const distance = (width: number) => Math.abs(count(width, depth, inputWidth, outputWidth, bias) - budget)
        for (let width = 1; width <= found + 40; width++) expect(distance(found)).toBeLessThanOrEqual(distance(width))
      }
    }
  }
})

test('widthForBudget is the root of d_in K + (L - 2) K^2 + K d_out = p where that is whole', () => {
  // 784 * 17 + 9 * 17^2 + 17 * 10 = 16 099: LB's narrowest network on MNIST, ten hidden layers of 17 units.
  expect(widthForBudget(16_099, 11, 784, 10, false)).toBe(17)
})

test('widthForBudget never gives less than 1', () => {
  expect(widthForBudget(10, 40, 784, 10, true)).toBe(1)
  expect(widthForBudget(1e6, 1, 784, 10, true)).toBeGreaterThanOrEqual(1)
})

test('mlpWidth is the set width without a budget, and at most the largest allowed one with', () => {
  const shape = { inputWidth: 1, outputWidth: 1 }
  expect(mlpWidth({ ...DEFAULT_MLP.model, parameterBudget: null, width: 5 }, shape)).toBe(5)
  expect(mlpWidth({ ...DEFAULT_MLP.model, parameterBudget: 20_000_000, depth: 2 }, shape)).toBe(1024)
})
