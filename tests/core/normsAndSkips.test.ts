// Do norms and skips stand where the model wants them, and nowhere else?
import { describe, expect, test } from 'vitest'
import { DEFAULT_MLP } from '../../src/core/defaults.ts'
import type { ModelSettings } from '../../src/core/experiment.ts'
import { inputWidthOf, isWeighted, outputWidthOf, parameterCount } from '../../src/core/networkSpec.ts'
import { networkSpec } from '../../src/core/resolve.ts'

const DATA = { inputWidth: 49, outputWidth: 10, imageShape: [1, 7, 7] } as const
const specOf = (change: Partial<ModelSettings>) =>
  networkSpec({ ...DEFAULT_MLP, model: { ...DEFAULT_MLP.model, width: 6, ...change } }, DATA)
const skipsOf = (change: Partial<ModelSettings>) =>
  specOf(change).layers.flatMap((layer, to) =>
    isWeighted(layer) && layer.skip !== undefined ? [[layer.skip.from, to, layer.skip.branchScale]] : [],
  )

describe('withNormsAndSkips', () => {
  test('changes nothing where neither is asked for', () => {
    for (const layer of specOf({ depth: 5 }).layers)
      expect([Object.hasOwn(layer, 'norm'), Object.hasOwn(layer, 'skip')]).toEqual([false, false])
  })

  test('puts a norm on every weighted layer but the last, with two more parameters a unit', () => {
    const plain = specOf({ depth: 5 })
    for (const norm of ['batch', 'layer'] as const) {
      const spec = specOf({ depth: 5, norm })
      expect(spec.layers.filter(isWeighted).map((layer) => layer.norm?.kind)).toEqual([norm, norm, norm, norm, undefined])
      expect(parameterCount(spec) - parameterCount(plain)).toBe(4 * 2 * 6)
    }
  })

  test('starts blocks at hidden layer 1 and leaves an incomplete one without a skip', () => {
    // Hidden layers 0 .. 6 of 8 matrices: blocks (1, 2), (3, 4), (5, 6) of span 2, (1, 2, 3), (4, 5, 6) of span 3.
    expect(skipsOf({ depth: 8, skipSpan: 1 }).length).toBe(6)
    expect(skipsOf({ depth: 8, skipSpan: 2 })).toEqual([
      [1, 2, 1],
      [3, 4, 1],
      [5, 6, 1],
    ])
    expect(skipsOf({ depth: 8, skipSpan: 3 })).toEqual([
      [1, 3, 1],
      [4, 6, 1],
    ])
    expect(skipsOf({ depth: 3, skipSpan: 3 })).toEqual([])
  })

  test('scales branches by 1/sqrt(blocks) when asked', () => {
    expect(skipsOf({ depth: 8, skipSpan: 3, branchScale: null })[0][2]).toBeCloseTo(Math.SQRT1_2, 15)
    expect(skipsOf({ depth: 8, skipSpan: 3, branchScale: 0.25 })[0][2]).toBe(0.25)
  })

  test('skips only from one image to another of the same channels and size', () => {
    for (const family of ['wide', 'stripped', 'plain', 'lenet', 'imageToImage'] as const) {
      for (const skipSpan of [1, 2, 3]) {
        const { layers } = specOf({ kind: 'cnn', family, depth: 22, skipSpan })
        for (const [from, to] of skipsOf({ kind: 'cnn', family, depth: 22, skipSpan })) {
          expect(inputWidthOf(layers[from])).toBe(outputWidthOf(layers[to]))
          expect(layers[from].kind).toBe(layers[to].kind)
        }
      }
    }
    // Two blocks of two convolutions in each of three groups, two of which change the shape.
    expect(skipsOf({ kind: 'cnn', family: 'wide', depth: 16, skipSpan: 2 }).length).toBe(4)
  })
})
