// How do files that somebody chose become samples, without trusting a byte of them? Sized, digested, opened, sniffed, parsed,
// put together; the first thing that is wrong ends it with one sentence, and nothing has changed.
//
// The digest is of the files as they lie on the disk, so that anybody can compare it; of several files, of their digests in
// ascending order, so that the order in which they were chosen does not count.
import type { OwnFile } from '../../core/experiment.ts'
import { LIMITS } from '../../core/limits.ts'
import { corrupt } from '../dataFaults.ts'
import { gunzip } from '../gunzip.ts'
import { parseIdx } from '../idx.ts'
import { sha256 } from '../sha256.ts'
import { readCifar } from './cifar.ts'
import { csvSamples } from './csvSamples.ts'
import { parseCsv } from './csvTable.ts'
import { idxSamples, isStoredTransposed } from './idxSamples.ts'
import { parseNpy } from './npy.ts'
import { npySamples } from './npySamples.ts'
import type { OwnSamples, ReadSamples } from './ownSamples.ts'
import { isGzip, sniffFormat, type OwnFormat } from './sniffFormat.ts'

/** One file as it lies on the disk. */
export interface OwnBytes {
  readonly name: string
  readonly bytes: Uint8Array
}

/** What all files of one choice may hold together, as they are and unfolded: all of CIFAR, or EMNIST balanced. */
export const OWN_FILE_LIMITS = { files: 20, bytes: 320 * 2 ** 20 } as const

const FORMAT_NAMES: Readonly<Record<OwnFormat, string>> = { idx: 'IDX', npy: 'npy', cifar: 'CIFAR', csv: 'CSV' }

/**
 * Refuses files by number and size, before anything is read.
 *
 * @throws {FaultError} `dataCorrupt` with one sentence.
 */
export function demandSizes(files: readonly { readonly name: string; readonly size: number }[]): void {
  if (files.length === 0) throw corrupt('of your own', 'is missing: nothing was chosen')
  if (files.length > OWN_FILE_LIMITS.files) {
    throw corrupt(files[0].name, `came with ${files.length - 1} others, and at most ${OWN_FILE_LIMITS.files} files are read together`)
  }
  const empty = files.find(({ size }) => size === 0)
  if (empty !== undefined) throw corrupt(empty.name, 'is empty')
  const total = files.reduce((sum, { size }) => sum + size, 0)
  if (total > OWN_FILE_LIMITS.bytes) {
    const largest = files.reduce((a, b) => (b.size > a.size ? b : a))
    throw corrupt(largest.name, `is too large: ${megabytes(total)} were chosen, and at most ${megabytes(OWN_FILE_LIMITS.bytes)} are read`)
  }
}

/**
 * Reads one choice of files.
 *
 * @param recordedName the name that an experiment carries for these files; else it is made from theirs.
 * @param mostUnfolded bytes of all contents together; reading stops there.
 * @param targetColumns so many last columns of a table are numbers to be predicted; null: the table says it. Other formats do not ask.
 * @throws {FaultError} `dataCorrupt`, naming the file, with one sentence for the first thing that is wrong.
 */
export async function readOwnFiles(
  files: readonly OwnBytes[],
  recordedName: string | null = null,
  mostUnfolded: number = OWN_FILE_LIMITS.bytes,
  targetColumns: number | null = null,
): Promise<OwnSamples> {
  demandSizes(files.map(({ name, bytes }) => ({ name, size: bytes.length })))
  const digested = await Promise.all(files.map(async (file) => ({ ...file, digest: await sha256(file.bytes) })))
  const ordered = digested.toSorted((a, b) => (a.digest < b.digest ? -1 : 1))
  const twice = ordered.find(({ digest }, i) => i > 0 && ordered[i - 1].digest === digest)
  if (twice !== undefined) throw corrupt(twice.name, 'was chosen twice')
  let room = mostUnfolded
  const opened: { readonly name: string; readonly bytes: Uint8Array; readonly format: OwnFormat }[] = []
  for (const { name, bytes } of ordered) {
    const content = isGzip(bytes) ? await opening(bytes, room, name) : bytes
    room -= content.length
    if (isGzip(content)) throw corrupt(name, 'is packed twice: unpack it once')
    opened.push({ name, bytes: content, format: sniffFormat(content, name) })
  }
  const name = recordedName ?? nameOf(files.map((file) => file.name))
  const read = samplesOf(opened, name, targetColumns)
  if (read.count < 2) throw corrupt(opened[0].name, 'holds a single sample, and two are the least to learn from')
  const { shape, ...samples } = read
  const digest = ordered.length === 1 ? ordered[0].digest : await digestOfDigests(ordered.map((file) => file.digest))
  const classes = samples.targets.type === 'classes' ? samples.targets.names.length : 0
  const [channels, height, width] = shape
  const { targets } = samples
  // One number that the file itself says needs no word in a link.
  const isSaid = targets.type === 'numbers' && (targets.width > 1 || (targetColumns !== null && samples.mostTargets > 0))
  const outputs = isSaid ? { outputs: targets.width } : {}
  return { ...samples, file: { name, sha256: digest, channels, height, width, classes, ...outputs } }
}

/**
 * Reads one choice of files; those that an experiment waits for are read under the name that it carries.
 *
 * The same bytes may mean other pictures under another name (EMNIST), and other targets where somebody said how many.
 *
 * @throws {FaultError} as `readOwnFiles` does.
 */
export async function readWantedFiles(
  files: readonly OwnBytes[],
  wanted: OwnFile | null,
  targetColumns: number | null = null,
): Promise<OwnSamples> {
  const samples = await readOwnFiles(files, null, OWN_FILE_LIMITS.bytes, targetColumns)
  if (wanted === null || samples.file.sha256 !== wanted.sha256) return samples
  if (samples.file.name === wanted.name && samples.file.outputs === wanted.outputs) return samples
  return await readOwnFiles(files, wanted.name, OWN_FILE_LIMITS.bytes, wanted.outputs ?? null)
}

async function opening(bytes: Uint8Array, room: number, name: string): Promise<Uint8Array> {
  if (bytes.length < 18) throw corrupt(name, 'ends before its packed contents do')
  return await gunzip(bytes, room, name)
}

function samplesOf(
  files: readonly { readonly name: string; readonly bytes: Uint8Array; readonly format: OwnFormat }[],
  name: string,
  targetColumns: number | null,
): ReadSamples {
  const [{ format }] = files
  const other = files.find((file) => file.format !== format)
  if (other !== undefined) {
    throw corrupt(
      other.name,
      `is ${FORMAT_NAMES[other.format]} and ${files[0].name} is ${FORMAT_NAMES[format]}: files of one format are read together`,
    )
  }
  switch (format) {
    case 'idx':
      return idxSamples(
        files.map((file) => ({ name: file.name, ...parseIdx(file.bytes, file.name) })),
        isStoredTransposed(name),
      )
    case 'npy':
      return npySamples(files.map((file) => ({ name: file.name, ...parseNpy(file.bytes, file.name) })))
    case 'cifar':
      return readCifar(files)
    case 'csv':
      if (files.length > 1) throw corrupt(files[1].name, 'is a second table, and one is read at a time')
      return csvSamples(parseCsv(files[0].bytes, files[0].name), files[0].name, targetColumns)
    default:
      return format satisfies never
  }
}

async function digestOfDigests(digests: readonly string[]): Promise<string> {
  return await sha256(new TextEncoder().encode(digests.map((digest) => `${digest}\n`).join('')))
}

/** A name that a link can carry: without control letters, not too long. */
function nameOf(names: readonly string[]): string {
  const clean = names.map((name) => name.replaceAll(/[\p{C}\p{Z}]+/gu, ' ').trim() || 'file').toSorted()
  const [first, ...rest] = clean
  const whole = clean.join(' + ')
  if (whole.length <= LIMITS.fileName.max) return whole
  const ending = rest.length === 0 ? '…' : `… + ${rest.length} more`
  return `${cut(first, LIMITS.fileName.max - ending.length)}${ending}`
}

/** Never through the middle of a letter. */
function cut(text: string, length: number): string {
  let out = ''
  for (const letter of text) {
    if (out.length + letter.length > length) break
    out += letter
  }
  return out
}

function megabytes(bytes: number): string {
  return bytes >= 2 ** 30 ? `${(bytes / 2 ** 30).toFixed(1)} GB` : `${Math.ceil(bytes / 2 ** 20)} MB`
}
