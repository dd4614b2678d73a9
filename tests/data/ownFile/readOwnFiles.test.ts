// readOwnFiles, demandSizes
import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { demandSizes, readOwnFiles, readWantedFiles, type OwnBytes } from '../../../src/data/ownFile/readOwnFiles.ts'
import { faultOf } from '../faultOf.ts'
import { cifarBytes, cifarRecords, csvOf, file, gzipped, idxBytes, npyBytes, same, text } from './buildFiles.ts'

const digestOf = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('hex')
const refusal = async (...files: readonly OwnBytes[]) => {
  const fault = await faultOf(() => readOwnFiles(files))
  expect(fault.type).toBe('dataCorrupt')
  return fault.detail
}
/** 40 pictures of 2 x 3 and their labels 0 to 3. */
const PIXELS = Array.from({ length: 240 }, (_, i) => (i * 7) % 256)
const LABELS = Array.from({ length: 40 }, (_, i) => i % 4)
const pictures = idxBytes([40, 2, 3], PIXELS)
const labels = idxBytes([40], LABELS)

describe('readOwnFiles of IDX', () => {
  test('pairs pictures and labels by their count, in whatever order and packing they come', async () => {
    const plain = await readOwnFiles([file('x', pictures), file('y', labels)])
    expect(plain).toMatchObject({ format: 'IDX (MNIST)', count: 40, unit: 255 })
    expect([...plain.values]).toEqual(PIXELS)
    expect(plain.targets).toEqual({ type: 'classes', labels: Uint8Array.from(LABELS), names: ['0', '1', '2', '3'] })
    expect(plain.file).toMatchObject({ name: 'x + y', channels: 1, height: 2, width: 3, classes: 4 })
    const packed = await readOwnFiles([file('y', gzipped(labels)), file('x', gzipped(pictures))])
    expect({ ...packed, file: { ...packed.file, sha256: plain.file.sha256 } }).toEqual(plain)
  })

  test('gives the digest of one file as the disk has it, of two that of their sorted digests', async () => {
    expect((await readOwnFiles([file('x', gzipped(pictures))])).file.sha256).toBe(digestOf(gzipped(pictures)))
    const both = [digestOf(pictures), digestOf(labels)].toSorted().map((digest) => `${digest}\n`)
    for (const files of [
      [file('x', pictures), file('y', labels)],
      [file('b', labels), file('a', pictures)],
    ]) {
      expect((await readOwnFiles(files)).file.sha256).toBe(digestOf(both.join('')))
    }
  })

  test('reads pictures alone as their own targets', async () => {
    const { targets, notes, file: own } = await readOwnFiles([file('x', pictures)])
    expect([targets, own.classes]).toEqual([{ type: 'none' }, 0])
    expect(notes.join(' ')).toContain('no labels')
  })

  test('joins two pairs of different counts, each picture with its own label', async () => {
    const more = idxBytes(
      [3, 2, 3],
      Array.from({ length: 18 }, () => 200),
    )
    const read = await readOwnFiles([file('l3', idxBytes([3], [3, 3, 3])), file('x', pictures), file('y', labels), file('x3', more)])
    expect(read.count).toBe(43)
    for (let row = 0; row < 43; row++) {
      const isMore = read.values[6 * row] === 200 && read.values[6 * row + 1] === 200
      if (isMore) expect((read.targets as { labels: Uint8Array }).labels[row]).toBe(3)
    }
  })

  test('exchanges rows and columns of EMNIST, by the name that the experiment carries', async () => {
    const files = [file('emnist-letters', pictures), file('emnist-labels', labels)]
    const turned = await readOwnFiles(files)
    expect(turned.file).toMatchObject({ height: 3, width: 2 })
    // Twin: pixel (x, y) of the picture as read is (y, x) of the file.
    for (let i = 0; i < 240; i++) {
      const [row, y, x] = [Math.floor(i / 6), Math.floor((i % 6) / 2), i % 2]
      expect(turned.values[i]).toBe(PIXELS[6 * row + 3 * x + y])
    }
    const renamed = await readOwnFiles([file('a', pictures), file('b', labels)], turned.file.name)
    expect(renamed).toEqual(turned)
    expect(await readWantedFiles([file('a', pictures), file('b', labels)], turned.file)).toEqual(turned)
    expect((await readWantedFiles([file('a', pictures)], turned.file)).file.name).toBe('a')
    expect((await readOwnFiles(files, 'mine')).file).toMatchObject({ name: 'mine', height: 2, width: 3 })
  })

  test('counts classes from whatever number the file does', async () => {
    const letters = idxBytes(
      [40],
      Array.from({ length: 40 }, (_, i) => 1 + (i % 26)),
    )
    const { targets } = await readOwnFiles([file('x', pictures), file('y', letters)])
    expect(targets).toMatchObject({ names: Array.from({ length: 26 }, (_, k) => `${k + 1}`) })
  })

  test.each([
    ['other counts', [pictures, idxBytes([39], LABELS.slice(1))], 'holds 40 pictures, and the labels beside it are 39'],
    ['labels alone', [labels], 'holds only labels: choose the pictures together with it'],
    ['two sizes of pictures', [pictures, idxBytes([41, 2, 2], same(164, 1))], 'holds pictures of 2 x'],
    ['one label for all', [pictures, idxBytes([40], same(40, 3))], 'has the same label for every sample'],
    ['four dimensions', [idxBytes([2, 2, 2, 2], same(16, 0))], 'holds an array of 4 dimensions'],
    ['no pictures', [idxBytes([0, 28, 28], [])], 'holds an array without entries'],
    ['one picture', [idxBytes([1, 2, 2], [1, 2, 3, 4])], 'holds a single sample'],
    ['a cut end', [pictures.slice(0, 200)], 'holds 184 values where its header announces 40 x 2 x 3'],
    ['bytes at the end', [Uint8Array.from([...labels, 0]), pictures], 'holds 41 values where its header announces 40'],
    ['another type', [idxBytes([10, 2, 2], same(40, 0), 0x0d)], 'holds values of type 13'],
    ['impossible sizes', [idxBytes([0xffffffff, 0xffffffff, 0xffffffff], [])], 'announces 4294967295 x 4294967295 x 4294967295'],
    ['labels twice', [pictures, labels, idxBytes([40], LABELS.toReversed())], 'cannot be told'],
  ])('refuses %s', async (_what, files, what) => {
    expect(await refusal(...files.map((bytes, i) => file(`f${i}`, bytes)))).toMatch(new RegExp(what, 'u'))
  })

  test('refuses a label far from all others as out of range', async () => {
    const many = Array.from({ length: 4000 }, (_, i) => i % 10)
    const spoilt = [...many.slice(0, -1), 77]
    const said = await refusal(file('x', idxBytes([4000, 1, 2], same(8000, 9))), file('y', idxBytes([4000], spoilt)))
    expect(said).toBe('The data file y holds a label out of range: 77 occurs once among 4000, far from the others.')
  })
})

describe('readOwnFiles of CIFAR', () => {
  test('reads records of CIFAR-10: label, then red, green and blue planes', async () => {
    const records = cifarRecords(12, 1)
    const read = await readOwnFiles([file('data_batch_1.bin', cifarBytes(records))])
    expect(read.file).toMatchObject({ channels: 3, height: 32, width: 32, classes: 10 })
    expect([...read.values]).toEqual(records.flatMap(({ pixels }) => pixels))
    expect(read.targets).toMatchObject({ type: 'classes', labels: Uint8Array.from(records, (record) => record.labels[0]) })
    expect((read.targets as { names: readonly string[] }).names[9]).toBe('truck')
  })

  test('takes of CIFAR-100 the fine label', async () => {
    const records = cifarRecords(12, 2)
    const read = await readOwnFiles([file('train.bin', cifarBytes(records))])
    expect([read.format, read.file.classes]).toEqual(['CIFAR-100 binary', 100])
    expect(read.targets).toMatchObject({ labels: Uint8Array.from(records, (record) => record.labels[1]) })
  })

  test('joins batches, and the order of choosing does not count', async () => {
    const [a, b] = [cifarBytes(cifarRecords(3, 1)), cifarBytes(cifarRecords(4, 1, (row, i) => (row + i) % 256))]
    const one = await readOwnFiles([file('1', a), file('2', b)])
    expect(one.count).toBe(7)
    expect(await readOwnFiles([file('2', b), file('1', a)])).toEqual(one)
  })

  test('is not taken for IDX when its first bytes look like one', async () => {
    const records = cifarRecords(2, 1, (_row, i) => [0, 8, 3][i] ?? 5)
    records[0].labels[0] = 0
    expect((await readOwnFiles([file('b', cifarBytes(records))])).format).toBe('CIFAR-10 binary')
  })

  test.each([
    [
      'a label out of range',
      () => cifarBytes(cifarRecords(3, 1).with(1, { labels: [10], pixels: same(3072, 200) })),
      'label 10 in record 2 is out of range (0 to 9)',
    ],
    [
      'a coarse label out of range',
      () => cifarBytes(cifarRecords(3, 2).with(2, { labels: [20, 3], pixels: same(3072, 200) })),
      'label 20 in record 3 is out of range (0 to 19)',
    ],
    ['a cut record', () => cifarBytes(cifarRecords(3, 1)).slice(0, -1), 'is none of the formats that are read'],
  ])('refuses %s', async (_what, make, what) => {
    expect(await refusal(file('b', make()))).toContain(what)
  })

  test('refuses batches of both sets together', async () => {
    expect(await refusal(file('a', cifarBytes(cifarRecords(2, 1))), file('b', cifarBytes(cifarRecords(2, 2))))).toContain(
      'is a batch of CIFAR-10',
    )
  })
})

describe('readOwnFiles of what is no data', () => {
  test.each([
    ['nothing', new Uint8Array(0), 'is empty'],
    ['packed nothing', gzipped(new Uint8Array(0)), 'is empty'],
    ['a zip archive', Uint8Array.from([0x50, 0x4b, 3, 4, 0, 0, 0, 0]), 'is a zip archive'],
    ['a tar archive', Uint8Array.from([...same(257, 1), ...text('ustar'), ...same(250, 0)]), 'is a tar archive'],
    ['a picture', Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]), 'is a single picture'],
    ['a pickle', Uint8Array.from([0x80, 4, 0x95, 0, 0, 0]), 'is a Python pickle'],
    ['UTF-16', Uint8Array.from([0xff, 0xfe, 0x31, 0]), 'is UTF-16 text'],
    ['a run file', text('{"version":1}'), 'is JSON'],
    ['a web page', text('<!doctype html>'), 'is a web page'],
    ['a program', Uint8Array.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0]), 'is none of the formats'],
    ['a gzip file that was cut', gzipped(pictures).slice(0, -9), 'is damaged: it cannot be decompressed'],
    ['a gzip file of ten bytes', gzipped(pictures).slice(0, 10), 'ends before its packed contents do'],
    ['a file that was packed twice', gzipped(gzipped(pictures)), 'is packed twice'],
    ['one column', text('1\n2\n3'), 'has a single column'],
  ])('refuses %s in one sentence', async (_what, bytes, what) => {
    const said = await refusal(file('mine', bytes))
    expect(said).toContain(`The data file mine ${what}`)
    expect(said).toMatch(/^[^\n]+\.$/u)
  })

  test('refuses files of different formats, two tables, and the same file twice', async () => {
    expect(await refusal(file('x', pictures), file('t', csvOf(40)))).toMatch(/files of one format are read together/u)
    expect(await refusal(file('a', csvOf(40)), file('b', csvOf(41)))).toMatch(/is a second table/u)
    expect(await refusal(file('a', csvOf(40)), file('b', csvOf(40)))).toMatch(/was chosen twice/u)
  })

  test('stops a bomb at the cap instead of unfolding it', async () => {
    // 64 MB of zeros in 64 kB, where 8 MB are allowed.
    const bomb = gzipped(new Uint8Array(64 * 2 ** 20))
    expect(bomb.length).toBeLessThan(2 ** 17)
    const fault = await faultOf(() => readOwnFiles([file('bomb.gz', bomb)], null, 8 * 2 ** 20))
    expect(fault.detail).toBe('The data file bomb.gz unfolds to more than the 8388608 bytes that it may hold.')
  })

  test('counts what several files unfold to together', async () => {
    const half = gzipped(idxBytes([5, 1000, 1000], new Uint8Array(5_000_000)))
    const other = gzipped(idxBytes([6, 1000, 1000], new Uint8Array(6_000_000)))
    expect((await faultOf(() => readOwnFiles([file('a', half), file('b', other)], null, 8 * 2 ** 20))).detail).toContain('unfolds to more')
  })
})

describe('demandSizes', () => {
  const refused = (files: readonly { name: string; size: number }[]) => faultOf(() => demandSizes(files))

  test('refuses two gigabytes without reading them', async () => {
    expect((await refused([{ name: 'big.npy', size: 2 ** 31 }])).detail).toBe(
      'The data file big.npy is too large: 2.0 GB were chosen, and at most 320 MB are read.',
    )
    expect((await refused(Array.from({ length: 5 }, (_, k) => ({ name: `${k}`, size: 100 * 2 ** 20 })))).detail).toContain('is too large')
  })
  test('refuses nothing at all, an empty file, and a whole folder', async () => {
    expect((await refused([])).detail).toContain('nothing was chosen')
    expect(
      (
        await refused([
          { name: 'a', size: 3 },
          { name: 'b', size: 0 },
        ])
      ).detail,
    ).toBe('The data file b is empty.')
    expect((await refused(Array.from({ length: 21 }, (_, k) => ({ name: `${k}`, size: 1 })))).detail).toContain('at most 20 files')
  })
  test('lets all of CIFAR-10 through', () => {
    expect(() => demandSizes(Array.from({ length: 6 }, (_, k) => ({ name: `${k}`, size: 30_730_000 })))).not.toThrow()
  })
})

describe('the name of own files', () => {
  const nameOf = async (...names: readonly string[]) =>
    (await readOwnFiles(names.map((name, k) => file(name, npyBytes([4 + k, 2], same(8 + 2 * k, 0.5))))).catch(() => null))?.file.name

  test('holds no control letters and stays below 121 letters', async () => {
    expect(await nameOf('a\u0000b\u202E.npy')).toBe('a b .npy')
    expect(await nameOf('\ud800')).toBe('file')
    const long = await nameOf('🙂'.repeat(100))
    expect(long!.length).toBeLessThanOrEqual(120)
    expect(() => encodeURIComponent(long!)).not.toThrow()
  })
})
