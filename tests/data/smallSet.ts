// A whole site in memory: four small shards of 6 x 4 images with their manifest, which a test may then spoil.
import { gzipSync } from 'node:zlib'
import { namedStream } from '../../src/numerics/streams.ts'
import { encodeImageShard, type ImageShard } from '../../src/data/imageShard.ts'
import type { DataManifest, ShardEntry } from '../../src/data/manifest.ts'
import type { ReadAsset } from '../../src/data/readAsset.ts'
import { sha256 } from '../../src/data/sha256.ts'

/** 20 images of 6 x 4 pixels in 5 classes, pixel values up to 200. */
export function smallShard(name: string): ImageShard {
  const stream = namedStream(1, `smallShard/${name}`)
  return {
    count: 20,
    height: 6,
    width: 4,
    classes: 5,
    maxPixel: 200,
    labels: Uint8Array.from({ length: 20 }, (_, i) => i % 5),
    pixels: Uint8Array.from({ length: 20 * 24 }, () => stream.integer(201)),
  }
}

/** The manifest's line for this decompressed content. */
export async function entryOf(file: string, content: Uint8Array, split: { train: number; test: number }): Promise<ShardEntry> {
  const packed = gzipSync(content)
  return {
    file,
    ...split,
    bytes: packed.length,
    sha256: await sha256(packed),
    contentBytes: content.length,
    contentSha256: await sha256(content),
  }
}

/** A site that ships `contents`, by file name; the last file is for testing, the others for training. */
export async function siteOf(contents: ReadonlyMap<string, Uint8Array>): Promise<{ files: Map<string, Uint8Array>; readAsset: ReadAsset }> {
  const names = [...contents.keys()]
  const shards = await Promise.all(
    names.map((file, i) => entryOf(file, contents.get(file)!, i < names.length - 1 ? { train: 20, test: 0 } : { train: 0, test: 20 })),
  )
  const manifest: DataManifest = {
    format: 'plateau-data',
    version: 1,
    sets: [
      {
        name: 'fashionMnist',
        title: 'Small set',
        height: 6,
        width: 4,
        maxPixel: 200,
        classNames: ['a', 'b', 'c', 'd', 'e'],
        provenance: 'made up',
        selection: 'all',
        licence: 'none',
        licenceFile: 'none.txt',
        citation: 'none',
        shards,
      },
    ],
  }
  const files = new Map<string, Uint8Array>(names.map((file) => [`data/${file}`, new Uint8Array(gzipSync(contents.get(file)!))]))
  files.set('data/manifest.json', new TextEncoder().encode(JSON.stringify(manifest)))
  return {
    files,
    readAsset: async (name) => {
      const bytes = files.get(name)
      if (bytes === undefined) throw new TypeError('Failed to fetch')
      return bytes
    },
  }
}

/** Three training shards and one test shard, all sound. */
export function smallSite(): ReturnType<typeof siteOf> {
  return siteOf(
    new Map(['small-0.bin', 'small-1.bin', 'small-2.bin', 'small-3.bin'].map((file) => [file, encodeImageShard(smallShard(file))])),
  )
}
