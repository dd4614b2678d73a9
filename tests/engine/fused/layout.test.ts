// Where numbers of a fused network lie, and which networks have such a place.
import { describe, expect, test } from 'vitest'
import { parameterCount, type DenseLayerSpec, type NetworkSpec } from '../../../src/core/networkSpec.ts'
import { fusedLayout, fusedObstacle, packParameters, packRows, unpackParameters, weightStart } from '../../../src/engine/fused/layout.ts'
import { chainSpec, denseSpec } from '../reference/problems.ts'

const SHAPES = [
  [3, 2],
  [5, 7, 7, 3],
  [6, 2, 2, 11],
  [1, 1, 1],
  [4, 4, 4],
]

describe('fusedLayout', () => {
  test.each(SHAPES)('gives every parameter of %i -> %i ... a place of its own, and 0 to all others', (...widths) => {
    const spec = denseSpec(widths)
    const layout = fusedLayout(spec)
    const flat = Float64Array.from({ length: parameterCount(spec) }, (_, i) => i + 1)
    const packed = new Float32Array(4 * layout.seedQuads)
    packParameters(spec, layout, flat, packed)
    expect(unpackParameters(spec, layout, packed)).toEqual(flat)
    expect(packed.filter((value) => value !== 0)).toHaveLength(flat.length)
    // One seed can be bound alone.
    expect((16 * layout.seedQuads) % 256).toBe(0)
  })

  test('stores inputs as rows and outputs side by side', () => {
    const spec = denseSpec([3, 5, 2], { bias: false })
    const layout = fusedLayout(spec)
    const packed = new Float32Array(4 * layout.seedQuads)
    // W_1[out 1, in 3] alone.
    const flat = new Float64Array(parameterCount(spec))
    flat[3 * 5 + 5 + 3] = 9
    packParameters(spec, layout, flat, packed)
    expect(packed[4 * weightStart(layout, 1) + 3 * 4 * layout.quads + 1]).toBe(9)
  })

  test('pads rows with 0', () => {
    expect([...packRows([1, 2, 3, 4, 5, 6], 2, 3, 1)]).toEqual([1, 2, 3, 0, 4, 5, 6, 0])
  })
})

describe('fusedObstacle', () => {
  const changed = (index: number, change: Partial<DenseLayerSpec>): NetworkSpec => {
    const spec = denseSpec([4, 5, 5, 3])
    return { ...spec, layers: spec.layers.map((layer, l) => (l === index ? { ...layer, ...change } : layer)) }
  }
  test('has none for dense layers of one width, a single layer or a chain', () => {
    for (const spec of [...SHAPES.map((widths) => denseSpec(widths)), chainSpec(5), denseSpec([4, 5, 5, 3], { ntk: true })])
      expect(fusedObstacle(spec)).toBeNull()
  })
  test.each([
    ['different widths', denseSpec([4, 5, 6, 3])],
    ['different activations', changed(1, { activation: 'relu' })],
    ['biases on some layers', changed(2, { bias: false })],
    ['different scales', changed(1, { forwardScale: 0.5 })],
    ['biases of different scales', changed(1, { biasScale: 0.5 })],
    ['linearised', { ...denseSpec([4, 5, 3]), linearised: true }],
  ])('names %s', (words, spec) => {
    expect(fusedObstacle(spec)).toContain(words)
    expect(() => fusedLayout(spec)).toThrow(words)
  })
})
