// What is in an IDX file? The format of MNIST and its relatives: big-endian, a type byte, the sizes, then raw values.
//
// Only unsigned bytes (type 0x08): every image set in this format uses them, and a wrong guess would be a wrong picture.
import { corrupt } from './dataFaults.ts'

/** An array of unsigned bytes with its shape. */
export interface IdxArray {
  /** Sizes from the slowest to the fastest index: [count] for labels, [count, height, width] for images. */
  readonly shape: readonly number[]
  /** Row-major; a view into the file's bytes. */
  readonly values: Uint8Array
}

/**
 * Reads one decompressed IDX file.
 *
 * @param file the name that a fault shall carry.
 * @throws {FaultError} `dataCorrupt` when the signature, the type or the length is wrong.
 */
export function parseIdx(bytes: Uint8Array, file: string): IdxArray {
  if (bytes.length < 4 || bytes[0] !== 0 || bytes[1] !== 0) throw corrupt(file, 'does not start like an IDX file')
  if (bytes[2] !== 0x08) throw corrupt(file, `holds values of type ${bytes[2]}, and only unsigned bytes (8) are read`)
  const rank = bytes[3]
  const start = 4 + 4 * rank
  if (rank < 1 || rank > 4 || bytes.length < start) throw corrupt(file, `announces ${rank} dimensions and holds ${bytes.length} bytes`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const shape = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i))
  const expected = shape.reduce((product, size) => product * size, 1)
  if (bytes.length - start !== expected) {
    throw corrupt(file, `holds ${bytes.length - start} values where its header announces ${shape.join(' x ')}`)
  }
  return { shape, values: bytes.subarray(start) }
}
