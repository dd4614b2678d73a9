// What are the inner products of per-sample filter gradients?
//
// Either the filters' gradients themselves, a slice of channels at a time, or sums over pairs of positions of
// (s^2 C_i(a).C_j(b) + bias) (D_i(a).D_j(b)): on images of a few pixels the second is cheaper.
// Source: Goodfellow 2015 for one position; Rochette et al. 2019 for convolutions.
import { inputWidthOf, type ConvLayerSpec } from '../../core/networkSpec.ts'
import { addBoth, addGram } from './gramSums.ts'
import type { ImageColumns } from './imageColumns.ts'
import { timesTransposed } from './matrixProducts.ts'

/** Filter gradients held at once: 64 MiB. */
const HELD_ENTRIES = 8 * 2 ** 20

/** As `LayerPasses.gram`. */
export async function convolutionGram(
  layer: ConvLayerSpec,
  columns: ImageColumns,
  input: Float64Array,
  delta: Float64Array,
  rows: number,
  perRow: number,
  into: Float64Array,
  pause: () => Promise<void>,
): Promise<void> {
  const { positions, taps } = columns
  const byPairs = positions * positions * (taps + layer.outChannels) < taps * layer.outChannels
  if (byPairs) await addPairSums(layer, columns, input, delta, rows, perRow, into, pause)
  else await addExplicit(layer, columns, input, delta, rows, perRow, into, pause)
}

/** Gradients of a slice of the output channels for every delta, then their products. */
async function addExplicit(
  layer: ConvLayerSpec,
  columns: ImageColumns,
  input: Float64Array,
  delta: Float64Array,
  rows: number,
  perRow: number,
  into: Float64Array,
  pause: () => Promise<void>,
): Promise<void> {
  const { outChannels, bias, forwardScale, biasScale } = layer
  const { positions, taps } = columns
  const count = rows * perRow
  /** A channel's filter, then its bias. */
  const perChannel = taps + 1
  const windows = new Float64Array(taps * positions)
  const slice = Math.min(outChannels, Math.max(1, Math.floor(HELD_ENTRIES / (count * perChannel))))
  const filters = new Float64Array(slice * taps)
  for (let first = 0; first < outChannels; first += slice) {
    const channels = Math.min(slice, outChannels - first)
    const width = channels * perChannel
    const gradients = new Float64Array(count * width)
    for (let row = 0; row < rows; row++) {
      columns.gather(input, row * inputWidthOf(layer), windows)
      for (let p = row * perRow; p < (row + 1) * perRow; p++) {
        const start = (p * outChannels + first) * positions
        const image = delta.subarray(start, start + channels * positions)
        timesTransposed(image, windows, channels, positions, taps, forwardScale, filters, false)
        for (let channel = 0; channel < channels; channel++) {
          const at = p * width + channel * perChannel
          for (let k = 0; k < taps; k++) gradients[at + k] = filters[channel * taps + k]
          if (!bias) continue
          let sum = 0
          for (let a = 0; a < positions; a++) sum += image[channel * positions + a]
          gradients[at + taps] = biasScale * sum
        }
      }
      await pause()
    }
    await addGram(gradients, count, width, into, pause)
  }
}

async function addPairSums(
  layer: ConvLayerSpec,
  columns: ImageColumns,
  input: Float64Array,
  delta: Float64Array,
  rows: number,
  perRow: number,
  into: Float64Array,
  pause: () => Promise<void>,
): Promise<void> {
  const { outChannels, bias, forwardScale, biasScale } = layer
  const { positions, taps } = columns
  const count = rows * perRow
  const columnwise = new Float64Array(rows * taps * positions)
  for (let row = 0; row < rows; row++) {
    const own = columnwise.subarray(row * taps * positions, (row + 1) * taps * positions)
    columns.gather(input, row * inputWidthOf(layer), own)
  }
  const windows = byPosition(columnwise, rows, taps, positions)
  const deltas = byPosition(delta, count, outChannels, positions)
  const constant = bias ? biasScale * biasScale : 0
  const strip = perRow * positions
  for (let row = 0; row < rows; row++) {
    const windowProducts = new Float64Array(positions * (row + 1) * positions)
    const ownWindows = windows.subarray(row * positions * taps, (row + 1) * positions * taps)
    timesTransposed(ownWindows, windows, positions, taps, (row + 1) * positions, forwardScale * forwardScale, windowProducts, false)
    const deltaProducts = new Float64Array(strip * (row + 1) * strip)
    const ownDeltas = deltas.subarray(row * strip * outChannels, (row + 1) * strip * outChannels)
    timesTransposed(ownDeltas, deltas, strip, outChannels, (row + 1) * strip, 1, deltaProducts, false)
    for (let p = row * perRow; p < (row + 1) * perRow; p++) {
      for (let q = 0; q <= p; q++) {
        const other = Math.floor(q / perRow)
        let sum = 0
        for (let a = 0; a < positions; a++) {
          const windowRow = (a * (row + 1) + other) * positions
          const deltaRow = ((p - row * perRow) * positions + a) * (row + 1) * strip + q * positions
          for (let b = 0; b < positions; b++) sum += (windowProducts[windowRow + b] + constant) * deltaProducts[deltaRow + b]
        }
        addBoth(into, count, p, q, sum)
      }
    }
    await pause()
  }
}

/** [count, positions, channels] from [count, channels, positions]. */
function byPosition(values: Float64Array, count: number, channels: number, positions: number): Float64Array {
  const turned = new Float64Array(count * channels * positions)
  for (let p = 0; p < count; p++) {
    for (let channel = 0; channel < channels; channel++) {
      for (let a = 0; a < positions; a++) {
        turned[(p * positions + a) * channels + channel] = values[(p * channels + channel) * positions + a]
      }
    }
  }
  return turned
}
