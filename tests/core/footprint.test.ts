// Each title finishes the sentence that its subject begins.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DEFAULT_CNN, DEFAULT_EXPERIMENT, DEFAULT_MLP } from '../../src/core/defaults.ts'
import type { Experiment } from '../../src/core/experiment.ts'
import { dataShape, footprint, FOOTPRINT_LIMITS, refusalOf } from '../../src/core/footprint.ts'
import { LIMITS } from '../../src/core/limits.ts'
import { loadDataset } from '../../src/data/loadDataset.ts'

const shaped = (depth: number, width: number, change: Partial<Experiment> = {}): Experiment => ({
  ...DEFAULT_MLP,
  ...change,
  model: { ...DEFAULT_MLP.model, depth, width },
})

test('the widths are those of the data that will be loaded', async () => {
  for (const kind of ['teacher', 'mixture', 'point', 'line'] as const) {
    const data = { ...DEFAULT_MLP.data, kind, inputs: 6, outputs: 3, trainCount: 5, testCount: 2 }
    const dataset = await loadDataset(data, { seed: 1, readAsset: () => Promise.reject(new Error('none')) })
    expect(dataShape(data)).toEqual({ inputWidth: dataset.inputWidth, outputWidth: dataset.outputWidth, imageShape: dataset.imageShape })
  }
  expect(dataShape({ ...DEFAULT_MLP.data, kind: 'fashionMnist', side: 7 })).toEqual({
    inputWidth: 49,
    outputWidth: 10,
    imageShape: [1, 7, 7],
  })
})

test('what everybody uses fits: the race, the image MLP, the deepest sliders, thousands of chains', () => {
  const chains: Experiment = { ...DEFAULT_EXPERIMENT, model: { ...DEFAULT_EXPERIMENT.model, depth: 300 }, seeds: LIMITS.seeds.max }
  for (const experiment of [DEFAULT_EXPERIMENT, DEFAULT_MLP, shaped(300, 100), shaped(64, 256), chains])
    expect(refusalOf(experiment)).toBeNull()
})

test('the batches of all seeds count, which a network engine takes in one pass; a chain takes its seeds in turn', () => {
  const { trainCount } = DEFAULT_MLP.data
  const of = (seeds: number, batch: number) => footprint(shaped(8, 64, { seeds, batch, versus: null, engine: 'network' }))
  // Weights grow with the seeds alone: what a larger batch adds is activations, as many times as there are seeds.
  const added = (seeds: number) => of(seeds, trainCount).bytes - of(seeds, trainCount / 2).bytes
  expect(added(8)).toBe(8 * added(1))
  expect(of(8, trainCount).largestBuffer).toBe(8 * trainCount * 64 * Float32Array.BYTES_PER_ELEMENT)
  const chain = (seeds: number, batch: number) => footprint({ ...DEFAULT_EXPERIMENT, seeds, batch, versus: null }).bytes
  expect(chain(8, 100) - chain(8, 50)).toBe(chain(1, 100) - chain(1, 50))
})

test('the largest network that links can name is refused in words, with one that fits', () => {
  const refusal = refusalOf(shaped(2000, 1024))
  expect(refusal).toMatchObject({ type: 'refused', limit: FOOTPRINT_LIMITS.bytes })
  expect(refusal!.detail).toMatch(/needs \d+\.\d GB, more than the 1\.5 GB that are safe here\. The nearest that fits: width \d+\.$/)
})

test('the nearest that fits does fit, and one more does not', () => {
  const sizes = fc.tuple(fc.integer({ min: 1, max: 2000 }), fc.integer({ min: 1, max: 1024 }), fc.integer({ min: 1, max: 64 }))
  fc.assert(
    fc.property(sizes, ([depth, width, seeds]) => {
      const experiment = shaped(depth, width, { seeds })
      const refusal = refusalOf(experiment)
      if (refusal === null) return
      const [name, value] = refusal.nearest.split(' ')
      const at = (number: number) =>
        name === 'seeds'
          ? shaped(depth, width, { seeds: number })
          : shaped(name === 'depth' ? number : depth, name === 'width' ? number : width, { seeds })
      expect(['seeds', 'width', 'depth']).toContain(name)
      expect(refusalOf(at(Number(value)))).toBeNull()
      expect(refusalOf(at(Number(value) + 1))).not.toBeNull()
    }),
    { seed: 20_260_302, numRuns: 200 },
  )
})

test('two arms need about twice what one needs', () => {
  const one = footprint(shaped(32, 128))
  const two = footprint(shaped(32, 128, { versus: { batch: 32 } }))
  expect(two.bytes / one.bytes).toBeGreaterThan(1.5)
  expect(two.bytes / one.bytes).toBeLessThan(2)
})

test('an arm B that is larger than arm A is counted', () => {
  expect(refusalOf(shaped(3, 8, { versus: { model: { depth: 2000, width: 1024 } } }))).not.toBeNull()
})

test('a batch larger than the memory fits where engines take it in pieces, and is refused where one holds it whole', () => {
  const large = (change: Partial<Experiment> = {}) =>
    shaped(100, 100, { batch: 10_000, data: { ...DEFAULT_MLP.data, trainCount: 10_000 }, ...change })
  expect(refusalOf(large())).toBeNull()
  expect(refusalOf(large({ engine: 'fused' }))).toBeNull()
  expect(refusalOf(large({ engine: 'float64' }))).toBeNull()
  expect(refusalOf(large({ engine: 'network' }))).not.toBeNull()
  const norm = (kind: 'layer' | 'batch') => {
    const experiment = large()
    return refusalOf({ ...experiment, model: { ...experiment.model, norm: kind } })
  }
  expect(norm('layer')).toBeNull()
  expect(norm('batch')).not.toBeNull()
})

const withBatchNorm = (batch: number, change: Partial<Experiment> = {}): Experiment => ({
  ...DEFAULT_CNN,
  batch,
  ...change,
  model: { ...DEFAULT_CNN.model, norm: 'batch', depth: 4, width: 8, ...change.model },
})

test('batch norm needs its whole set in one pass, and that is counted', () => {
  const bytes = (norm: 'none' | 'layer' | 'batch') =>
    footprint(withBatchNorm(256, { model: { ...DEFAULT_CNN.model, norm, depth: 4, width: 8 } })).bytes
  expect(bytes('layer')).toBeLessThan(1.1 * bytes('none'))
  expect(bytes('batch')).toBeGreaterThan(1.1 * bytes('layer'))
  // Twice the set, twice the activations; and the batches of all seeds ride in one pass.
  const grown = (batch: number, seeds: number) => footprint(withBatchNorm(batch, { seeds })).bytes - footprint(withBatchNorm(128)).bytes
  expect(grown(512, 1) / grown(256, 1)).toBeCloseTo(3, 1)
  expect(grown(128, 4) / grown(512, 1)).toBeCloseTo(1, 1)
  // No set has more samples than there are.
  const few = { data: { ...DEFAULT_CNN.data, trainCount: 300 } }
  expect(footprint(withBatchNorm(10_000, few)).bytes).toBe(footprint(withBatchNorm(300, few)).bytes)
})

test('a set too big for one pass of batch norm is refused, and a batch that fits is named', () => {
  const full = withBatchNorm(10_000, { data: { ...DEFAULT_CNN.data, trainCount: 10_000 } })
  const refusal = refusalOf(full)
  expect(refusal?.nearest).toMatch(/^batch \d+$/u)
  const batch = Number(refusal!.nearest.slice('batch '.length))
  expect(refusalOf({ ...full, batch })).toBeNull()
  expect(refusalOf({ ...full, batch: batch + 1 })).not.toBeNull()
  // The same set in pieces is no trouble where a pass can be cut.
  expect(refusalOf({ ...full, batch, model: { ...full.model, norm: 'none' } })).toBeNull()
})

test('a refused list of blocks gives way to a depth that fits', () => {
  const model = { ...DEFAULT_CNN.model, family: 'stripped' as const, blocks: '99-99-99-99', depth: 794, width: 1 }
  const huge: Experiment = { ...DEFAULT_CNN, model, batch: 4096, seeds: 1 }
  const refusal = refusalOf(huge)
  expect(refusal?.nearest).toMatch(/^depth \d+$/u)
  const depth = Number(refusal!.nearest.slice('depth '.length))
  expect(refusalOf({ ...huge, model: { ...model, blocks: null, depth } })).toBeNull()
})
