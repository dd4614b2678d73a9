// Where numbers of a fused network lie, and which networks have such a place.
import { describe, expect, test } from 'vitest'
import { parameterCount, type DenseLayerSpec, type NetworkSpec, type SkipSpec } from '../../../src/core/networkSpec.ts'
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

  test('finds a place for gamma and beta too, and says how skips follow each other', () => {
    const plain = denseSpec([4, 6, 6, 6, 6, 6, 3])
    const last = plain.layers.length - 1
    const layers = plain.layers.map((layer, l) =>
      l === last ? layer : { ...layer, norm: LAYER, ...(l === 2 || l === 4 ? { skip: skipFrom(l - 1) } : {}) },
    )
    const spec = { ...plain, layers }
    const layout = fusedLayout(spec)
    expect(layout.skips).toEqual({ first: 1, span: 2, blocks: 2, placement: 'postAct', scale: 1, branchScale: 0.5 })
    const flat = Float64Array.from({ length: parameterCount(spec) }, (_, i) => i + 1)
    const packed = new Float32Array(4 * layout.seedQuads)
    packParameters(spec, layout, flat, packed)
    expect(unpackParameters(spec, layout, packed)).toEqual(flat)
    expect(packed.filter((value) => value !== 0)).toHaveLength(flat.length)
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

const LAYER = { kind: 'layer', eps: 1e-5, frozen: null } as const
const POOL = { kind: 'pool', pooling: 'max', channels: 1, height: 2, width: 2, size: 1, stride: 1 } as const
const skipFrom = (from: number): SkipSpec => ({ from, placement: 'postAct', scale: 1, branchScale: 0.5 })
function withSkips(...skips: readonly (readonly [to: number, SkipSpec])[]): NetworkSpec {
  const spec = denseSpec([4, 5, 5, 5, 5, 3])
  const byLayer = new Map(skips)
  return { ...spec, layers: spec.layers.map((layer, l) => (byLayer.has(l) ? { ...layer, skip: byLayer.get(l) } : layer)) }
}

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
    ['batch norm', changed(0, { norm: { kind: 'batch', eps: 1e-5, frozen: null } })],
    ['layer norm on some layers', changed(0, { norm: LAYER })],
    ['a skip from the input', changed(1, { skip: skipFrom(0) })],
    ['a skip to the output', changed(2, { skip: skipFrom(1) })],
    ['not equal blocks', withSkips([1, skipFrom(1)], [3, skipFrom(2)])],
    ['of different kinds', withSkips([1, skipFrom(1)], [2, { ...skipFrom(2), scale: 2 }])],
    ['not dense', { ...denseSpec([4, 5, 3]), layers: [POOL, ...denseSpec([4, 5, 3]).layers] }],
  ])('names %s', (words, spec) => {
    expect(fusedObstacle(spec)).toContain(words)
    expect(() => fusedLayout(spec)).toThrow(words)
  })
})
