// Does the strip show the network that is there? Layers, pools, norms and skips in their places, inside the row, at any depth.
import { describe, expect, test } from 'vitest'
import { DEFAULT_CNN, DEFAULT_MLP } from '../../src/core/defaults.ts'
import type { Experiment, ModelSettings } from '../../src/core/experiment.ts'
import { dataShape } from '../../src/core/footprint.ts'
import { isWeighted, type LayerSpec } from '../../src/core/networkSpec.ts'
import { networkSpec } from '../../src/core/resolve.ts'
import { layerWords, networkWords } from '../../src/plots/networkWords.ts'
import { networkStrip } from '../../src/plots/networkStrip.ts'
import { slotAt, stripPlan } from '../../src/plots/stripPlan.ts'
import { SMALL_BOX } from './plotSamples.ts'
import { marksOf } from './words.ts'

const layersOf = (model: Partial<ModelSettings>, base: Experiment = DEFAULT_CNN): readonly LayerSpec[] => {
  const experiment = { ...base, model: { ...base.model, ...model } }
  return networkSpec(experiment, dataShape(experiment.data)).layers
}

describe('stripPlan', () => {
  test('fills the row from left to right without gaps or overlaps, pools between their layers', () => {
    for (const family of ['plain', 'imageToImage', 'wide', 'stripped', 'lenet'] as const) {
      const layers = layersOf({ family, depth: 16 })
      const { slots, pools } = stripPlan(layers)
      expect(slots.length).toBe(layers.filter(isWeighted).length)
      const parts = [...slots, ...pools].toSorted((a, b) => a.from - b.from)
      expect(parts[0].from).toBe(0)
      for (const [index, part] of parts.entries()) {
        // Shares are sums of a few dozen doubles.
        expect(part.to).toBeCloseTo(parts[index + 1]?.from ?? 1, 9)
      }
    }
  })
  test('spans with a skip exactly the layers that it jumps over', () => {
    const { slots, skips } = stripPlan(layersOf({ depth: 8, width: 20, skipSpan: 2 }, DEFAULT_MLP))
    expect(skips.length).toBe(3)
    for (const [block, skip] of skips.entries()) {
      expect(skip.from).toBeCloseTo(slots[1 + 2 * block].from, 12)
      expect(skip.to).toBeCloseTo(slots[2 + 2 * block].to, 12)
    }
  })
  test('finds the layer under the pointer, and the one before a pool over the pool', () => {
    const plan = stripPlan(layersOf({ family: 'lenet' }))
    for (const [layer, slot] of plan.slots.entries()) expect(slotAt(plan, (slot.from + slot.to) / 2)).toBe(layer)
    expect(slotAt(plan, (plan.pools[0].from + plan.pools[0].to) / 2)).toBe(0)
  })
})

describe('networkStrip', () => {
  const draw = (layers: readonly LayerSpec[], width = 256) => {
    const log10 = Float64Array.from(layers.filter(isWeighted), () => -1)
    return networkStrip.draw(
      { arms: [{ arm: 'A', label: '', log10, layers }] },
      { ...SMALL_BOX, width, height: 44 },
      networkStrip.createMemory(),
    )
  }
  test('draws one arc per skip while there is room, and one line when there is none', () => {
    const arcs = (depth: number) => marksOf(draw(layersOf({ depth, width: 20, skipSpan: 2 }, DEFAULT_MLP)).canvas, 'polyline').length
    expect(arcs(8)).toBe(3)
    expect(arcs(300)).toBe(0)
    const line = marksOf(draw(layersOf({ depth: 300, width: 20, skipSpan: 2 }, DEFAULT_MLP)).canvas, 'segments')
    expect(line.length).toBe(1)
  })
  test('underlines each layer with a norm and no other', () => {
    expect(marksOf(draw(layersOf({ norm: 'batch' })).canvas, 'segments').length).toBe(4)
    expect(marksOf(draw(layersOf({ norm: 'none' })).canvas, 'segments').length).toBe(0)
  })
  test('stays inside its box with sheets, funnels, arcs and lines', () => {
    for (const depth of [3, 12, 60, 400]) {
      for (const rect of marksOf(draw(layersOf({ depth, skipSpan: 1, norm: 'layer' })).canvas, 'rect')) {
        expect(rect.box.x).toBeGreaterThanOrEqual(0)
        expect(rect.box.x + rect.box.width).toBeLessThanOrEqual(256.001)
        expect(rect.box.y).toBeGreaterThanOrEqual(0)
        expect(rect.box.y + rect.box.height).toBeLessThanOrEqual(44.001)
      }
    }
  })
  test('shows the structure before anything was measured', () => {
    const layers = layersOf({})
    const arms = [{ arm: 'A' as const, label: '', log10: new Float64Array(0), layers }]
    const drawing = networkStrip.draw({ arms }, { ...SMALL_BOX, width: 256, height: 34 }, networkStrip.createMemory())
    // A convolution is three sheets.
    expect(marksOf(drawing.canvas, 'rect').length).toBe(4 * 3 + 1)
    expect(drawing.probe(10, 10)?.title).toBe('layer 1: conv 3×3, 1 → 16 channels, 14×14')
  })
})

describe('networkWords', () => {
  test('counts equal layers and names what follows them', () => {
    expect(networkWords(layersOf({}))).toBe('14×14 → 4 conv 16 → mean → 10')
    expect(networkWords(layersOf({}, DEFAULT_MLP))).toBe('196 → 64 → 64 → 10')
    expect(networkWords(layersOf({ depth: 31, width: 12, norm: 'layer', skipSpan: 2 }, DEFAULT_MLP))).toBe(
      '196 → 30 × 12 → 10 · layer norm · 14 skips',
    )
    expect(networkWords(layersOf({ family: 'wide', depth: 10, width: 8 }))).toBe(
      '14×14 → 3 conv 8 → conv 16 ↓ → conv 16 → conv 32 ↓ → conv 32 → mean → 10',
    )
  })
  test('says of one layer what it maps and what follows', () => {
    const [, second] = layersOf({ norm: 'batch', skipSpan: 1 })
    expect(layerWords(second)).toBe('conv 3×3, 16 → 16 channels, 14×14, batch norm, skip joins')
  })
})
