// readOwnFiles on files with something changed: thousands of mutants of each format, each refused in one sentence or read
// exactly as a slow twin reads it. The twins are written from the formats' descriptions and share no code with the readers.
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import type { RandomStream } from '../../../src/core/random.ts'
import { FaultError } from '../../../src/core/faults.ts'
import type { OwnSamples } from '../../../src/data/ownFile/ownSamples.ts'
import { readOwnFiles } from '../../../src/data/ownFile/readOwnFiles.ts'
import { namedStream } from '../../../src/numerics/streams.ts'
import type { Twin } from './csvTwin.ts'
import { csvTwin, tableTwin } from './csvTwin.ts'
import { cifarBytes, cifarRecords, csvOf, file, gzipped, idxBytes, npyBytes, text } from './buildFiles.ts'

const SEED = 20

/** One to three changes; the first bytes, where headers are, are hit as often as all others together. */
function mutant(bytes: Uint8Array, stream: RandomStream): Uint8Array {
  let list = Array.from(bytes)
  for (let changes = 1 + stream.integer(3); changes > 0; changes--) {
    const place = stream.integer(2) === 0 ? stream.integer(Math.min(list.length, 140) || 1) : stream.integer(list.length || 1)
    const other = stream.integer(list.length || 1)
    const [from, to] = place < other ? [place, other] : [other, place]
    switch (stream.integer(8)) {
      case 0:
        list[place] ^= 1 << stream.integer(8)
        break
      case 1:
        list[place] = stream.integer(256)
        break
      case 2:
        list[place] = [0, 1, 9, 10, 13, 0x22, 0x2c, 0x7f, 0x80, 0xff][stream.integer(10)]
        break
      case 3:
        list = list.slice(0, place)
        break
      case 4:
        list = [...list, ...list.slice(from, Math.min(to, from + 50))]
        break
      case 5:
        list.splice(place, 1 + stream.integer(4))
        break
      case 6:
        list.splice(place, 0, stream.integer(256))
        break
      default:
        list = [...list.slice(0, from), ...list.slice(from, Math.min(to, from + 20)), ...list.slice(from)]
    }
  }
  return Uint8Array.from(list)
}

function targetsOf({ targets }: OwnSamples): readonly number[] | null {
  if (targets.type === 'none') return null
  return targets.type === 'numbers'
    ? [...targets.values]
    : Array.from(targets.labels, (label) => (Number.isNaN(Number(targets.names[label])) ? label : Number(targets.names[label])))
}

/** Reads all mutants; gives how many were accepted. */
async function read(
  make: (stream: RandomStream) => readonly Uint8Array[],
  count: number,
  twin: (files: readonly Uint8Array[]) => Twin | null,
  targetColumns: number | null = null,
) {
  const stream = namedStream(SEED, 'mutants')
  let accepted = 0
  let slowest = 0
  for (let trial = 0; trial < count; trial++) {
    const files = make(stream)
    const began = performance.now()
    let own: OwnSamples | null = null
    try {
      own = await readOwnFiles(
        files.map((bytes, i) => file(`f${i}`, bytes)),
        null,
        2 ** 24,
        targetColumns,
      )
    } catch (error) {
      if (!(error instanceof FaultError)) throw error
      expect(error.fault.type).toBe('dataCorrupt')
      expect(error.fault.detail).toMatch(/^The data file [^\n]{3,300}\.$/u)
    }
    slowest = Math.max(slowest, performance.now() - began)
    if (own === null) continue
    accepted++
    const expected = twin(files)
    expect(expected, `trial ${trial} was accepted`).not.toBeNull()
    expect([...own.values]).toEqual(expected!.values)
    expect(targetsOf(own)).toEqual(expected!.targets)
    // A header may promise what it likes: nothing is ever larger than what is there.
    expect(own.values.byteLength).toBeLessThanOrEqual(8 * files.reduce((sum, bytes) => sum + bytes.length, 0))
  }
  // No hang: files of a few kilobytes take milliseconds, whatever they say; two cores may be busy with something else.
  expect(slowest).toBeLessThan(2000)
  return accepted
}

const pictures = idxBytes(
  [20, 3, 3],
  Array.from({ length: 180 }, (_, i) => (i * 11) % 256),
)
const labels = idxBytes(
  [20],
  Array.from({ length: 20 }, (_, i) => i % 4),
)

function idxTwin(bytes: Uint8Array): { shape: number[]; values: number[] } | null {
  const list = Array.from(bytes)
  if (list[0] !== 0 || list[1] !== 0 || list[2] !== 8) return null
  const shape = Array.from({ length: list[3] }, (_, k) => list.slice(4 + 4 * k, 8 + 4 * k).reduce((sum, byte) => 256 * sum + byte, 0))
  const values = list.slice(4 + 4 * list[3])
  return shape.reduce((a, b) => a * b, 1) === values.length ? { shape, values } : null
}

function pairTwin(files: readonly Uint8Array[]): Twin | null {
  const read2 = files.map(idxTwin)
  const x = read2.find((array) => array?.shape.length === 3)
  const y = read2.find((array) => array?.shape.length === 1)
  if (!x || !y || x.shape[0] !== y.shape[0]) return null
  return { values: x.values, targets: y.values }
}

describe(`readOwnFiles of mutants (seed ${SEED})`, () => {
  test('reads no pair of IDX files otherwise than byte by byte', async () => {
    const accepted = await read(
      (stream) => (stream.integer(2) === 0 ? [mutant(pictures, stream), labels] : [pictures, mutant(labels, stream)]),
      6000,
      pairTwin,
    )
    // Changed pixels are other pictures and no fault; what is refused is more.
    expect(accepted).toBeGreaterThan(300)
    expect(accepted).toBeLessThan(4000)
  }, 60_000)

  test('reads no packed IDX file that is damaged', async () => {
    const packed = gzipped(pictures)
    const accepted = await read(
      (stream) => [mutant(packed, stream)],
      3000,
      ([bytes]) => {
        // Its header has bytes without a meaning (time, system, a name): what must not pass is another content.
        const content = Uint8Array.from(gunzipSync(bytes))
        return content.every((byte, i) => byte === pictures[i]) ? { values: idxTwin(content)!.values, targets: null } : null
      },
    )
    expect(accepted).toBeLessThan(300)
  }, 60_000)

  test.each([1, 2] as const)(
    'reads no batch of CIFAR with %i label bytes otherwise than record by record',
    async (labelBytes) => {
      const batch = cifarBytes(cifarRecords(2, labelBytes))
      const accepted = await read(
        (stream) => [mutant(batch, stream)],
        2000,
        ([bytes]) => cifarTwin(bytes),
      )
      expect(accepted).toBeGreaterThan(100)
    },
    60_000,
  )

  test('reads no pair of npy files otherwise than entry by entry', async () => {
    const x = npyBytes(
      [20, 3],
      Array.from({ length: 60 }, (_, i) => i / 8 - 3),
    )
    const y = npyBytes(
      [20],
      Array.from({ length: 20 }, (_, i) => i % 2),
      { type: '<i8' },
    )
    const accepted = await read(
      (stream) => (stream.integer(3) === 0 ? [x, mutant(y, stream)] : [mutant(x, stream), y]),
      6000,
      (files) => {
        const arrays = files.map(npyTwin)
        const inputs = arrays.find((array) => array !== null && array.shape.length > 1 && array.shape[1] > 1)
        const answer = arrays.find(
          (array) => array !== null && (array.shape.length === 1 || (array.shape.length === 2 && array.shape[1] === 1)),
        )
        if (!inputs || !answer || inputs.shape[0] !== answer.shape[0]) return null
        return { values: inputs.values, targets: answer.values }
      },
    )
    expect(accepted).toBeGreaterThan(100)
  }, 60_000)

  test('reads no pair of npy files with several targets otherwise than entry by entry', async () => {
    const x = npyBytes(
      [20, 3],
      Array.from({ length: 60 }, (_, i) => i / 8 - 3),
    )
    const y = npyBytes(
      [20, 2],
      Array.from({ length: 40 }, (_, i) => 2 - i / 3),
    )
    const accepted = await read(
      (stream) => (stream.integer(2) === 0 ? [x, mutant(y, stream)] : [mutant(x, stream), y]),
      4000,
      (files) => {
        const [a, b] = files.map(npyTwin)
        if (a === null || b === null || a.shape[0] !== b.shape[0]) return null
        const width = ({ shape, values }: { shape: number[]; values: number[] }) => values.length / shape[0]
        const [inputs, answer] = width(a) > width(b) ? [a, b] : [b, a]
        return width(inputs) === width(answer) || answer.shape.length > 2 ? null : { values: inputs.values, targets: answer.values }
      },
    )
    expect(accepted).toBeGreaterThan(100)
  }, 60_000)

  test('reads no two last columns as targets otherwise than line by line', async () => {
    const accepted = await read(
      (stream) => [mutant(text(csvOf(30)), stream)],
      3000,
      ([bytes]) => {
        const table = tableTwin(bytes)
        if (table === null || table.some((row) => row.length < 3)) return null
        return { values: table.flatMap((row) => row.slice(0, -2)), targets: table.flatMap((row) => row.slice(-2)) }
      },
      2,
    )
    expect(accepted).toBeGreaterThan(100)
  }, 60_000)

  test.each([
    ['of words under names', `a,b,kind\n${wordsOf(30)}`],
    ['of words without names', wordsOf(30)],
    ['of words first, with semicolons', wordsOf(30, ';', true)],
    ['with commas', csvOf(30)],
    ['with names and CRLF', `\uFEFFa,"b ""x""",class\r\n${csvOf(30).replaceAll('\n', '\r\n')}\r\n`],
    ['with semicolons', csvOf(30, 3, ';')],
  ])(
    'reads no table %s otherwise than line by line',
    async (_what, words) => {
      const accepted = await read(
        (stream) => [mutant(text(words), stream)],
        3000,
        ([bytes]) => csvTwin(bytes),
      )
      expect(accepted).toBeGreaterThan(100)
    },
    60_000,
  )
})

/** Two records that lost two bytes can be two of the other set; nothing in the format says so. */
function cifarTwin(bytes: Uint8Array): Twin | null {
  const layouts = [1, 2].map((labelBytes) => {
    const size = 3072 + labelBytes
    if (bytes.length % size !== 0) return null
    const rows = Array.from({ length: bytes.length / size }, (_, k) => Array.from(bytes.slice(size * k, size * (k + 1))))
    const isRight = rows.every((row) => (labelBytes === 1 ? row[0] < 10 : row[0] < 20 && row[1] < 100))
    return isRight ? { values: rows.flatMap((row) => row.slice(labelBytes)), targets: rows.map((row) => row[labelBytes - 1]) } : null
  })
  return layouts[0] ?? layouts[1]
}

/** The header as Python reads it, by turning it into JSON; numbers by their places. */
function npyTwin(bytes: Uint8Array): { shape: number[]; values: number[] } | null {
  const view = new DataView(bytes.buffer)
  const version = bytes[6]
  const [length, start] = version === 1 ? [view.getUint16(8, true), 10] : [view.getUint32(8, true), 12]
  const words = new TextDecoder().decode(bytes.slice(start, start + length))
  const json = words.replaceAll("'", '"').replace('True', 'true').replace('False', 'false').replace('(', '[').replace(')', ']')
  let header: { descr: string; fortran_order: boolean; shape: number[] }
  try {
    header = JSON.parse(json.replaceAll(/,\s*(?=[}\]])/gu, '')) as typeof header
  } catch {
    return null
  }
  const { descr, shape, fortran_order: isColumns } = header
  const [kind, size] = [descr[1], Number(descr.slice(2))]
  const at = (i: number): number => {
    const place = start + length + size * i
    if (kind === 'f') return size === 4 ? view.getFloat32(place, true) : view.getFloat64(place, true)
    // Byte by byte: two's complement for i.
    let value = 0n
    for (let k = size - 1; k >= 0; k--) value = 256n * value + BigInt(bytes[place + k])
    if (kind === 'i' && value >= 1n << BigInt(8 * size - 1)) value -= 1n << BigInt(8 * size)
    return Number(value)
  }
  const count = shape.reduce((a, b) => a * b, 1)
  if (bytes.length !== start + length + size * count) return null
  const [rows, columns] = [shape[0], count / shape[0]]
  const values = Array.from({ length: count }, (_, i) => Math.fround(at(isColumns ? (i % columns) * rows + Math.floor(i / columns) : i)))
  return values.every(Number.isFinite) ? { shape, values } : null
}

/** Lines of two numbers and a word of three, at one end. */
function wordsOf(rows: number, separator = ',', isFirst = false): string {
  return Array.from({ length: rows }, (_, i) => {
    const [numbers, word] = [[i / 4, (i * 7) % 11], ['ash', 'Birch', 'oak'][i % 3]]
    return (isFirst ? [word, ...numbers] : [...numbers, word]).join(separator)
  }).join('\n')
}
