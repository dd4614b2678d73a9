// What is in an .npy file? A short header in Python's notation, then the raw numbers of one array.
//
// The header is matched against the one form that NumPy writes and never evaluated; arrays of Python objects are pickles,
// which can run code, and are refused. Source: NumPy's format description, versions 1.0, 2.0 and 3.0.
import { corrupt } from '../dataFaults.ts'

/** An array of numbers with its shape. */
export interface NpyArray {
  /** Sizes from the slowest to the fastest index. */
  readonly shape: readonly number[]
  /** Row-major, whatever the order in the file; bytes stay bytes, everything else becomes float32. */
  readonly values: Uint8Array | Float32Array
  /** True where the file holds whole numbers by type. */
  readonly isInteger: boolean
}

interface Type {
  readonly size: number
  readonly isInteger: boolean
  readonly read: (view: DataView, at: number) => number
}

const TYPES: Readonly<Record<string, Type>> = {
  b1: { size: 1, isInteger: true, read: (view, at) => view.getUint8(at) },
  u1: { size: 1, isInteger: true, read: (view, at) => view.getUint8(at) },
  i1: { size: 1, isInteger: true, read: (view, at) => view.getInt8(at) },
  u2: { size: 2, isInteger: true, read: (view, at) => view.getUint16(at, true) },
  i2: { size: 2, isInteger: true, read: (view, at) => view.getInt16(at, true) },
  u4: { size: 4, isInteger: true, read: (view, at) => view.getUint32(at, true) },
  i4: { size: 4, isInteger: true, read: (view, at) => view.getInt32(at, true) },
  u8: { size: 8, isInteger: true, read: (view, at) => Number(view.getBigUint64(at, true)) },
  i8: { size: 8, isInteger: true, read: (view, at) => Number(view.getBigInt64(at, true)) },
  f4: { size: 4, isInteger: false, read: (view, at) => view.getFloat32(at, true) },
  f8: { size: 8, isInteger: false, read: (view, at) => view.getFloat64(at, true) },
}

const HEADER =
  /^\{'descr': ?'([<>|=])([a-zA-Z]\w*)', ?'fortran_order': ?(True|False), ?'shape': ?\(((?:(?:0|[1-9]\d{0,9}), ?)*(?:0|[1-9]\d{0,9})?),?\),? ?\} *\n?$/u
const LONGEST_HEADER = 4096

/**
 * Reads one .npy file.
 *
 * @param file the name that a fault shall carry.
 * @throws {FaultError} `dataCorrupt` when header, type, order of bytes or length is none that is read, or a number is not finite.
 */
export function parseNpy(bytes: Uint8Array, file: string): NpyArray {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < 12) throw corrupt(file, 'ends before the header of an npy file does')
  const version = bytes[6]
  if (version < 1 || version > 3) throw corrupt(file, `is an npy file of version ${version}, and versions 1 to 3 are read`)
  const lengthBytes = version === 1 ? 2 : 4
  const headerLength = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true)
  const start = 8 + lengthBytes + headerLength
  if (headerLength > LONGEST_HEADER || start > bytes.length) throw corrupt(file, 'ends before the header of an npy file does')
  const header = HEADER.exec(new TextDecoder().decode(bytes.subarray(8 + lengthBytes, start)))
  if (header === null) throw corrupt(file, 'is an npy file whose header cannot be read: only plain arrays of numbers are')
  const [, byteOrder, descr, fortran, sizes] = header
  if (descr === 'O') throw corrupt(file, 'holds Python objects (a pickle), which can run code and are never read')
  const type = Object.hasOwn(TYPES, descr) ? TYPES[descr] : undefined
  if (type === undefined) throw corrupt(file, `holds numbers of type ${descr}, and whole numbers, float32 and float64 are read`)
  if (byteOrder === '>' || (byteOrder === '|' && type.size > 1)) {
    throw corrupt(file, 'holds numbers in big-endian order: save it on an ordinary machine, or with astype')
  }
  const shape = sizes.split(',').flatMap((size) => (size.trim() === '' ? [] : [Number(size)]))
  const count = shape.reduce((product, size) => product * size, 1)
  if (shape.length < 1 || shape.length > 4) throw corrupt(file, `holds an array of ${shape.length} dimensions, and 1 to 4 are read`)
  if (count === 0) throw corrupt(file, 'holds an array without entries')
  if (bytes.length - start !== count * type.size) {
    const expected = `${shape.join(' x ')} numbers of ${type.size} bytes`
    throw corrupt(file, `holds ${bytes.length - start} bytes where its header announces ${expected}`)
  }
  const source = fortran === 'True' ? columnOrder(shape) : null
  const values = descr === 'u1' || descr === 'b1' ? new Uint8Array(count) : new Float32Array(count)
  for (let i = 0; i < count; i++) {
    const value = type.read(view, start + type.size * (source === null ? i : source(i)))
    values[i] = value
    // Also what float32 cannot hold: it would train as infinity.
    if (!Number.isFinite(values[i])) throw corrupt(file, `holds a number that is not finite in float32 (entry ${i + 1})`)
  }
  return { shape, values, isInteger: type.isInteger }
}

/** Where entry number i of the row-major array lies when the first index runs fastest. */
function columnOrder(shape: readonly number[]): (i: number) => number {
  const strides = shape.map((_, axis) => shape.slice(0, axis).reduce((product, size) => product * size, 1))
  return (i) => {
    let rest = i
    let at = 0
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += (rest % shape[axis]) * strides[axis]
      rest = Math.floor(rest / shape[axis])
    }
    return at
  }
}
