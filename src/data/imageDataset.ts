// How do verified shards become rows to train on? Shuffle by the seed, take a prefix, pool, scale.
//
// Only as many training shards are fetched as the count needs (each is class-balanced by itself), so a small experiment
// starts after one megabyte. A margin of zeros is part of the picture, also where inputs are standardised. The test rows have a stream of their own: changing trainCount never changes the test set.
import type { Dataset, SplitArrays } from '../core/dataset.ts'
import type { DataSettings } from '../core/experiment.ts'
import type { RandomStream } from '../core/random.ts'
import { averagePool } from './averagePooling.ts'
import { corrupt } from './dataFaults.ts'
import type { ImageShard } from './imageShard.ts'
import { MANIFEST_NAME, type ShardEntry } from './manifest.ts'
import { oneHot } from './oneHot.ts'
import { inputScale, standardise } from './standardise.ts'
import { loadManifest, loadShards, type AssetSource } from './verifiedAssets.ts'

/** The image sets that are shipped, by the name that the manifest gives them. */
export type ImageSetName = 'fashionMnist' | 'digits'

/**
 * Loads one shipped image set as the settings ask for it; counts above what the set holds mean all of it.
 *
 * @param streams one stream for the order of the training images, another for that of the test images.
 * @throws {FaultError} `dataMissing` or `dataCorrupt`, naming the file; the signal's reason when aborted.
 */
export async function loadImageDataset(
  name: ImageSetName,
  settings: Pick<DataSettings, 'side' | 'trainCount' | 'testCount' | 'scaling'>,
  streams: { readonly train: RandomStream; readonly test: RandomStream },
  source: AssetSource,
): Promise<Dataset> {
  const manifest = await loadManifest(source)
  const set = manifest.sets.find((candidate) => candidate.name === name)
  if (set === undefined) throw corrupt(MANIFEST_NAME, `does not list the set ${name}`)
  // Digits are smaller than any target side and stay as they are.
  const block = set.height % settings.side === 0 && set.height === set.width ? set.height / settings.side : 1
  const entries = neededShards(set.shards, settings.trainCount, settings.testCount)
  const shards = await loadShards(set, entries, source)
  const pool = poolOf(shards, entries)
  const margin = settings.side === 32 && set.height === 28 && set.width === 28 ? 2 : 0
  const height = set.height / block + 2 * margin
  const width = set.width / block + 2 * margin
  const shape: SplitShape = { block, margin, width, outSize: height * width, classes: set.classNames.length }
  const train = takeSplit(pool, 'train', settings.trainCount, streams.train, shape)
  const test = takeSplit(pool, 'test', settings.testCount, streams.test, shape)
  if (settings.scaling === 'standardised') {
    const scale = inputScale(train.inputs)
    standardise(train.inputs, scale)
    standardise(test.inputs, scale)
  }
  return {
    name: set.title,
    inputWidth: shape.outSize,
    outputWidth: shape.classes,
    task: 'classification',
    train,
    test,
    classNames: set.classNames,
    imageShape: [1, height, width],
  }
}

/** The first shards that together hold enough images of each split, in manifest order. */
export function neededShards(shards: readonly ShardEntry[], trainCount: number, testCount: number): readonly ShardEntry[] {
  let train = 0
  let test = 0
  return shards.filter((shard) => {
    const needed = (shard.train > 0 && train < trainCount) || (shard.test > 0 && test < testCount)
    if (needed) {
      train += shard.train
      test += shard.test
    }
    return needed
  })
}

interface PoolRow {
  readonly shard: ImageShard
  readonly row: number
}

function poolOf(
  shards: readonly ImageShard[],
  entries: readonly ShardEntry[],
): { readonly train: readonly PoolRow[]; readonly test: readonly PoolRow[] } {
  const train: PoolRow[] = []
  const test: PoolRow[] = []
  for (const [i, entry] of entries.entries()) {
    for (let row = 0; row < shards[i].count; row++) (row < entry.train ? train : test).push({ shard: shards[i], row })
  }
  return { train, test }
}

interface SplitShape {
  /** Side of the squares that are averaged, and zero pixels added on each side. */
  readonly block: number
  readonly margin: number
  readonly width: number
  readonly outSize: number
  readonly classes: number
}

function takeSplit(
  pool: ReturnType<typeof poolOf>,
  split: 'train' | 'test',
  wanted: number,
  stream: RandomStream,
  shape: SplitShape,
): SplitArrays & { readonly inputs: Float32Array } {
  const rows = pool[split]
  const order = stream.permutation(rows.length)
  const count = Math.min(wanted, rows.length)
  const inputs = new Float32Array(count * shape.outSize)
  const labels = new Int32Array(count)
  for (let i = 0; i < count; i++) {
    const { shard, row } = rows[order[i]]
    if (shape.margin === 0) averagePool(shard, [row], shape.block, inputs, i * shape.outSize)
    else framed(shard, row, shape, inputs, i * shape.outSize)
    labels[i] = shard.labels[row]
  }
  return { count, inputs, targets: oneHot(labels, shape.classes), labels }
}

/** The image in the middle of zero pixels; `out` holds zeros. */
function framed(shard: ImageShard, row: number, { margin, width }: SplitShape, out: Float32Array, offset: number): void {
  const bare = new Float32Array(shard.height * shard.width)
  averagePool(shard, [row], 1, bare)
  for (let y = 0; y < shard.height; y++) {
    out.set(bare.subarray(y * shard.width, (y + 1) * shard.width), offset + (y + margin) * width + margin)
  }
}
