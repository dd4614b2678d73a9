// Which 25 samples does somebody look at before accepting files? Some of every class, always the same ones for the same files.
//
// Pictures are made small here, where the samples are: the page gets a few hundred kilobytes whatever was chosen.
import { PREVIEW_SAMPLES, type OwnFilePreview, type PreviewTable, type Thumbnails } from '../../core/ownFilePreview.ts'
import { namedStream } from '../../numerics/streams.ts'
import type { OwnSamples } from './ownSamples.ts'
import { splitRows } from './ownSplits.ts'

const LARGEST_SIDE = 64
const SHOWN_COLUMNS = 6

/** The preview of samples as they were read. */
export function ownPreview(samples: OwnSamples): OwnFilePreview {
  const { file, targets, count } = samples
  const labels = targets.type === 'classes' ? targets.labels : null
  const stream = namedStream(0, 'data/preview')
  const splits = splitRows(count, labels, { train: stream, test: stream })
  const rows = splits.train.slice(0, PREVIEW_SAMPLES)
  const isVector = file.width === 1
  return {
    file,
    format: samples.format,
    count,
    trainable: splits.train.length,
    testable: splits.test.length,
    targets: targets.type,
    classNames: targets.type === 'classes' ? targets.names : [],
    classCounts: targets.type === 'classes' ? countsOf(targets.labels, targets.names.length) : [],
    targetRange: targets.type === 'numbers' ? rangeOf(targets.values) : null,
    targetColumns: targets.type === 'numbers' ? targets.width : targets.type === 'classes' ? 1 : 0,
    mostTargets: samples.mostTargets,
    notes: samples.notes,
    shown: rows.map((row) => ({ place: row + 1, answer: answerOf(samples, row) })),
    samples: isVector ? { type: 'table', ...tableOf(samples, rows) } : { type: 'pictures', ...thumbnailsOf(samples, rows) },
  }
}

function answerOf({ targets }: OwnSamples, row: number): string {
  if (targets.type === 'classes') return targets.names[targets.labels[row]]
  if (targets.type === 'none') return ''
  return Array.from(targets.values.subarray(row * targets.width, (row + 1) * targets.width), String).join(' ')
}

function countsOf(labels: Uint8Array, classes: number): readonly number[] {
  const counts = Array.from({ length: classes }, () => 0)
  for (const label of labels) counts[label]++
  return counts
}

function rangeOf(values: Float32Array): NonNullable<OwnFilePreview['targetRange']> {
  let [min, max, sum] = [Infinity, -Infinity, 0]
  for (const value of values) {
    min = Math.min(min, value)
    max = Math.max(max, value)
    sum += value
  }
  return { min, mean: sum / values.length, max }
}

function tableOf({ file, values, unit, columnNames }: OwnSamples, rows: readonly number[]): PreviewTable {
  const width = file.channels * file.height
  const shown = Math.min(width, SHOWN_COLUMNS)
  return {
    columns: Array.from({ length: shown }, (_, k) => ({ place: k, name: columnNames?.[k] ?? `x${k + 1}` })),
    hidden: width - shown,
    rows: rows.map((row) => Array.from({ length: shown }, (_, k) => values[row * width + k] / unit)),
  }
}

/** One or two channels are grey, more are red, green and blue; large pictures keep every so many-th pixel. */
function thumbnailsOf(samples: OwnSamples, rows: readonly number[]): Thumbnails {
  const { channels, height, width } = samples.file
  const shrink = Math.max(1, Math.max(height, width) / LARGEST_SIDE)
  const [rowsShown, columnsShown] = [Math.max(1, Math.floor(height / shrink)), Math.max(1, Math.floor(width / shrink))]
  const pixels = new Uint8ClampedArray(rows.length * rowsShown * columnsShown * 4)
  const colours = channels >= 3 ? [0, 1, 2] : [0, 0, 0]
  let at = 0
  for (const row of rows) {
    const first = row * channels * height * width
    const { low, span } = brightnessOf(samples, first)
    for (let y = 0; y < rowsShown; y++) {
      for (let x = 0; x < columnsShown; x++) {
        const place = first + Math.floor(y * shrink) * width + Math.floor(x * shrink)
        for (const channel of colours) pixels[at++] = (255 * (samples.values[place + channel * height * width] - low)) / span
        pixels[at++] = 255
      }
    }
  }
  return { height: rowsShown, width: columnsShown, pixels }
}

/** Black and white of one picture: 0 and the unit, or its own extremes where numbers have no known scale. */
function brightnessOf({ values, unit, file }: OwnSamples, first: number): { readonly low: number; readonly span: number } {
  if (unit > 1) return { low: 0, span: unit }
  let [low, high] = [Infinity, -Infinity]
  for (let i = first, end = first + file.channels * file.height * file.width; i < end; i++) {
    low = Math.min(low, values[i])
    high = Math.max(high, values[i])
  }
  return { low, span: high > low ? high - low : 1 }
}
