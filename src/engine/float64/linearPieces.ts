// How is a pass of a large linear map cut? Into rows, and into channels where one row is a part already; small ones are done at once.
import { isPart, piecesOfPart, type Parts, type Stretch } from '../parts.ts'
import type { WeightedLayer } from './network.ts'

/** A pass over `rows` samples from `from` on, for `channels` of its channels from `first` on. */
export type PieceOfPass = (from: number, rows: number, first: number, channels: number) => void

/** What is left of a pass after it was called; null: nothing, as for most layers, and no generator was made for it. */
export type Rest = Parts<void> | null

/** The whole pass: at once where it is small. */
export function inPieces(layer: WeightedLayer, rows: number, channels: number, stretch: Stretch, pass: PieceOfPass): Rest {
  const work = rows * layer.work
  if (!isPart(work)) return pieces(layer, rows, channels, stretch, pass)
  pass(0, rows, 0, channels)
  return stretch.isLong(work) ? onePlace() : null
}

/** [.., width] from a row on. */
export function rowsFrom(values: Float64Array, row: number, width: number): Float64Array {
  return row === 0 ? values : values.subarray(row * width)
}

/** The pass piece by piece: rows, and channels where one row is a part already. */
export function* pieces(
  layer: WeightedLayer,
  rows: number,
  channels: number,
  stretch: Stretch,
  pass: PieceOfPass,
  rowsAtOnce = layer.rowsAtOnce,
): Parts<void> {
  for (let from = 0; from < rows; from += rowsAtOnce) {
    const some = Math.min(rowsAtOnce, rows - from)
    const perChannel = (some * layer.work) / channels
    const channelsAtOnce = Math.min(channels, piecesOfPart(perChannel))
    for (let first = 0; first < channels; first += channelsAtOnce) {
      const count = Math.min(channelsAtOnce, channels - first)
      pass(from, some, first, count)
      if (stretch.isLong(count * perChannel)) yield
    }
  }
}

/** Nothing but a place to give way. */
export function* onePlace(): Parts<void> {
  yield
}
