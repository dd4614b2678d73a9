// Where do the files in public/data come from? From two Debian packages, by this program, to the same pixels on every machine.
//
// Usage: npm run build-data -- [--fashion <folder>] [--digits <digits.csv.gz>] [--out <folder>]
// Sources: `apt-get install dataset-fashion-mnist python3-sklearn`. The content digests of the manifest are the same wherever
// it is built; those of the gzip files follow the zlib of the Node that built them.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { gzipSync } from 'node:zlib'
import { DomainFault } from '../core/faults.ts'
import { balancedRows, holdOutLast } from '../data/balancedSelection.ts'
import { gunzip } from '../data/gunzip.ts'
import { parseIdx } from '../data/idx.ts'
import { encodeImageShard, type ImageShard } from '../data/imageShard.ts'
import { parseManifest, type DataManifest, type ImageSetEntry, type ShardEntry } from '../data/manifest.ts'
import { sha256 } from '../data/sha256.ts'
import { DIGITS_LICENCE, FASHION_MNIST_LICENCE } from './dataLicences.ts'

const FASHION_FOLDER = '/usr/share/datasets/fashion-mnist'
const DIGITS_FILE = '/usr/lib/python3/dist-packages/sklearn/datasets/data/digits.csv.gz'
const FASHION_CLASSES = ['T-shirt/top', 'Trouser', 'Pullover', 'Dress', 'Coat', 'Sandal', 'Shirt', 'Sneaker', 'Bag', 'Ankle boot']
const PER_CLASS = 200
const TRAIN_SHARDS = 5
const DIGIT_TEST_COUNT = 297
const MAX_SOURCE_BYTES = 2 ** 26

// SHA-256 of the decompressed sources: nothing else may be published under these names.
const SOURCE_DIGESTS: Record<string, string> = {
  'train-images-idx3-ubyte': 'c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888',
  'train-labels-idx1-ubyte': 'bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9',
  't10k-images-idx3-ubyte': '5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b',
  't10k-labels-idx1-ubyte': '0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34',
  'digits.csv': '6ebb3d2fee246a4e99363262ddf8a00a3c41bee6014c373ed9d9216ba7f651b8',
}

/** Writes all shards, the licences and the manifest; answers with the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: { fashion: { type: 'string' }, digits: { type: 'string' }, out: { type: 'string' } },
  })
  const out = values.out ?? 'public/data'
  await mkdir(out, { recursive: true })
  const manifest: DataManifest = {
    format: 'plateau-data',
    version: 1,
    sets: [await buildFashionMnist(values.fashion ?? FASHION_FOLDER, out), await buildDigits(values.digits ?? DIGITS_FILE, out)],
  }
  const text = `${JSON.stringify(manifest, null, 2)}\n`
  parseManifest(text, 'manifest.json')
  await writeFile(join(out, 'manifest.json'), text)
  await writeFile(join(out, 'fashion-mnist-licence.txt'), FASHION_MNIST_LICENCE)
  await writeFile(join(out, 'digits-licence.txt'), DIGITS_LICENCE)
  for (const shard of manifest.sets.flatMap((set) => set.shards)) {
    console.log(`${shard.file}: ${shard.train} training and ${shard.test} test images, ${shard.bytes} bytes`)
  }
  return 0
}

async function buildFashionMnist(folder: string, out: string): Promise<ImageSetEntry> {
  const shards: ShardEntry[] = []
  for (const part of ['train', 't10k'] as const) {
    const images = parseIdx(await readSource(folder, `${part}-images-idx3-ubyte`), `${part}-images-idx3-ubyte.gz`)
    const labels = parseIdx(await readSource(folder, `${part}-labels-idx1-ubyte`), `${part}-labels-idx1-ubyte.gz`)
    const [, height, width] = images.shape
    for (let k = 0; k < (part === 'train' ? TRAIN_SHARDS : 1); k++) {
      const rows = balancedRows(labels.values, FASHION_CLASSES.length, k * PER_CLASS, PER_CLASS)
      if (rows.length !== FASHION_CLASSES.length * PER_CLASS) throw new DomainFault(`buildData: ${part} has too few images of a class`)
      const shard: ImageShard = {
        count: rows.length,
        height,
        width,
        classes: FASHION_CLASSES.length,
        maxPixel: 255,
        ...pick(images.values, labels.values, height * width, rows),
      }
      const split = part === 'train' ? { train: rows.length, test: 0 } : { train: 0, test: rows.length }
      shards.push(await writeShard(out, `fashion-mnist-${shards.length}.bin`, shard, split))
    }
  }
  return {
    name: 'fashionMnist',
    title: 'Fashion-MNIST',
    height: 28,
    width: 28,
    maxPixel: 255,
    classNames: FASHION_CLASSES,
    provenance: 'IDX files of Fashion-MNIST by Zalando Research, as in the Debian package dataset-fashion-mnist.',
    selection:
      'Shards 0 to 4: of each class the training images number 0-199, 200-399, .. 800-999 in file order. Shard 5: the first 200 test images of each class.',
    licence: 'MIT, (c) 2017 Zalando SE',
    licenceFile: 'fashion-mnist-licence.txt',
    citation:
      'H. Xiao, K. Rasul, R. Vollgraf. Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine Learning Algorithms. arXiv:1708.07747, 2017.',
    shards,
  }
}

async function buildDigits(path: string, out: string): Promise<ImageSetEntry> {
  const text = new TextDecoder().decode(await verifiedSource(path, 'digits.csv'))
  const table = text
    .trim()
    .split('\n')
    .map((line) => line.split(',').map(Number))
  const labels = Uint8Array.from(table, (row) => row[64])
  const pixels = Uint8Array.from(table.flatMap((row) => row.slice(0, 64)))
  const { train, test } = holdOutLast(labels, 10, DIGIT_TEST_COUNT)
  const rows = [...train, ...test]
  const shard: ImageShard = { count: rows.length, height: 8, width: 8, classes: 10, maxPixel: 16, ...pick(pixels, labels, 64, rows) }
  return {
    name: 'digits',
    title: 'Handwritten digits, 8 x 8',
    height: 8,
    width: 8,
    maxPixel: 16,
    classNames: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
    provenance:
      'The 1797 images of the test part of UCI optdigits, from digits.csv of scikit-learn as in the Debian package python3-sklearn.',
    selection:
      'All images: first 1500 for training, then 297 for testing, which are the last 30 (digits 0-6) or 29 (digits 7-9) of each digit in file order.',
    licence: 'CC BY 4.0 (UCI Machine Learning Repository)',
    licenceFile: 'digits-licence.txt',
    citation:
      'E. Alpaydin, C. Kaynak. Optical Recognition of Handwritten Digits. UCI Machine Learning Repository, 1998. doi:10.24432/C50P49.',
    shards: [await writeShard(out, 'digits.bin', shard, { train: train.length, test: test.length })],
  }
}

function pick(pixels: Uint8Array, labels: Uint8Array, size: number, rows: readonly number[]): Pick<ImageShard, 'labels' | 'pixels'> {
  const chosen = new Uint8Array(rows.length * size)
  for (const [i, row] of rows.entries()) chosen.set(pixels.subarray(row * size, (row + 1) * size), i * size)
  return { labels: Uint8Array.from(rows, (row) => labels[row]), pixels: chosen }
}

async function writeShard(out: string, file: string, shard: ImageShard, split: Pick<ShardEntry, 'train' | 'test'>): Promise<ShardEntry> {
  const content = encodeImageShard(shard)
  const packed = gzipSync(content, { level: 9 })
  // Byte 9 names the operating system; 255 is "unknown".
  packed[9] = 255
  await writeFile(join(out, file), packed)
  return {
    file,
    ...split,
    bytes: packed.length,
    sha256: await sha256(packed),
    contentBytes: content.length,
    contentSha256: await sha256(content),
  }
}

function readSource(folder: string, name: string): Promise<Uint8Array> {
  return verifiedSource(join(folder, `${name}.gz`), name)
}

async function verifiedSource(path: string, name: string): Promise<Uint8Array> {
  const content = await gunzip(await readFile(path), MAX_SOURCE_BYTES, path)
  const digest = await sha256(content)
  if (digest !== SOURCE_DIGESTS[name]) throw new DomainFault(`buildData: ${path} has digest ${digest}, expected ${SOURCE_DIGESTS[name]}`)
  return content
}
