// Do the convolutional families have the layers that their papers describe?
import { describe, expect, test } from 'vitest'
import { convolutionalLayers } from '../../src/core/convolutionalLayers.ts'
import type { ImageShape } from '../../src/core/dataset.ts'
import { DEFAULT_MLP } from '../../src/core/defaults.ts'
import type { ModelSettings } from '../../src/core/experiment.ts'
import { channelsOf, imageAfter, inputWidthOf, isWeighted, layerParameterCount, outputWidthOf } from '../../src/core/networkSpec.ts'

const FAMILIES: readonly ModelSettings['family'][] = ['plain', 'imageToImage', 'wide', 'stripped', 'lenet']
const IMAGES: readonly ImageShape[] = [
  [1, 28, 28],
  [3, 32, 32],
  [1, 14, 14],
  [1, 8, 8],
  [1, 7, 7],
  [2, 5, 9],
  [1, 20, 1],
]

const modelOf = (change: Partial<ModelSettings>): ModelSettings => ({ ...DEFAULT_MLP.model, kind: 'cnn', width: 4, ...change })
const layersOf = (change: Partial<ModelSettings>, image: ImageShape = [1, 28, 28]) => convolutionalLayers(modelOf(change), image, 10)
const weightedCount = (change: Partial<ModelSettings>) => layersOf(change).filter(isWeighted).length

describe('convolutionalLayers', () => {
  test.each(FAMILIES)('hands every layer of %s what the one before gives, whatever the image', (family) => {
    for (const image of IMAGES) {
      for (const kernel of [1, 3, 5] as const) {
        const layers = layersOf({ family, kernel, depth: 16 }, image)
        expect(inputWidthOf(layers[0])).toBe(image[0] * image[1] * image[2])
        for (let l = 1; l < layers.length; l++) expect(inputWidthOf(layers[l])).toBe(outputWidthOf(layers[l - 1]))
        expect(outputWidthOf(layers[layers.length - 1])).toBe(family === 'imageToImage' ? image[0] * image[1] * image[2] : 10)
        for (const layer of layers) expect(outputWidthOf(layer)).toBeGreaterThan(0)
      }
    }
  })

  test('counts depth as weight matrices where the family takes any depth', () => {
    for (const depth of [1, 2, 5, 16]) {
      expect(weightedCount({ family: 'plain', depth })).toBe(depth)
      expect(weightedCount({ family: 'imageToImage', depth })).toBe(depth)
    }
  })

  test('has 6 r + 2 weight matrices in three groups of widths m, 2 m and 4 m for the wide family of depth 6 r + 4', () => {
    for (const r of [1, 2, 4]) {
      const layers = layersOf({ family: 'wide', depth: 6 * r + 4, width: 3 }).filter(isWeighted)
      expect(layers.length).toBe(6 * r + 2)
      const channels = layers.slice(1, -1).map(channelsOf)
      expect(channels).toEqual([3, 6, 12].flatMap((count) => Array.from({ length: 2 * r }, () => count)))
      expect(layers.flatMap((layer) => (layer.kind === 'conv' ? [layer.stride] : [])).filter((stride) => stride === 2).length).toBe(2)
    }
  })

  test('has 3 layers a block and 2 more in the stripped family, over four stages', () => {
    expect(weightedCount({ family: 'stripped', depth: 26 })).toBe(26)
    expect(weightedCount({ family: 'stripped', depth: 38 })).toBe(38)
    const stages = new Set(
      layersOf({ family: 'stripped', depth: 26, width: 2 })
        .filter((layer) => layer.kind === 'conv')
        .map(channelsOf),
    )
    expect([...stages]).toEqual([2, 4, 8, 16])
  })

  test('is LeNet as published on images of 32 x 32 and 28 x 28: 61 706 parameters', () => {
    // 156 + 2416 + 48 120 + 10 164 + 850 with the first convolution padded for 28 x 28.
    const layers = layersOf({ family: 'lenet' })
    expect(layers.reduce((sum, layer) => sum + layerParameterCount(layer), 0)).toBe(61_706)
    expect(layers.map((layer) => layer.kind).join(' ')).toBe('conv pool conv pool dense dense dense')
  })

  test('gives only the last layer the output activation', () => {
    for (const family of FAMILIES) {
      const layers = layersOf({ family, depth: 8, activation: 'relu', outputActivation: 'tanh' }).filter(isWeighted)
      expect(layers.map(({ activation }) => activation)).toEqual([...layers.slice(1).map(() => 'relu'), 'tanh'])
    }
  })

  test('scales by 1/sqrt(k^2 c) in the NTK parameterization', () => {
    const [first, second] = layersOf({ family: 'plain', depth: 3, width: 4, parameterization: 'ntk' }).filter(isWeighted)
    expect(first.forwardScale).toBeCloseTo(1 / 3, 15)
    expect(second.forwardScale).toBeCloseTo(1 / 6, 15)
  })
})

describe('imageAfter', () => {
  const conv = { kind: 'conv', inChannels: 1, outChannels: 1, bias: false, activation: 'relu', forwardScale: 1, biasScale: 1 } as const
  test('keeps the size with a padding of (kernel - 1) / 2, shrinks without, halves upwards with a stride of 2', () => {
    const of = (kernel: number, padding: number, stride: number, side: number) =>
      imageAfter({ ...conv, paddingMode: 'zero', height: side, width: side + 1, kernel, padding, stride })
    expect(of(3, 1, 1, 7)).toEqual([7, 8])
    expect(of(5, 0, 1, 7)).toEqual([3, 4])
    expect(of(3, 1, 2, 7)).toEqual([4, 4])
  })
  test('leaves out what does not fill a window', () => {
    const pool = { kind: 'pool', channels: 2, height: 7, width: 5, size: 2, stride: 2 } as const
    expect(imageAfter({ ...pool, pooling: 'max' })).toEqual([3, 2])
    expect(imageAfter({ ...pool, pooling: 'globalAverage' })).toEqual([1, 1])
  })
})
