// How does a shipped file become something that may be believed? Fetch, compare size and digest, decompress, compare
// again, parse; nothing is handed out before the last check.
//
// Checked shards are kept by their digest in a cache that the caller owns: every change of depth or width starts a new
// run, and none of them should fetch or hash nine megabytes again. A failure is never kept, so a retry is a new try.
import { FaultError } from '../core/faults.ts'
import { corrupt, missing } from './dataFaults.ts'
import { gunzip } from './gunzip.ts'
import { parseImageShard, type ImageShard } from './imageShard.ts'
import { DATA_FOLDER, MANIFEST_NAME, parseManifest, type DataManifest, type ImageSetEntry, type ShardEntry } from './manifest.ts'
import type { ReadAsset } from './readAsset.ts'
import { sha256 } from './sha256.ts'

/** Called as bytes arrive; `totalBytes` is known from the manifest and never changes within one load. */
export type OnProgress = (loadedBytes: number, totalBytes: number) => void

/** Files that were already verified, by digest; empty at first, owned by whoever loads more than once. */
export interface AssetCache {
  manifest: DataManifest | null
  readonly shards: Map<string, ImageShard>
}

/** A cache with nothing in it. */
export function emptyAssetCache(): AssetCache {
  return { manifest: null, shards: new Map() }
}

/** How bytes come in, and who wants to know or to stop it. */
export interface AssetSource {
  readonly readAsset: ReadAsset
  readonly onProgress?: OnProgress
  readonly signal?: AbortSignal
  readonly cache?: AssetCache
}

const MAX_MANIFEST_BYTES = 2 ** 20

/**
 * Reads the list of shipped images.
 *
 * @throws {FaultError} `dataMissing` or `dataCorrupt`, naming the file; the signal's reason when aborted.
 */
export async function loadManifest(source: AssetSource): Promise<DataManifest> {
  if (source.cache?.manifest) return source.cache.manifest
  const bytes = await readOrFault(source, MANIFEST_NAME, () => {})
  if (bytes.length > MAX_MANIFEST_BYTES) throw corrupt(MANIFEST_NAME, `holds ${bytes.length} bytes, far more than a list needs`)
  const manifest = parseManifest(new TextDecoder().decode(bytes), MANIFEST_NAME)
  if (source.cache) source.cache.manifest = manifest
  return manifest
}

/**
 * Reads and verifies some shards of one set, all at the same time, in the order of `entries`.
 *
 * @throws {FaultError} `dataMissing` or `dataCorrupt`, naming the file; the signal's reason when aborted.
 */
export async function loadShards(set: ImageSetEntry, entries: readonly ShardEntry[], source: AssetSource): Promise<readonly ImageShard[]> {
  const totalBytes = entries.reduce((sum, entry) => sum + entry.bytes, 0)
  const loaded = new Map<ShardEntry, number>()
  let loadedBytes = 0
  const report = (entry: ShardEntry, receivedBytes: number): void => {
    // Monotone and never above the total, whatever a reader reports: a progress bar must not run back.
    const received = Math.max(loaded.get(entry) ?? 0, Math.min(receivedBytes, entry.bytes))
    loadedBytes += received - (loaded.get(entry) ?? 0)
    loaded.set(entry, received)
    source.onProgress?.(loadedBytes, totalBytes)
  }
  return await Promise.all(
    entries.map(async (entry) => {
      const known = source.cache?.shards.get(entry.contentSha256)
      const shard = known ?? (await loadShard(set, entry, source, (bytes) => report(entry, bytes)))
      source.cache?.shards.set(entry.contentSha256, shard)
      report(entry, entry.bytes)
      return shard
    }),
  )
}

async function loadShard(
  set: ImageSetEntry,
  entry: ShardEntry,
  source: AssetSource,
  onBytes: (bytes: number) => void,
): Promise<ImageShard> {
  const file = DATA_FOLDER + entry.file
  const packed = await readOrFault(source, file, onBytes)
  await demandDigest(packed, entry.bytes, entry.sha256, file, 'as shipped')
  source.signal?.throwIfAborted()
  const content = await gunzip(packed, entry.contentBytes, file)
  await demandDigest(content, entry.contentBytes, entry.contentSha256, file, 'after decompression')
  const shard = parseImageShard(content, file)
  const agrees =
    shard.count === entry.train + entry.test &&
    shard.height === set.height &&
    shard.width === set.width &&
    shard.maxPixel === set.maxPixel &&
    shard.classes === set.classNames.length
  if (!agrees) throw corrupt(file, 'holds images of another shape or number than the manifest says')
  source.signal?.throwIfAborted()
  return shard
}

async function demandDigest(bytes: Uint8Array, size: number, digest: string, file: string, when: string): Promise<void> {
  if (bytes.length !== size) throw corrupt(file, `is damaged: it holds ${bytes.length} bytes ${when}, expected ${size}`)
  if ((await sha256(bytes)) !== digest) throw corrupt(file, `is damaged: its contents ${when} are not those that were published`)
}

async function readOrFault(source: AssetSource, file: string, onBytes: (bytes: number) => void): Promise<Uint8Array> {
  source.signal?.throwIfAborted()
  let bytes: Uint8Array
  try {
    bytes = await source.readAsset(file, { signal: source.signal, onBytes })
  } catch (error) {
    source.signal?.throwIfAborted()
    if (error instanceof FaultError) throw error
    throw missing(file, 'could not be loaded')
  }
  source.signal?.throwIfAborted()
  if (bytes.length === 0) throw missing(file, 'came back empty')
  // Many servers answer a missing file with their start page and status 200.
  if (bytes[0] === '<'.charCodeAt(0)) throw missing(file, 'is not on the server, which sent a web page in its place')
  return bytes
}
