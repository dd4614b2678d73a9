// Which labels belong to which pictures? Those of the same count: names of files are not trusted with it.
//
// EMNIST stores its pictures with rows and columns exchanged, and nothing in the bytes says so; there, and only there, the
// name counts: the one that the experiment carries, so that a link means the same pictures whatever a copy is called.
import { LIMITS } from '../../core/limits.ts'
import { corrupt } from '../dataFaults.ts'
import type { IdxArray } from '../idx.ts'
import { demandClasses } from './classLabels.ts'
import type { ReadSamples } from './ownSamples.ts'

/** One IDX file with the name that a fault shall carry. */
export interface NamedIdx extends IdxArray {
  readonly name: string
}

/** True where the name says that pictures are stored with rows and columns exchanged. */
export function isStoredTransposed(name: string): boolean {
  return /emnist/iu.test(name)
}

/**
 * The samples of pictures with or without labels; several pairs of different counts are joined, in the order of the pictures.
 *
 * @param isTransposed rows and columns of each picture are exchanged.
 * @throws {FaultError} `dataCorrupt` when files do not pair, sizes differ or labels are none.
 */
export function idxSamples(files: readonly NamedIdx[], isTransposed: boolean): ReadSamples {
  const pictures = files.filter(({ shape }) => shape.length === 3)
  const labels = files.filter(({ shape }) => shape.length === 1)
  const strange = files.find(({ shape }) => shape.length !== 3 && shape.length !== 1)
  if (strange !== undefined) {
    throw corrupt(strange.name, `holds an array of ${strange.shape.length} dimensions, where pictures have 3 and labels 1`)
  }
  const empty = files.find(({ values }) => values.length === 0)
  if (empty !== undefined) throw corrupt(empty.name, 'holds an array without entries')
  if (pictures.length === 0) throw corrupt(files[0].name, 'holds only labels: choose the pictures together with it')
  const [, height, width] = pictures[0].shape
  for (const { name, shape } of pictures) {
    if (shape[1] !== height || shape[2] !== width)
      throw corrupt(name, `holds pictures of ${shape[1]} x ${shape[2]}, and ${pictures[0].name} of ${height} x ${width}`)
    if (Math.max(height, width) > LIMITS.fileSide.max)
      throw corrupt(name, `has a side of ${Math.max(height, width)}, and ${LIMITS.fileSide.max} are read`)
  }
  const paired = labels.length === 0 ? null : pictures.map((picture) => labelsFor(picture, pictures, labels))
  if (labels.length > pictures.length) throw corrupt(labels[0].name, 'is one file of labels too many: each belongs to one file of pictures')
  const count = pictures.reduce((sum, { shape }) => sum + shape[0], 0)
  const values = joined(pictures.map((picture) => picture.values))
  const notes = [
    ...(pictures.length > 1 ? [`${pictures.length} pairs of files are joined.`] : []),
    ...(isTransposed ? ['Rows and columns are exchanged, because the name says EMNIST.'] : []),
    ...(paired === null ? ['There are no labels, so each picture can only be its own target.'] : []),
  ]
  return {
    format: 'IDX (MNIST)',
    shape: isTransposed ? [1, width, height] : [1, height, width],
    count,
    values: isTransposed ? transposed(values, height, width) : values,
    unit: 255,
    targets: paired === null ? { type: 'none' } : demandClasses(joined(paired.map((file) => file.values)), paired[0].name),
    columnNames: null,
    mostTargets: 0,
    notes,
  }
}

function labelsFor(picture: NamedIdx, pictures: readonly NamedIdx[], labels: readonly NamedIdx[]): NamedIdx {
  const [count] = picture.shape
  const fitting = labels.filter(({ shape }) => shape[0] === count)
  if (fitting.length === 0) {
    const counts = labels.map(({ shape }) => shape[0]).join(' and ')
    throw corrupt(picture.name, `holds ${count} pictures, and the labels beside it are ${counts}`)
  }
  if (fitting.length > 1 || pictures.some((other) => other !== picture && other.shape[0] === count)) {
    throw corrupt(picture.name, `holds as many pictures (${count}) as another file, so which labels are whose cannot be told`)
  }
  return fitting[0]
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** Each picture of [height, width] as [width, height]. */
function transposed(values: Uint8Array, height: number, width: number): Uint8Array {
  const out = new Uint8Array(values.length)
  const area = height * width
  for (let first = 0; first < values.length; first += area) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) out[first + x * height + y] = values[first + y * width + x]
    }
  }
  return out
}
