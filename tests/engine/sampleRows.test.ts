import { describe, expect, test } from 'vitest'
import { DomainFault } from '../../src/core/faults.ts'
import { singlesOf, splitOf } from '../../src/engine/sampleRows.ts'
import { randomDataset } from './reference/problems.ts'

const dataset = randomDataset(10, 2, 1, 'squaredError')

describe('splitOf', () => {
  test('takes the probe set from the front of the training split', () => {
    expect(splitOf(dataset, 4, { indices: Int32Array.of(0, 3), from: 'probe' })).toBe(dataset.train)
    expect(splitOf(dataset, 4, { indices: Int32Array.of(9), from: 'test' })).toBe(dataset.test)
  })
  test.each([
    ['beyond the probe set', { indices: Int32Array.of(4), from: 'probe' as const }],
    ['beyond the split', { indices: Int32Array.of(10), from: 'train' as const }],
    ['below zero', { indices: Int32Array.of(-1), from: 'test' as const }],
    ['missing', { indices: new Int32Array(0), from: 'train' as const }],
  ])('refuses samples that are %s', (_, set) => {
    expect(() => splitOf(dataset, 4, set)).toThrow(DomainFault)
  })
})

describe('singlesOf', () => {
  test('has each sample alone, in the order of the set and from the same rows', () => {
    expect(singlesOf({ indices: Int32Array.of(7, 2, 7), from: 'test' })).toEqual(
      [7, 2, 7].map((index) => ({ indices: Int32Array.of(index), from: 'test' })),
    )
    expect(singlesOf({ indices: new Int32Array(0), from: 'probe' })).toEqual([])
  })
})
