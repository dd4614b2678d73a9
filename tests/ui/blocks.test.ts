// What a person writes and moves, where blocks are counted.
import { describe, expect, test } from 'vitest'
import { DEFAULT_CNN } from '../../src/core/defaults.ts'
import { readBlocks } from '../../src/ui/controls/blocks.ts'
import { isComparable } from '../../src/ui/controls/comparison.ts'
import { allowedDepth, depthWords } from '../../src/ui/controls/familyChoice.ts'
import { nearestFit } from '../../src/ui/nearestFit.ts'

const stripped = { ...DEFAULT_CNN.model, family: 'stripped' as const }

describe('readBlocks', () => {
  test('takes four numbers however they are set apart', () => {
    for (const text of ['3-4-6-3', '3, 4, 6, 3', ' 3 4 6 3 ', '[3,4,6,3]', '3;4;6;3', '03 4 6 3'])
      expect(readBlocks(text)).toEqual({ type: 'blocks', blocks: '3-4-6-3' })
  })
  test('takes an empty field for "as the depth says"', () => {
    for (const text of ['', '  ', '[]']) expect(readBlocks(text)).toEqual({ type: 'blocks', blocks: null })
  })
  test('says in one sentence what is needed instead of anything else', () => {
    for (const text of ['3 4 6', '3 4 6 3 1', '0 1 1 1', '1 1 1 100', '1.5 1 1 1', '-1e1 1 1 1', 'a b c d'])
      expect(readBlocks(text)).toEqual({ type: 'unreadable', text: 'Four whole numbers from 1 to 99 are needed, such as 3, 4, 6, 3.' })
  })
})

test('the depth slider stops at the known lists and leaves them with one key press', () => {
  const next = (depth: number, wanted: number) => allowedDepth({ ...stripped, depth }, wanted)
  expect([next(17, 18), next(18, 19), next(20, 19), next(18, 17)]).toEqual([18, 20, 18, 17])
  expect([next(32, 33), next(34, 35), next(35, 34), next(34, 33)]).toEqual([34, 35, 34, 32])
  expect(depthWords({ ...stripped, depth: 34 })).toBe('blocks 3-4-6-3')
  expect(depthWords({ ...stripped, depth: 14 })).toBe('4 blocks of 3, and 2')
})

test('two depths cannot be compared while a list of blocks says what the depth is', () => {
  const at = (blocks: string | null) => isComparable('depth', { ...DEFAULT_CNN, model: { ...stripped, blocks } })
  expect([at(null), at('1-1-1-1')]).toEqual([true, false])
})

test('the nearest depth that fits takes the list of blocks away', () => {
  expect(nearestFit('depth 20', { versus: null, model: { ...stripped, blocks: '9-9-9-9' } })).toEqual({
    'model.depth': 20,
    'model.blocks': null,
  })
})
