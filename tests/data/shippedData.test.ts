// The files in public/data are what the manifest says, and what the published sources hold.
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { main } from '../../src/cli/buildData.ts'
import { parseImageShard, type ImageShard } from '../../src/data/imageShard.ts'
import { parseManifest, type DataManifest, type ImageSetEntry } from '../../src/data/manifest.ts'
import { sha256ByHand } from '../../src/data/sha256.ts'

const FOLDER = new URL('../../public/data/', import.meta.url)
const FASHION = '/usr/share/datasets/fashion-mnist'
// Another place of digits.csv.gz may be named, because Debian's package brings all of scikit-learn.
const DIGITS = process.env['DIGITS_CSV_GZ'] ?? '/usr/lib/python3/dist-packages/sklearn/datasets/data/digits.csv.gz'
const hasFashion = existsSync(FASHION)
const hasDigits = existsSync(DIGITS)
if (!hasFashion)
  process.stdout.write('shippedData: skips the comparison with the IDX files (Debian package dataset-fashion-mnist is not installed)\n')
if (!hasDigits)
  process.stdout.write('shippedData: skips the comparison with digits.csv (Debian package python3-sklearn is not installed)\n')

let manifest: DataManifest
const content = new Map<string, ImageShard>()

beforeAll(async () => {
  manifest = parseManifest(await readFile(new URL('manifest.json', FOLDER), 'utf8'), 'manifest.json')
  for (const { file } of manifest.sets.flatMap((set) => set.shards)) {
    content.set(file, parseImageShard(gunzipSync(await readFile(new URL(file, FOLDER))), file))
  }
})

/** All images of one split in shipped order. */
function imagesOf(set: ImageSetEntry, split: 'train' | 'test'): { readonly label: number; readonly pixels: Uint8Array }[] {
  const size = set.height * set.width
  return set.shards.flatMap((entry) => {
    const shard = content.get(entry.file)!
    const rows = Array.from({ length: shard.count }, (_, row) => row).filter((row) => row < entry.train === (split === 'train'))
    return rows.map((row) => ({ label: shard.labels[row], pixels: shard.pixels.subarray(row * size, (row + 1) * size) }))
  })
}

function classCounts(images: readonly { readonly label: number }[]): number[] {
  return Array.from({ length: 10 }, (_, k) => images.filter(({ label }) => label === k).length)
}

describe('the shipped files', () => {
  test('have the sizes and digests of the manifest', async () => {
    for (const entry of manifest.sets.flatMap((set) => set.shards)) {
      const packed = await readFile(new URL(entry.file, FOLDER))
      const unpacked = gunzipSync(packed)
      expect([entry.file, packed.length, unpacked.length]).toEqual([entry.file, entry.bytes, entry.contentBytes])
      expect(sha256ByHand(packed)).toBe(entry.sha256)
      expect(sha256ByHand(unpacked)).toBe(entry.contentSha256)
    }
  })

  test('are all listed, with a licence for each set and nothing else beside them', async () => {
    const listed = ['manifest.json', ...manifest.sets.flatMap((set) => [set.licenceFile, ...set.shards.map(({ file }) => file)])]
    expect((await readdir(FOLDER)).sort()).toEqual(listed.sort())
    for (const { licenceFile } of manifest.sets) expect((await stat(new URL(licenceFile, FOLDER))).size).toBeGreaterThan(300)
  })

  test('hold 10 000 training and 2 000 test images of Fashion-MNIST, balanced in every shard', () => {
    const [set] = manifest.sets
    expect(set.shards.map(({ train, test }) => [train, test])).toEqual([...Array.from({ length: 5 }, () => [2000, 0]), [0, 2000]])
    for (const { file } of set.shards) {
      expect(classCounts(Array.from(content.get(file)!.labels, (label) => ({ label })))).toEqual(Array.from({ length: 10 }, () => 200))
    }
  })

  test('hold the 1797 digits, with a test set as balanced as 297 can be', () => {
    const digits = manifest.sets[1]
    // Source: the class sizes that UCI states for optdigits.tes.
    const all = classCounts([...imagesOf(digits, 'train'), ...imagesOf(digits, 'test')])
    expect(all).toEqual([178, 182, 177, 183, 181, 182, 181, 179, 174, 180])
    expect(classCounts(imagesOf(digits, 'test'))).toEqual([30, 30, 30, 30, 30, 30, 30, 29, 29, 29])
  })

  test('share no picture between training and test', () => {
    for (const set of manifest.sets) {
      const train = new Set(imagesOf(set, 'train').map(({ pixels }) => pixels.join()))
      expect(imagesOf(set, 'test').filter(({ pixels }) => train.has(pixels.join()))).toEqual([])
    }
  })
})

describe('the sources', () => {
  test.skipIf(!hasFashion)('hold exactly the shipped Fashion-MNIST pixels, at the places that the manifest states', async () => {
    const [set] = manifest.sets
    for (const [split, part, perClass] of [
      ['train', 'train', 1000],
      ['test', 't10k', 200],
    ] as const) {
      // Read by hand: 16 and 8 bytes of IDX header, then raw bytes.
      const pixels = gunzipSync(await readFile(join(FASHION, `${part}-images-idx3-ubyte.gz`))).subarray(16)
      const labels = gunzipSync(await readFile(join(FASHION, `${part}-labels-idx1-ubyte.gz`))).subarray(8)
      const images = imagesOf(set, split)
      for (let k = 0; k < 10; k++) {
        const shipped = images.filter(({ label }) => label === k)
        const rows = Array.from(labels.keys()).filter((row) => labels[row] === k)
        expect(shipped).toHaveLength(perClass)
        const different = shipped.filter(
          (image, i) => Buffer.compare(image.pixels, pixels.subarray(rows[i] * 784, (rows[i] + 1) * 784)) !== 0,
        )
        expect(different).toEqual([])
      }
    }
  })

  test.skipIf(!hasDigits)('hold exactly the shipped digits', async () => {
    const lines = gunzipSync(await readFile(DIGITS))
      .toString('utf8')
      .trim()
      .split('\n')
    const shipped = (['train', 'test'] as const).flatMap((split) =>
      imagesOf(manifest.sets[1], split).map(({ label, pixels }) => [...pixels, label].join()),
    )
    expect(shipped.sort()).toEqual(lines.sort())
  })
})

describe('buildData', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'build-data-'))
  })
  afterAll(async () => {
    vi.restoreAllMocks()
    await rm(folder, { recursive: true })
  })

  test.skipIf(!hasFashion || !hasDigits)(
    'builds the same contents again',
    async () => {
      vi.spyOn(console, 'log').mockImplementation(() => {})
      expect(await main(['--digits', DIGITS, '--out', folder])).toBe(0)
      const rebuilt = parseManifest(await readFile(join(folder, 'manifest.json'), 'utf8'), 'manifest.json')
      const contents = (list: DataManifest) => list.sets.map((set) => set.shards.map(({ file, contentSha256 }) => [file, contentSha256]))
      expect(contents(rebuilt)).toEqual(contents(manifest))
    },
    30_000,
  )

  test('refuses to publish anything else under the name of Fashion-MNIST', async () => {
    await writeFile(join(folder, 'train-images-idx3-ubyte.gz'), gzipSync('something else'))
    await expect(main(['--fashion', folder, '--out', folder])).rejects.toThrow(/has digest/)
  })
})
