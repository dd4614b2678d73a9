import { describe, expect, test } from 'vitest'
import { DEFAULT_MLP } from '../../src/core/defaults.ts'
import { networkSpec } from '../../src/core/resolve.ts'
import { layerInfo } from '../../src/engine/layerInfo.ts'
import { chainSpec, denseSpec } from './reference/problems.ts'

describe('layerInfo', () => {
  test('places W and b of each layer behind those of the layer before', () => {
    expect(layerInfo(denseSpec([3, 4, 2]))).toEqual([
      { name: 'layer 1', kind: 'dense', offset: 0, size: 16 },
      { name: 'layer 2', kind: 'dense', offset: 16, size: 10 },
    ])
  })
  test('numbers the weighted layers only and calls a convolution one', () => {
    const experiment = { ...DEFAULT_MLP.model, kind: 'cnn', family: 'lenet' } as const
    const data = { inputWidth: 64, outputWidth: 10, imageShape: [1, 8, 8] } as const
    const spec = networkSpec({ ...DEFAULT_MLP, model: experiment }, data)
    expect(spec.layers).toHaveLength(7)
    const names = layerInfo(spec).map(({ name }) => name)
    expect(names).toEqual(['conv 1', 'conv 2', 'layer 3', 'layer 4', 'layer 5'])
  })
  test('gives a chain one entry a layer', () => {
    expect(layerInfo(chainSpec(3), 'chain').map(({ kind, offset, size }) => [kind, offset, size])).toEqual([
      ['chain', 0, 1],
      ['chain', 1, 1],
      ['chain', 2, 1],
    ])
  })
})
