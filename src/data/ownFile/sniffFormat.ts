// What kind of file is this? Its first bytes say so, never its name: a name can be anything.
//
// CIFAR batches have no signature; their size and every label byte must fit instead (`cifar.ts`).
import { corrupt } from '../dataFaults.ts'
import { fitsCifar, isCifarSize } from './cifar.ts'

/** The formats that are read, gzip taken off before. */
export type OwnFormat = 'idx' | 'npy' | 'cifar' | 'csv'

const SIGNATURES: readonly { readonly bytes: readonly number[]; readonly at?: number; readonly what: string }[] = [
  { bytes: [0x50, 0x4b, 0x03, 0x04], what: 'is a zip archive (npz and xlsx are, too): unpack it and choose the files inside' },
  { bytes: [0x75, 0x73, 0x74, 0x61, 0x72], at: 257, what: 'is a tar archive: unpack it and choose the files inside' },
  { bytes: [0x42, 0x5a, 0x68], what: 'is packed with bzip2, and only gzip is opened: unpack it first' },
  { bytes: [0xfd, 0x37, 0x7a, 0x58, 0x5a], what: 'is packed with xz, and only gzip is opened: unpack it first' },
  { bytes: [0x89, 0x50, 0x4e, 0x47], what: 'is a single picture: sets of pictures come as IDX, CIFAR, npy or CSV' },
  { bytes: [0xff, 0xd8, 0xff], what: 'is a single picture: sets of pictures come as IDX, CIFAR, npy or CSV' },
  { bytes: [0x25, 0x50, 0x44, 0x46], what: 'is a PDF document' },
  { bytes: [0x89, 0x48, 0x44, 0x46], what: 'is an HDF5 file: save its arrays as npy' },
  { bytes: [0x50, 0x41, 0x52, 0x31], what: 'is a Parquet file: save it as CSV or npy' },
  { bytes: [0xff, 0xfe], what: 'is UTF-16 text: save it as UTF-8' },
  { bytes: [0xfe, 0xff], what: 'is UTF-16 text: save it as UTF-8' },
]
const SNIFFED_BYTES = 4096

/** True for the two bytes with which each gzip file starts. */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes.length >= 2 && bytes[0] === 0x1f && bytes[1] === 0x8b
}

/**
 * The format of one unpacked file.
 *
 * @param file the name that a fault shall carry.
 * @throws {FaultError} `dataCorrupt` saying what the file is instead, where that can be seen.
 */
export function sniffFormat(bytes: Uint8Array, file: string): OwnFormat {
  if (bytes.length === 0) throw corrupt(file, 'is empty')
  if (startsWith(bytes, [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59])) return 'npy'
  // A batch of CIFAR can start with any of these bytes, so files of its size are IDX only when the header gives that size.
  if (startsLikeIdx(bytes) && (!isCifarSize(bytes.length) || announcesItsSize(bytes))) return 'idx'
  if (fitsCifar(bytes)) return 'cifar'
  const known = SIGNATURES.find((signature) => startsWith(bytes, signature.bytes, signature.at))
  if (known !== undefined) throw corrupt(file, known.what)
  if (bytes[0] === 0x80 && bytes[1] >= 2 && bytes[1] <= 5) throw corrupt(file, 'is a Python pickle, which can run code and is never read')
  if (looksLikeText(bytes)) {
    const first = firstLetter(bytes)
    if (first === '{' || first === '[') throw corrupt(file, 'is JSON and no table; runs are opened by Export, "Open a run"')
    if (first === '<') throw corrupt(file, 'is a web page and no table')
    return 'csv'
  }
  // Damaged rather than something else: its reader names the record.
  if (isCifarSize(bytes.length)) return 'cifar'
  throw corrupt(file, 'is none of the formats that are read: IDX, CIFAR binary, npy or CSV')
}

function startsWith(bytes: Uint8Array, signature: readonly number[], at = 0): boolean {
  return bytes.length >= at + signature.length && signature.every((byte, i) => bytes[at + i] === byte)
}

/** Two zeros, one of the types of IDX, 1 to 4 dimensions. */
function startsLikeIdx(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && bytes[0] === 0 && bytes[1] === 0 && bytes[2] >= 0x08 && bytes[2] <= 0x0e && bytes[3] >= 1 && bytes[3] <= 4
}

/** True when the sizes in the header of an IDX file give its length; only then a file of CIFAR's length is one. */
function announcesItsSize(bytes: Uint8Array): boolean {
  const rank = bytes[3]
  if (bytes.length < 4 + 4 * rank) return false
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let product = 1
  for (let i = 0; i < rank; i++) product *= view.getUint32(4 + 4 * i)
  return product === bytes.length - 4 - 4 * rank
}

/** No control characters near the start, except those of lines and tabs. */
function looksLikeText(bytes: Uint8Array): boolean {
  const seen = bytes.subarray(0, SNIFFED_BYTES)
  return seen.every((byte) => (byte >= 0x20 && byte !== 0x7f) || byte === 0x09 || byte === 0x0a || byte === 0x0d)
}

function firstLetter(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes.subarray(0, SNIFFED_BYTES)).trimStart().slice(0, 1)
}
