// What is in a binary batch of CIFAR? Records without a header: one label byte (CIFAR-100: coarse, then fine) and 3072 pixels.
//
// Nothing announces the format, so every label of every record must be in range; a single one that is not refuses the file.
// Pixels are red, green, blue planes of 32 x 32, row-major: already [channels, height, width].
import { corrupt } from '../dataFaults.ts'
import type { ReadSamples } from './ownSamples.ts'

const PIXELS = 3072
const CIFAR_10_NAMES = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'] as const

interface Layout {
  readonly format: string
  /** Exclusive upper bounds of the label bytes; the last one is the class. */
  readonly labelBounds: readonly number[]
  readonly names: readonly string[]
}

const CIFAR_10: Layout = { format: 'CIFAR-10 binary', labelBounds: [10], names: CIFAR_10_NAMES }
const CIFAR_100: Layout = {
  format: 'CIFAR-100 binary',
  labelBounds: [20, 100],
  names: Array.from({ length: 100 }, (_, k) => `${k}`),
}

/** True when whole records of one of the two layouts fill so many bytes. */
export function isCifarSize(bytes: number): boolean {
  return bytes > 0 && [CIFAR_10, CIFAR_100].some((layout) => bytes % recordBytes(layout) === 0)
}

/** True when the bytes are whole records with every label in range. */
export function fitsCifar(bytes: Uint8Array): boolean {
  return (
    isCifarSize(bytes.length) &&
    [CIFAR_10, CIFAR_100].some((layout) => bytes.length % recordBytes(layout) === 0 && wrongLabel(bytes, layout) === null)
  )
}

/**
 * Reads one or several batches of the same set, in the order given.
 *
 * @throws {FaultError} `dataCorrupt` when a label is out of range or the batches are of different sets.
 */
export function readCifar(batches: readonly { readonly name: string; readonly bytes: Uint8Array }[]): ReadSamples {
  const layouts = batches.map(({ name, bytes }) => layoutOf(bytes, name))
  const layout = layouts[0]
  const other = layouts.findIndex((candidate) => candidate !== layout)
  if (other > 0) throw corrupt(batches[other].name, `is a batch of ${layouts[other].format}, and ${batches[0].name} of ${layout.format}`)
  const size = recordBytes(layout)
  const count = batches.reduce((sum, { bytes }) => sum + bytes.length / size, 0)
  const values = new Uint8Array(count * PIXELS)
  const labels = new Uint8Array(count)
  let row = 0
  for (const { bytes } of batches) {
    for (let at = 0; at < bytes.length; at += size, row++) {
      labels[row] = bytes[at + size - PIXELS - 1]
      values.set(bytes.subarray(at + size - PIXELS, at + size), row * PIXELS)
    }
  }
  const notes = batches.length > 1 ? [`${batches.length} batches are joined.`] : []
  return {
    format: layout.format,
    shape: [3, 32, 32],
    count,
    values,
    unit: 255,
    targets: { type: 'classes', labels, names: layout.names },
    columnNames: null,
    mostTargets: 0,
    notes,
  }
}

function layoutOf(bytes: Uint8Array, file: string): Layout {
  const fitting = [CIFAR_10, CIFAR_100].filter((layout) => bytes.length % recordBytes(layout) === 0)
  const faults = fitting.map((layout) => wrongLabel(bytes, layout))
  const good = faults.indexOf(null)
  if (good >= 0) return fitting[good]
  throw corrupt(file, faults[0] ?? 'does not consist of whole records of CIFAR')
}

function wrongLabel(bytes: Uint8Array, { format, labelBounds }: Layout): string | null {
  const size = labelBounds.length + PIXELS
  for (let at = 0; at < bytes.length; at += size) {
    for (const [i, bound] of labelBounds.entries()) {
      const label = bytes[at + i]
      if (label >= bound)
        return `has the size of ${format}, but label ${label} in record ${at / size + 1} is out of range (0 to ${bound - 1})`
    }
  }
  return null
}

function recordBytes({ labelBounds }: Layout): number {
  return labelBounds.length + PIXELS
}
