// Which image files belong to this page, how large are they and what must their digests be?
//
// The manifest is the one place that ties file names, splits and digests together; the builder writes it and the loader
// believes no file without it. Names are checked against a pattern, so that a manifest can never point outside its folder.
import { corrupt } from './dataFaults.ts'

/** Folder of the shipped files, relative to the site's root. */
export const DATA_FOLDER = 'data/'
/** Asset name of the manifest. */
export const MANIFEST_NAME = `${DATA_FOLDER}manifest.json`

/** One shard file; its first `train` images are for training, the `test` ones after them for testing. */
export interface ShardEntry {
  readonly file: string
  readonly train: number
  readonly test: number
  /** Size and digest of the file as shipped (gzip). */
  readonly bytes: number
  readonly sha256: string
  /** Size and digest after decompression; these do not depend on the compressor. */
  readonly contentBytes: number
  readonly contentSha256: string
}

/** One set of images with everything that a person may ask about it. */
export interface ImageSetEntry {
  readonly name: string
  readonly title: string
  readonly height: number
  readonly width: number
  readonly maxPixel: number
  readonly classNames: readonly string[]
  readonly provenance: string
  readonly selection: string
  readonly licence: string
  readonly licenceFile: string
  readonly citation: string
  readonly shards: readonly ShardEntry[]
}

/** The whole list of shipped images. */
export interface DataManifest {
  readonly format: 'plateau-data'
  readonly version: 1
  readonly sets: readonly ImageSetEntry[]
}

const MAX_SETS = 16
const MAX_SHARDS = 64
const MAX_SHARD_BYTES = 64 * 2 ** 20

/**
 * Reads the text of a manifest.
 *
 * @param file the name that a fault shall carry.
 * @throws {FaultError} `dataCorrupt` with one sentence for the first field that is wrong.
 */
export function parseManifest(text: string, file: string): DataManifest {
  const check = fieldReader(file)
  let root: unknown
  try {
    root = JSON.parse(text)
  } catch {
    throw corrupt(file, 'is not valid JSON')
  }
  const top = check.record(root, 'the file')
  if (top['format'] !== 'plateau-data' || top['version'] !== 1) throw corrupt(file, 'is not a data manifest of version 1')
  const sets = check.list(top['sets'], 'sets', MAX_SETS).map((value, i): ImageSetEntry => {
    const at = `sets[${i}]`
    const set = check.record(value, at)
    return {
      name: check.text(set['name'], `${at}.name`),
      title: check.text(set['title'], `${at}.title`),
      height: check.integer(set['height'], `${at}.height`, 1, 256),
      width: check.integer(set['width'], `${at}.width`, 1, 256),
      maxPixel: check.integer(set['maxPixel'], `${at}.maxPixel`, 1, 255),
      classNames: check.list(set['classNames'], `${at}.classNames`, 256).map((name, k) => check.text(name, `${at}.classNames[${k}]`)),
      provenance: check.text(set['provenance'], `${at}.provenance`),
      selection: check.text(set['selection'], `${at}.selection`),
      licence: check.text(set['licence'], `${at}.licence`),
      licenceFile: check.text(set['licenceFile'], `${at}.licenceFile`, /^[a-z0-9-]+\.txt$/),
      citation: check.text(set['citation'], `${at}.citation`),
      shards: check.list(set['shards'], `${at}.shards`, MAX_SHARDS).map((shard, k) => readShard(check, shard, `${at}.shards[${k}]`)),
    }
  })
  return { format: 'plateau-data', version: 1, sets }
}

function readShard(check: FieldReader, value: unknown, at: string): ShardEntry {
  const shard = check.record(value, at)
  return {
    file: check.text(shard['file'], `${at}.file`, /^[a-z0-9-]+\.bin$/),
    train: check.integer(shard['train'], `${at}.train`, 0, 100_000),
    test: check.integer(shard['test'], `${at}.test`, 0, 100_000),
    bytes: check.integer(shard['bytes'], `${at}.bytes`, 1, MAX_SHARD_BYTES),
    sha256: check.text(shard['sha256'], `${at}.sha256`, /^[0-9a-f]{64}$/),
    contentBytes: check.integer(shard['contentBytes'], `${at}.contentBytes`, 1, MAX_SHARD_BYTES),
    contentSha256: check.text(shard['contentSha256'], `${at}.contentSha256`, /^[0-9a-f]{64}$/),
  }
}

interface FieldReader {
  record(value: unknown, at: string): Record<string, unknown>
  list(value: unknown, at: string, most: number): readonly unknown[]
  text(value: unknown, at: string, pattern?: RegExp): string
  integer(value: unknown, at: string, low: number, high: number): number
}

function fieldReader(file: string): FieldReader {
  const wrong = (at: string, expected: string): Error => corrupt(file, `has a wrong entry: ${at} is not ${expected}`)
  return {
    record(value, at) {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong(at, 'an object')
      return value as Record<string, unknown>
    },
    list(value, at, most) {
      if (!Array.isArray(value) || value.length < 1 || value.length > most) throw wrong(at, `a list of 1 to ${most} entries`)
      return value as unknown[]
    },
    text(value, at, pattern = /^[^\p{Cc}]{1,2000}$/u) {
      if (typeof value !== 'string' || !pattern.test(value)) throw wrong(at, `a text like ${pattern.source}`)
      return value
    },
    integer(value, at, low, high) {
      if (!Number.isInteger(value) || (value as number) < low || (value as number) > high) {
        throw wrong(at, `a whole number from ${low} to ${high}`)
      }
      return value as number
    },
  }
}
