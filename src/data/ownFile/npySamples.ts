// Which of the arrays are inputs and which are targets? The one with fewer numbers a row answers the other.
import { LIMITS } from '../../core/limits.ts'
import { corrupt } from '../dataFaults.ts'
import { demandClasses, guessClasses } from './classLabels.ts'
import { MOST_TARGETS } from './csvSamples.ts'
import type { NpyArray } from './npy.ts'
import type { OwnTargets, ReadSamples } from './ownSamples.ts'
import { squareImageSide } from './squareImage.ts'

/** One array with the name that a fault shall carry. */
export interface NamedArray extends NpyArray {
  readonly name: string
}

/**
 * The samples of one array of inputs, with or without one array of targets of the same count.
 *
 * Inputs are [n, d], [n, h, w], [n, c, h, w] or [n, h, w, c] with at most four channels; targets [n], or [n, k] with k below the
 * numbers of one input. Whole grey
 * values up to 255 are divided by 255, or by their largest where that is at most 16; everything else stays as it is.
 *
 * @throws {FaultError} `dataCorrupt` when the arrays do not belong together.
 */
export function npySamples(arrays: readonly NamedArray[]): ReadSamples {
  if (arrays.length > 2) throw corrupt(arrays[2].name, 'is a third array, and one of inputs and one of targets are read')
  const inputs = arrays.toSorted((a, b) => rowWidth(b) - rowWidth(a))[0]
  if (isColumn(inputs)) throw corrupt(arrays[0].name, 'holds one number a row: choose the array of the inputs together with it')
  const answer = arrays.find((array) => array !== inputs)
  if (answer !== undefined && answer.shape.length > 2) {
    throw corrupt(answer.name, 'holds pictures, too: of two arrays one must have one row of targets for each sample')
  }
  if (answer !== undefined && rowWidth(answer) === rowWidth(inputs)) {
    throw corrupt(answer.name, `holds ${rowWidth(answer)} numbers a row as ${inputs.name} does: targets are told by being fewer`)
  }
  if (answer !== undefined && rowWidth(answer) > MOST_TARGETS) {
    throw corrupt(answer.name, `holds ${rowWidth(answer)} numbers a row, and at most ${MOST_TARGETS} targets are read`)
  }
  const count = inputs.shape[0]
  if (answer !== undefined && answer.shape[0] !== count) {
    throw corrupt(answer.name, `holds ${answer.shape[0]} targets for ${count} samples of ${inputs.name}`)
  }
  const targets: OwnTargets = answer === undefined ? { type: 'none' } : targetsOf(answer)
  return { format: 'NumPy array', count, targets, columnNames: null, mostTargets: 0, ...samplesOf(inputs) }
}

function isColumn({ shape }: NpyArray): boolean {
  return shape.length === 1 || (shape.length === 2 && shape[1] === 1)
}

/** Numbers for each sample. */
function rowWidth({ shape }: NpyArray): number {
  return shape.slice(1).reduce((product, size) => product * size, 1)
}

function targetsOf({ shape, values, isInteger, name }: NamedArray): OwnTargets {
  const width = rowWidth({ shape, values, isInteger })
  if (width > 1) return { type: 'numbers', values: Float32Array.from(values), width, names: null }
  const classes = isInteger ? demandClasses(values, name) : guessClasses(values)
  return classes ?? { type: 'numbers', values: Float32Array.from(values), width, names: null }
}

function samplesOf({ shape, values, name }: NamedArray): Pick<ReadSamples, 'shape' | 'values' | 'unit' | 'notes'> {
  const width = shape.slice(1).reduce((product, size) => product * size, 1)
  if (shape.length === 2) {
    const image = squareImageSide(values, width)
    if (width > LIMITS.fileSide.max) throw corrupt(name, `has ${width} numbers a row, and ${LIMITS.fileSide.max} are read`)
    if (image === null) return { shape: [1, width, 1], values: Float32Array.from(values), unit: 1, notes: [] }
    const notes = [`${width} whole numbers a row are read as pictures of ${image.side} × ${image.side}.`]
    return { shape: [1, image.side, image.side], values: Uint8Array.from(values), unit: image.unit, notes }
  }
  const [, first, second, third] = shape
  const most = LIMITS.fileChannels.max
  if (shape.length === 3) return { shape: checked([1, first, second], name), values, unit: unitOf(values), notes: [] }
  const isChannelsFirst = first <= most && !(third <= most && second > most && first === second)
  if (!isChannelsFirst && third > most)
    throw corrupt(name, `has the shape ${shape.join(' x ')}, and pictures have at most ${most} channels`)
  if (isChannelsFirst) return { shape: checked([first, second, third], name), values, unit: unitOf(values), notes: [] }
  const notes = [`The last of the four dimensions is read as ${third} ${third === 1 ? 'channel' : 'channels'}.`]
  return { shape: checked([third, first, second], name), values: channelsFirst(values, shape), unit: unitOf(values), notes }
}

function checked(shape: readonly [number, number, number], name: string): readonly [number, number, number] {
  if (Math.max(shape[1], shape[2]) > LIMITS.fileSide.max) {
    throw corrupt(name, `has a side of ${Math.max(shape[1], shape[2])}, and ${LIMITS.fileSide.max} are read`)
  }
  return shape
}

function unitOf(values: Uint8Array | Float32Array): number {
  let largest = 0
  for (const value of values) {
    if (!(value >= 0 && value <= 255 && Number.isInteger(value))) return 1
    if (value > largest) largest = value
  }
  return largest <= 1 ? 1 : largest > 16 ? 255 : largest
}

function channelsFirst<Values extends Uint8Array | Float32Array>(values: Values, shape: readonly number[]): Values {
  const [count, height, width, channels] = shape
  const area = height * width
  const out = values.slice() as Values
  for (let row = 0; row < count; row++) {
    for (let i = 0; i < area; i++) {
      for (let k = 0; k < channels; k++) out[(row * channels + k) * area + i] = values[(row * area + i) * channels + k]
    }
  }
  return out
}
