// What is in one shard of images? A fixed header, then one byte per label, then one byte per pixel: exact, no decoder between.
//
// Little-endian, 28 bytes: "PLAT", version, count, height, width, classes, maxPixel (each uint32); then count labels; then
// count * height * width pixels, row-major. Every bound is checked before a single byte is believed, so a hostile header
// can neither make us allocate nor hand out a picture with the wrong label.
import { DomainFault, ShapeFault } from '../core/faults.ts'
import { corrupt } from './dataFaults.ts'

/** The four bytes "PLAT" with which each decoded shard starts. */
const SIGNATURE = [0x50, 0x4c, 0x41, 0x54] as const
const VERSION = 1
/** Bytes before the first label. */
export const SHARD_HEADER_BYTES = 28
const MAX_COUNT = 100_000
const MAX_SIDE = 256
const MAX_CLASSES = 256

/** A block of labelled grey images with exact integer pixels. */
export interface ImageShard {
  readonly count: number
  readonly height: number
  readonly width: number
  readonly classes: number
  /** The pixel value that means 1.0: 255 for photographs, 16 for the 8x8 digits. */
  readonly maxPixel: number
  /** [count], each below `classes`. */
  readonly labels: Uint8Array
  /** [count, height * width] row-major, each at most `maxPixel`. */
  readonly pixels: Uint8Array
}

/**
 * Reads one decompressed shard; labels and pixels are views into `bytes`, not copies.
 *
 * @param bytes the whole file, nothing before and nothing after.
 * @param file the name that a fault shall carry.
 * @throws {FaultError} `dataCorrupt` with one sentence for the first thing that is wrong.
 */
export function parseImageShard(bytes: Uint8Array, file: string): ImageShard {
  if (bytes.length < SHARD_HEADER_BYTES) {
    throw corrupt(file, `holds ${bytes.length} bytes, fewer than the ${SHARD_HEADER_BYTES} of a header`)
  }
  if (SIGNATURE.some((byte, i) => bytes[i] !== byte)) {
    throw corrupt(file, 'does not start with the signature PLAT, so it is not one of our image files')
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const field = (i: number): number => view.getUint32(4 + 4 * i, true)
  const version = field(0)
  if (version !== VERSION) throw corrupt(file, `has format version ${version}, and this page reads version ${VERSION}`)
  const [count, height, width, classes, maxPixel] = [field(1), field(2), field(3), field(4), field(5)]
  demandRange(file, 'image count', count, 1, MAX_COUNT)
  demandRange(file, 'image height', height, 1, MAX_SIDE)
  demandRange(file, 'image width', width, 1, MAX_SIDE)
  demandRange(file, 'class count', classes, 1, MAX_CLASSES)
  demandRange(file, 'largest pixel value', maxPixel, 1, 255)
  const expected = SHARD_HEADER_BYTES + count * (1 + height * width)
  if (bytes.length !== expected) {
    throw corrupt(file, `holds ${bytes.length} bytes where its header announces ${expected}`)
  }
  const labels = bytes.subarray(SHARD_HEADER_BYTES, SHARD_HEADER_BYTES + count)
  const pixels = bytes.subarray(SHARD_HEADER_BYTES + count)
  const badLabel = labels.findIndex((label) => label >= classes)
  if (badLabel >= 0) {
    throw corrupt(file, `gives image ${badLabel} the label ${labels[badLabel]}, and there are only ${classes} classes`)
  }
  const badPixel = maxPixel < 255 ? pixels.findIndex((pixel) => pixel > maxPixel) : -1
  if (badPixel >= 0) throw corrupt(file, `has a pixel of ${pixels[badPixel]}, above its own limit of ${maxPixel}`)
  return { count, height, width, classes, maxPixel, labels, pixels }
}

/**
 * The bytes that `parseImageShard` reads back as the same shard.
 *
 * @throws {ShapeFault} when labels or pixels do not fit the announced shape.
 * @throws {DomainFault} when a label or a pixel is out of range.
 */
export function encodeImageShard(shard: ImageShard): Uint8Array {
  const { count, height, width, classes, maxPixel, labels, pixels } = shard
  if (labels.length !== count || pixels.length !== count * height * width) {
    throw new ShapeFault(
      `encodeImageShard: got ${labels.length} labels and ${pixels.length} pixels, expected ${count} and ${count * height * width}`,
    )
  }
  const bytes = new Uint8Array(SHARD_HEADER_BYTES + labels.length + pixels.length)
  bytes.set(SIGNATURE)
  const view = new DataView(bytes.buffer)
  for (const [i, value] of [VERSION, count, height, width, classes, maxPixel].entries()) {
    view.setUint32(4 + 4 * i, value, true)
  }
  bytes.set(labels, SHARD_HEADER_BYTES)
  bytes.set(pixels, SHARD_HEADER_BYTES + count)
  try {
    parseImageShard(bytes, 'to be written')
  } catch (error) {
    throw new DomainFault(`encodeImageShard: ${(error as Error).message}`)
  }
  return bytes
}

function demandRange(file: string, what: string, value: number, low: number, high: number): void {
  if (value < low || value > high)
    throw corrupt(file, `announces an ${what} of ${value}, outside ${low} to ${high}`.replace(/an (?=[^aeiou])/, 'a '))
}
