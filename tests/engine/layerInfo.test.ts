import { describe, expect, test } from 'vitest'
import { layerInfo } from '../../src/engine/layerInfo.ts'
import { chainSpec, denseSpec } from './reference/problems.ts'

describe('layerInfo', () => {
  test('places W and b of each layer behind those of the layer before', () => {
    expect(layerInfo(denseSpec([3, 4, 2]))).toEqual([
      { name: 'layer 1', kind: 'dense', offset: 0, size: 16 },
      { name: 'layer 2', kind: 'dense', offset: 16, size: 10 },
    ])
  })
  test('gives a chain one entry a layer', () => {
    expect(layerInfo(chainSpec(3), 'chain').map(({ kind, offset, size }) => [kind, offset, size])).toEqual([
      ['chain', 0, 1],
      ['chain', 1, 1],
      ['chain', 2, 1],
    ])
  })
})
