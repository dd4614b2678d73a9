// loadDataset
import { beforeAll, describe, expect, test } from 'vitest'
import type { Dataset } from '../../src/core/dataset.ts'
import type { DataSettings } from '../../src/core/experiment.ts'
import { neededShards } from '../../src/data/imageDataset.ts'
import { parseImageShard } from '../../src/data/imageShard.ts'
import { gunzip } from '../../src/data/gunzip.ts'
import { loadDataset } from '../../src/data/loadDataset.ts'
import type { ReadAsset } from '../../src/data/readAsset.ts'
import { sha256 } from '../../src/data/sha256.ts'
import { emptyAssetCache, loadManifest } from '../../src/data/verifiedAssets.ts'
import { faultOf } from './faultOf.ts'
import { GOLDEN_INPUTS } from './goldenInputs.ts'
import { readPublic } from './readPublic.ts'

const SETTINGS: DataSettings = {
  kind: 'fashionMnist',
  side: 14,
  trainCount: 300,
  testCount: 100,
  inputs: 6,
  outputs: 2,
  scaling: 'unit',
  noise: 0.1,
  targets: 'labels',
  file: null,
}
const cache = emptyAssetCache()

function load(change: Partial<DataSettings>, seed = 1): Promise<Dataset> {
  return loadDataset({ ...SETTINGS, ...change }, { readAsset: readPublic, seed, cache })
}

const KINDS = ['fashionMnist', 'digits', 'teacher', 'linearTeacher', 'gaussian', 'sphere', 'mixture', 'point', 'line'] as const
const SYNTHETIC = ['teacher', 'linearTeacher', 'gaussian', 'sphere', 'orthogonal', 'mixture', 'point', 'line'] as const

describe.each(KINDS)('loadDataset of kind %s', (kind) => {
  test('gives float32 arrays of the shapes that it announces, all finite', async () => {
    const data = await load({ kind })
    for (const [split, count] of [
      [data.train, 300],
      [data.test, 100],
    ] as const) {
      expect(split.count).toBe(kind === 'point' ? 1 : count)
      expect(split.inputs).toBeInstanceOf(Float32Array)
      expect(split.inputs).toHaveLength(split.count * data.inputWidth)
      expect(split.targets).toHaveLength(split.count * data.outputWidth)
      expect([...split.inputs, ...split.targets].every(Number.isFinite)).toBe(true)
    }
    const [channels, height, width] = data.imageShape ?? [1, 1, data.inputWidth]
    expect(channels * height * width).toBe(data.inputWidth)
  })

  test('makes each sample its own target when asked, and leaves the inputs as they are', async () => {
    const [plain, own] = [await load({ kind }), await load({ kind, targets: 'inputs' })]
    expect([own.task, own.outputWidth, own.classNames, own.imageShape]).toEqual(['regression', plain.inputWidth, null, plain.imageShape])
    for (const split of ['train', 'test'] as const) {
      expect(own[split].inputs).toEqual(plain[split].inputs)
      expect(own[split].targets).toEqual(plain[split].inputs)
      expect(own[split].labels).toBeNull()
    }
  })

  test('gives the same bits for the same seed', async () => {
    expect(await load({ kind }, 7)).toEqual(await load({ kind }, 7))
  })

  test('keeps the test set when the number of training rows changes', async () => {
    expect((await load({ kind, trainCount: 40 })).test).toEqual((await load({ kind })).test)
  })

  test('can do without test rows', async () => {
    const data = await load({ kind, testCount: 0 })
    expect(data.test.count).toBe(0)
    expect(data.test.inputs).toHaveLength(0)
    expect(data.train).toEqual((await load({ kind })).train)
  })

  test.skipIf(kind === 'point')('gives other rows for another seed (the point has only one: skipped there)', async () => {
    expect((await load({ kind }, 1)).train.inputs).not.toEqual((await load({ kind }, 2)).train.inputs)
  })
})

describe('loadDataset', () => {
  test.each(['fashionMnist', 'digits', 'mixture'] as const)(
    'gives %s ten named classes, and targets with a single 1 at the label',
    async (kind) => {
      const { task, classNames, outputWidth, train } = await load({ kind })
      expect([task, classNames?.length, outputWidth]).toEqual(['classification', 10, 10])
      const labels = Array.from(train.labels ?? [])
      expect(Array.from(train.targets)).toEqual(labels.flatMap((label) => Array.from({ length: 10 }, (_, k) => (k === label ? 1 : 0))))
    },
  )

  test.each(['teacher', 'linearTeacher', 'gaussian', 'point', 'line'] as const)('gives %s neither labels nor class names', async (kind) => {
    const { task, classNames, train, test } = await load({ kind })
    expect([task, classNames, train.labels, test.labels]).toEqual(['regression', null, null, null])
  })
})

describe('loadDataset of synthetic kinds', () => {
  test.each(SYNTHETIC)('reads no file for %s', async (kind) => {
    const readAsset: ReadAsset = () => Promise.reject(new Error('asked for a file'))
    await expect(loadDataset({ ...SETTINGS, kind }, { readAsset, seed: 1 })).resolves.toBeDefined()
  })
  test('keeps the inputs of the teacher set when the number of outputs or the noise changes', async () => {
    const one = await load({ kind: 'teacher', outputs: 1, noise: 0 })
    const first = (data: Dataset) => Array.from(data.train.inputs.subarray(0, data.inputWidth))
    expect(first(await load({ kind: 'teacher', outputs: 3, noise: 1 }))).toEqual(first(one))
  })
  test('lets train and test rows share the function but no row', async () => {
    const data = await load({ kind: 'line', noise: 0 })
    expect(data.test.targets).toEqual(data.test.inputs.map((x) => 2 * x + 0.5))
    expect(data.test.inputs.some((x) => data.train.inputs.includes(x))).toBe(false)
  })
})

describe('loadDataset of points with a sign', () => {
  test.each(['sphere', 'orthogonal'] as const)('gives %s one output of -1 or 1 beside labels 0 and 1', async (kind) => {
    const { task, outputWidth, classNames, train } = await load({ kind, inputs: 40, trainCount: 30, testCount: 5 })
    expect([task, outputWidth, classNames?.length]).toEqual(['classification', 1, 2])
    expect(Array.from(train.targets)).toEqual(Array.from(train.labels!, (label) => (label === 1 ? 1 : -1)))
    expect(new Set(train.labels)).toEqual(new Set([0, 1]))
  })

  test.each([
    [30, 6, 30, 6],
    [34, 6, 34, 6],
    [35, 9, 35, 5],
    [90, 9, 40, 0],
  ])('gives of %i and %i orthogonal points no more than 40 dimensions have: %i and %i', async (trainCount, testCount, train, test) => {
    const data = await load({ kind: 'orthogonal', inputs: 40, trainCount, testCount })
    expect([data.train.count, data.test.count]).toEqual([train, test])
  })

  test('gives orthogonal training and test points of one basis', async () => {
    const { train, test } = await load({ kind: 'orthogonal', inputs: 22, trainCount: 15, testCount: 7 })
    const rows = [...train.inputs, ...test.inputs]
    for (let a = 0; a < 22; a++) {
      for (let b = 0; b < 22; b++) {
        let product = 0
        for (let i = 0; i < 22; i++) product += rows[a * 22 + i] * rows[b * 22 + i]
        expect(product).toBe(a === b ? 1 : 0)
      }
    }
  })

  test('keeps the orthogonal test points and their signs while the training points leave them room', async () => {
    const change = { kind: 'orthogonal', inputs: 40, testCount: 5 } as const
    expect((await load({ ...change, trainCount: 10 })).test).toEqual((await load({ ...change, trainCount: 35 })).test)
  })
})

describe('loadDataset of images', () => {
  // The whole set as shipped, read beside the loader.
  let shipped: { readonly pixels: Uint8Array; readonly labels: Uint8Array }
  beforeAll(async () => {
    const file = 'data/fashion-mnist-0.bin'
    shipped = parseImageShard(await gunzip(await readPublic(file), 2 ** 24, file), file)
  })

  test('gives exactly pixel / 255 of shipped images with their own labels', async () => {
    const { train } = await load({ side: 28, trainCount: 50 })
    const known = new Map<string, number>()
    for (let row = 0; row < 2000; row++) known.set(shipped.pixels.subarray(row * 784, (row + 1) * 784).join(), shipped.labels[row])
    const used = new Set<string>()
    for (let i = 0; i < train.count; i++) {
      const x = Float32Array.from(train.inputs.subarray(i * 784, (i + 1) * 784))
      const pixels = Uint8Array.from(x, (value) => Math.round(value * 255))
      expect(x).toEqual(Float32Array.from(pixels, (pixel) => pixel / 255))
      expect(known.get(pixels.join())).toBe(train.labels![i])
      used.add(pixels.join())
    }
    expect(used.size).toBe(50)
  })

  test.each([7, 14] as const)('gives block means of the same images at side %i', async (side) => {
    const block = 28 / side
    const full = (await load({ side: 28, trainCount: 5 })).train.inputs
    const pooled = (await load({ side, trainCount: 5 })).train.inputs
    expect(pooled).toHaveLength(5 * side * side)
    for (let k = 0; k < pooled.length; k++) {
      const [image, y, x] = [Math.floor(k / side ** 2), Math.floor((k % side ** 2) / side), k % side]
      let sum = 0
      for (let i = 0; i < block; i++) for (let j = 0; j < block; j++) sum += full[image * 784 + (y * block + i) * 28 + x * block + j]
      // Float32 rounding of each of the block's pixels and of the mean: at most 2^-25 each.
      expect(Math.abs(pooled[k] - sum / block ** 2)).toBeLessThan(2 ** -24)
    }
  })

  test('sets side 32 as the image of 28 in a margin of two zeros', async () => {
    const [plain, framed] = [await load({ side: 28, trainCount: 5 }), await load({ side: 32, trainCount: 5 })]
    expect([framed.imageShape, framed.inputWidth, framed.train.labels]).toEqual([[1, 32, 32], 1024, plain.train.labels])
    const expected = Array.from({ length: 5 * 1024 }, (_, k) => {
      const [image, y, x] = [Math.floor(k / 1024), (Math.floor(k / 32) % 32) - 2, (k % 32) - 2]
      return y >= 0 && y < 28 && x >= 0 && x < 28 ? plain.train.inputs[image * 784 + y * 28 + x] : 0
    })
    expect(Array.from(framed.train.inputs)).toEqual(expected)
  })

  test('gives a prefix when fewer images of the same shards are asked', async () => {
    const many = (await load({ trainCount: 300 })).train
    const few = (await load({ trainCount: 20 })).train
    expect(few.inputs).toEqual(many.inputs.slice(0, 20 * 196))
    expect(few.labels).toEqual(many.labels!.slice(0, 20))
  })

  test('gives all images of every class when all are asked', async () => {
    const data = await load({ side: 7, trainCount: 10_000, testCount: 2000 })
    const counts = (labels: Int32Array | null) => Array.from({ length: 10 }, (_, k) => labels!.filter((label) => label === k).length)
    expect(counts(data.train.labels)).toEqual(Array.from({ length: 10 }, () => 1000))
    expect(counts(data.test.labels)).toEqual(Array.from({ length: 10 }, () => 200))
  })

  test('gives the same bits in Node as in the browser', async () => {
    const { train } = await load({ side: 7, trainCount: 10_000, testCount: 2000 })
    expect(await sha256(new Uint8Array(train.inputs.buffer))).toBe(GOLDEN_INPUTS)
  })

  test('scales all inputs by the mean and deviation of the training inputs when standardised', async () => {
    const unit = await load({})
    const scaled = await load({ scaling: 'standardised' })
    const inputs = Array.from(unit.train.inputs)
    const mean = inputs.reduce((sum, x) => sum + x, 0) / inputs.length
    const deviation = Math.sqrt(inputs.reduce((sum, x) => sum + (x - mean) ** 2, 0) / inputs.length)
    for (const split of ['train', 'test'] as const) {
      // Values up to about 2: float32 rounding 2^-23, and the two means agree to 1e-12.
      const errors = Array.from(scaled[split].inputs, (x, i) => Math.abs(x - (unit[split].inputs[i] - mean) / deviation))
      expect(Math.max(...errors)).toBeLessThan(3e-7)
    }
  })

  test('gives digits of 8 x 8 in sixteenths, whatever side says', async () => {
    const data = await load({ kind: 'digits', side: 7, trainCount: 10_000, testCount: 2000 })
    expect([data.imageShape, data.train.count, data.test.count]).toEqual([[1, 8, 8], 1500, 297])
    expect(data.train.inputs.every((x) => Number.isInteger(x * 16) && x >= 0 && x <= 1)).toBe(true)
    expect(Math.max(...data.test.inputs)).toBe(1)
  })

  test('fetches only the shards that the counts need', async () => {
    const asked: string[] = []
    await loadDataset(
      { ...SETTINGS, trainCount: 2001, testCount: 0 },
      { seed: 1, readAsset: (name) => (asked.push(name), readPublic(name)) },
    )
    expect(asked).toEqual(['data/manifest.json', 'data/fashion-mnist-0.bin', 'data/fashion-mnist-1.bin'])
  })

  test.each([
    [1, 1, [0, 5]],
    [2000, 2000, [0, 5]],
    [2001, 0, [0, 1]],
    [10_000, 2000, [0, 1, 2, 3, 4, 5]],
    [99_999, 99_999, [0, 1, 2, 3, 4, 5]],
  ])('needs for %i training and %i test images the shards %j', async (trainCount, testCount, expected) => {
    const [set] = (await loadManifest({ readAsset: readPublic, cache })).sets
    expect(neededShards(set.shards, trainCount, testCount)).toEqual(expected.map((k) => set.shards[k]))
  })

  test('says which shard is missing', async () => {
    const readAsset: ReadAsset = (name) => (name.endsWith('3.bin') ? Promise.reject(new Error('404')) : readPublic(name))
    const fault = await faultOf(() => loadDataset({ ...SETTINGS, trainCount: 10_000 }, { readAsset, seed: 1 }))
    expect(fault).toMatchObject({ type: 'dataMissing', file: 'data/fashion-mnist-3.bin' })
  })

  test('says which shard is damaged', async () => {
    const readAsset: ReadAsset = async (name) => {
      const bytes = await readPublic(name)
      if (name.endsWith('5.bin')) bytes[400_000] ^= 1
      return bytes
    }
    const fault = await faultOf(() => loadDataset(SETTINGS, { readAsset, seed: 1 }))
    expect(fault).toMatchObject({ type: 'dataCorrupt', file: 'data/fashion-mnist-5.bin' })
    expect(fault.detail).toContain('is damaged')
  })
})
