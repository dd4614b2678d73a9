// loadManifest and loadShards: nothing unverified leaves them
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { encodeImageShard, SHARD_HEADER_BYTES } from '../../src/data/imageShard.ts'
import type { ReadAsset } from '../../src/data/readAsset.ts'
import { emptyAssetCache, loadManifest, loadShards, type AssetSource } from '../../src/data/verifiedAssets.ts'
import { namedStream } from '../../src/numerics/streams.ts'
import { faultOf } from './faultOf.ts'
import { entryOf, siteOf, smallShard, smallSite } from './smallSet.ts'

async function loadAll(source: AssetSource): ReturnType<typeof loadShards> {
  const [set] = (await loadManifest(source)).sets
  return await loadShards(set, set.shards, source)
}

describe('loadShards', () => {
  test('gives every shard in the order of the manifest', async () => {
    const shards = await loadAll(await smallSite())
    expect(shards).toEqual(['small-0.bin', 'small-1.bin', 'small-2.bin', 'small-3.bin'].map(smallShard))
  })

  test.each(['data/manifest.json', 'data/small-2.bin'])('says that %s is missing', async (name) => {
    const { files, readAsset } = await smallSite()
    files.delete(name)
    expect(await faultOf(() => loadAll({ readAsset }))).toEqual({
      type: 'dataMissing',
      file: name,
      detail: `The data file ${name} could not be loaded.`,
    })
  })

  test.each([
    ['a web page', new TextEncoder().encode('<!doctype html><title>Not found</title>'), 'a web page'],
    ['nothing', new Uint8Array(0), 'empty'],
  ])('says that a file is missing when the server sends %s in its place', async (_what, bytes, words) => {
    const { files, readAsset } = await smallSite()
    files.set('data/small-1.bin', bytes)
    const fault = await faultOf(() => loadAll({ readAsset }))
    expect(fault).toMatchObject({ type: 'dataMissing', file: 'data/small-1.bin' })
    expect(fault.detail).toContain(words)
  })

  test('refuses a shard with any one byte changed, and names it', async () => {
    const { files, readAsset } = await smallSite()
    const sound = files.get('data/small-0.bin')!
    for (let at = 0; at < sound.length; at++) {
      const spoilt = sound.slice()
      spoilt[at] ^= 0x10
      files.set('data/small-0.bin', spoilt)
      expect(await faultOf(() => loadAll({ readAsset }))).toMatchObject({ file: 'data/small-0.bin' })
    }
  })

  test('refuses a shard that is cut short, and names it', async () => {
    const { files, readAsset } = await smallSite()
    files.set('data/small-3.bin', files.get('data/small-3.bin')!.slice(0, 100))
    const fault = await faultOf(() => loadAll({ readAsset }))
    expect(fault).toMatchObject({ type: 'dataCorrupt', file: 'data/small-3.bin' })
    expect(fault.detail).toContain('it holds 100 bytes')
  })

  test('refuses two sound shards that were swapped', async () => {
    const { files, readAsset } = await smallSite()
    const first = files.get('data/small-0.bin')!
    files.set('data/small-0.bin', files.get('data/small-1.bin')!)
    files.set('data/small-1.bin', first)
    expect(await faultOf(() => loadAll({ readAsset }))).toMatchObject({ type: 'dataCorrupt' })
  })

  test('refuses a file that is packed anew with another content', async () => {
    const { files, readAsset } = await smallSite()
    files.set('data/small-0.bin', new Uint8Array(gzipSync(encodeImageShard(smallShard('another')))))
    expect(await faultOf(() => loadAll({ readAsset }))).toMatchObject({ type: 'dataCorrupt', file: 'data/small-0.bin' })
  })

  test('refuses each of 1000 shards with a spoilt header, even when the manifest vouches for their digests', async () => {
    const sound = encodeImageShard(smallShard('a'))
    const { readAsset } = await smallSite()
    const [set] = (await loadManifest({ readAsset })).sets
    const stream = namedStream(9, 'spoilt headers')
    for (let trial = 0; trial < 1000; trial++) {
      const mutant = sound.slice()
      for (let k = 0; k <= stream.integer(3); k++) mutant[stream.integer(SHARD_HEADER_BYTES)] = stream.integer(256)
      if (Buffer.compare(mutant, sound) === 0) continue
      const entry = await entryOf('a.bin', mutant, { train: 20, test: 0 })
      const served: ReadAsset = async () => new Uint8Array(gzipSync(mutant))
      const fault = await faultOf(() => loadShards(set, [entry], { readAsset: served }))
      expect(fault.type).toBe('dataCorrupt')
    }
  })

  test('refuses a bomb whose packed digest is right', async () => {
    const content = new Uint8Array(2 ** 24)
    const { readAsset } = await smallSite()
    const [set] = (await loadManifest({ readAsset })).sets
    const entry = { ...(await entryOf('a.bin', content, { train: 20, test: 0 })), contentBytes: 508 }
    const fault = await faultOf(() => loadShards(set, [entry], { readAsset: async () => new Uint8Array(gzipSync(content)) }))
    expect(fault.detail).toContain('unfolds to more than the 508 bytes')
  })

  test('works again after a failure: a retry is a new try', async () => {
    const { files, readAsset } = await smallSite()
    const cache = emptyAssetCache()
    const sound = files.get('data/small-1.bin')!
    files.set('data/small-1.bin', sound.slice(1))
    await faultOf(() => loadAll({ readAsset, cache }))
    files.set('data/small-1.bin', sound)
    expect(await loadAll({ readAsset, cache })).toHaveLength(4)
  })

  test('reads each file once when a cache is given', async () => {
    const site = await smallSite()
    const asked: string[] = []
    const source: AssetSource = { cache: emptyAssetCache(), readAsset: (name) => (asked.push(name), site.readAsset(name)) }
    const first = await loadAll(source)
    const second = await loadAll(source)
    expect(second).toEqual(first)
    expect(asked.sort()).toEqual([...site.files.keys()].sort())
  })
})

describe('the progress of loadShards', () => {
  test('rises to the total and never falls, whatever the reader reports', async () => {
    const site = await smallSite()
    const seen: (readonly [number, number])[] = []
    await loadAll({
      readAsset: async (name, options) => {
        const bytes = await site.readAsset(name)
        for (const share of [0.5, 0.25, 7]) options?.onBytes?.(Math.floor(share * bytes.length))
        return bytes
      },
      onProgress: (loaded, total) => seen.push([loaded, total]),
    })
    const total = [...site.files].filter(([name]) => name.endsWith('.bin')).reduce((sum, [, bytes]) => sum + bytes.length, 0)
    expect(seen.every(([, announced]) => announced === total)).toBe(true)
    expect(seen.every(([loaded], i) => i === 0 || loaded >= seen[i - 1][0])).toBe(true)
    expect(seen[0][0]).toBeLessThan(total)
    expect(seen.at(-1)).toEqual([total, total])
  })

  test('is told for a reader that reports nothing', async () => {
    const site = await smallSite()
    let last: readonly number[] = []
    await loadAll({ readAsset: site.readAsset, onProgress: (...progress) => (last = progress) })
    expect(last[0]).toBe(last[1])
  })
})

describe('an aborted load', () => {
  test('ends with the reason of the signal, not with a fault', async () => {
    const { readAsset } = await smallSite()
    const controller = new AbortController()
    const reason = new Error('the user pressed Stop')
    const load = loadAll({
      signal: controller.signal,
      readAsset: (name) => {
        if (name.endsWith('.bin')) controller.abort(reason)
        return readAsset(name)
      },
    })
    await expect(load).rejects.toBe(reason)
  })

  test('asks for nothing when it was aborted before', async () => {
    const asked: string[] = []
    const readAsset: ReadAsset = async (name) => (asked.push(name), new Uint8Array(1))
    await expect(loadManifest({ readAsset, signal: AbortSignal.abort() })).rejects.toThrow(/abort/i)
    expect(asked).toEqual([])
  })

  test('hands the signal to the reader', async () => {
    const site = await smallSite()
    const controller = new AbortController()
    const readAsset: ReadAsset = async (name, options) => {
      expect(options?.signal).toBe(controller.signal)
      return await site.readAsset(name)
    }
    await loadAll({ readAsset, signal: controller.signal })
  })
})

test('siteOf, the fixture, is refused as soon as its manifest is no JSON', async () => {
  const { files, readAsset } = await siteOf(new Map([['a.bin', encodeImageShard(smallShard('a'))]]))
  files.set('data/manifest.json', new TextEncoder().encode('{'))
  expect(await faultOf(() => loadManifest({ readAsset }))).toMatchObject({ type: 'dataCorrupt', file: 'data/manifest.json' })
})
