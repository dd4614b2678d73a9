// How do tests come to files? They build them byte by byte, by the published layouts and not by the code under test.
import { gzipSync } from 'node:zlib'
import type { OwnBytes } from '../../../src/data/ownFile/readOwnFiles.ts'

/** IDX of unsigned bytes: two zeros, type 8, rank, big-endian sizes, values. */
export function idxBytes(shape: readonly number[], values: ArrayLike<number>, type = 8): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * shape.length + values.length)
  const view = new DataView(bytes.buffer)
  bytes[2] = type
  bytes[3] = shape.length
  for (const [i, size] of shape.entries()) view.setUint32(4 + 4 * i, size)
  bytes.set(Array.from(values), 4 + 4 * shape.length)
  return bytes
}

/** Binary batch of CIFAR: label bytes, then 3072 pixels, record after record. */
export function cifarBytes(records: readonly { readonly labels: readonly number[]; readonly pixels: ArrayLike<number> }[]): Uint8Array {
  return Uint8Array.from(records.flatMap(({ labels, pixels }) => [...labels, ...Array.from(pixels)]))
}

/** `count` records of CIFAR-10 (one label) or CIFAR-100 (two), pixels by a rule. */
export function cifarRecords(count: number, labelBytes: 1 | 2, pixel = (row: number, i: number) => (7 * row + 13 * i) % 256) {
  return Array.from({ length: count }, (_, row) => ({
    labels: labelBytes === 1 ? [row % 10] : [row % 20, (3 * row) % 100],
    pixels: Array.from({ length: 3072 }, (__, i) => pixel(row, i)),
  }))
}

const WRITERS = {
  '|u1': [1, (view: DataView, at: number, x: number) => view.setUint8(at, x)],
  '|i1': [1, (view: DataView, at: number, x: number) => view.setInt8(at, x)],
  '<i2': [2, (view: DataView, at: number, x: number) => view.setInt16(at, x, true)],
  '<u2': [2, (view: DataView, at: number, x: number) => view.setUint16(at, x, true)],
  '<i4': [4, (view: DataView, at: number, x: number) => view.setInt32(at, x, true)],
  '<u4': [4, (view: DataView, at: number, x: number) => view.setUint32(at, x, true)],
  '<i8': [8, (view: DataView, at: number, x: number) => view.setBigInt64(at, BigInt(x), true)],
  '<u8': [8, (view: DataView, at: number, x: number) => view.setBigUint64(at, BigInt(x), true)],
  '<f4': [4, (view: DataView, at: number, x: number) => view.setFloat32(at, x, true)],
  '<f8': [8, (view: DataView, at: number, x: number) => view.setFloat64(at, x, true)],
} as const
export type NpyType = keyof typeof WRITERS
export const NPY_TYPES = Object.keys(WRITERS) as readonly NpyType[]

/** An .npy file as NumPy writes it; `values` are in row-major order whatever the order in the file. */
export function npyBytes(
  shape: readonly number[],
  values: readonly number[],
  {
    type = '<f4',
    fortran = false,
    version = 1,
    descr = type,
  }: { type?: NpyType; fortran?: boolean; version?: number; descr?: string } = {},
): Uint8Array {
  const sizes = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`
  const text = `{'descr': '${descr}', 'fortran_order': ${fortran ? 'True' : 'False'}, 'shape': ${sizes}, }`
  const lengthBytes = version === 1 ? 2 : 4
  const padded = `${text.padEnd(Math.ceil((text.length + 9 + lengthBytes) / 64) * 64 - 9 - lengthBytes)}\n`
  const [size, write] = WRITERS[type]
  const start = 8 + lengthBytes + padded.length
  const bytes = new Uint8Array(start + size * values.length)
  const view = new DataView(bytes.buffer)
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0])
  if (version === 1) view.setUint16(8, padded.length, true)
  else view.setUint32(8, padded.length, true)
  bytes.set(new TextEncoder().encode(padded), 8 + lengthBytes)
  const order = fortran ? columnMajor(shape) : values.map((_, i) => i)
  for (const [place, from] of order.entries()) write(view, start + size * place, values[from])
  return bytes
}

/** Row-major places in the order in which the first index runs fastest, by counting. */
function columnMajor(shape: readonly number[]): readonly number[] {
  const count = shape.reduce((a, b) => a * b, 1)
  const index = shape.map(() => 0)
  return Array.from({ length: count }, () => {
    const place = index.reduce((sum, i, axis) => sum * shape[axis] + i, 0)
    for (let axis = 0; axis < shape.length; axis++) {
      if (++index[axis] < shape[axis]) break
      index[axis] = 0
    }
    return place
  })
}

export const text = (words: string): Uint8Array => new TextEncoder().encode(words)

export const file = (name: string, bytes: Uint8Array | string): OwnBytes => ({
  name,
  bytes: typeof bytes === 'string' ? text(bytes) : bytes,
})

export const gzipped = (bytes: Uint8Array): Uint8Array => new Uint8Array(gzipSync(bytes))

/** A table of `rows` lines: two features that follow the class, and the class. */
export function csvOf(rows: number, classes = 3, separator = ','): string {
  return Array.from({ length: rows }, (_, i) => [(i % classes) + i / 1000, (i * 7) % 11, i % classes].join(separator)).join('\n')
}

/** The same number so many times. */
export const same = (count: number, value: number): number[] => Array.from({ length: count }, () => value)
