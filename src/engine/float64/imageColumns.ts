// Where do the windows of a convolution stand in an image?
//
// Laid out as [taps, positions] (im2col), windows make a convolution three matrix products. A tap sees whole stretches of image
// rows, so they are copied run by run; places that only zero padding fills are in no run.
import { fansOf, imageAfter, inputWidthOf, type ConvLayerSpec } from '../../core/networkSpec.ts'

/** Windows of one layer. */
export interface ImageColumns {
  /** Windows of an image. */
  readonly positions: number
  /** Entries of a window, [inChannels, kernel, kernel] as in W. */
  readonly taps: number
  /** into [taps, positions] = windows of the image that starts at `start`; entries in the padding are left alone and must be 0. */
  gather(images: Float64Array, start: number, into: Float64Array): void
  /** The image at `start` = sums of the entries of windows [taps, positions] that stand at each place: the transpose of `gather`; `count` channels from `first` on. */
  scatter(windows: Float64Array, images: Float64Array, start: number, first: number, count: number): void
}

export function imageColumns(layer: ConvLayerSpec): ImageColumns {
  const [outHeight, outWidth] = imageAfter(layer)
  const { stride } = layer
  const channelWidth = inputWidthOf(layer) / layer.inChannels
  const { runs, channelStarts } = runsOf(layer, outHeight, outWidth)
  return {
    positions: outHeight * outWidth,
    taps: fansOf(layer).fanIn,
    gather(images, start, into) {
      for (let r = 0; r < runs.length; r += 3) {
        let from = start + runs[r + 1]
        const end = runs[r] + runs[r + 2]
        for (let to = runs[r]; to < end; to++) {
          into[to] = images[from]
          from += stride
        }
      }
    },
    scatter(windows, images, start, first, count) {
      images.fill(0, start + first * channelWidth, start + (first + count) * channelWidth)
      for (let r = channelStarts[first]; r < channelStarts[first + count]; r += 3) {
        let from = start + runs[r + 1]
        const end = runs[r] + runs[r + 2]
        for (let to = runs[r]; to < end; to++) {
          images[from] += windows[to]
          from += stride
        }
      }
    },
  }
}

interface Runs {
  /** Triples: first place in the windows, first place in the image, length. */
  readonly runs: Int32Array
  /** [channels + 1] where the runs of each input channel start, and where the last ones end. */
  readonly channelStarts: Int32Array
}

function runsOf(layer: ConvLayerSpec, outHeight: number, outWidth: number): Runs {
  const { inChannels, height, width, kernel, stride, padding } = layer
  const runs: number[] = []
  const channelStarts = new Int32Array(inChannels + 1)
  for (let tap = 0; tap < inChannels * kernel * kernel; tap++) {
    const channel = Math.floor(tap / (kernel * kernel))
    const ky = Math.floor(tap / kernel) % kernel
    const kx = tap % kernel
    if (tap % (kernel * kernel) === 0) channelStarts[channel] = runs.length
    for (let oy = 0; oy < outHeight; oy++) {
      const y = placeOf(layer, oy * stride + ky - padding, height)
      if (y === null) continue
      let isOpen = false
      for (let ox = 0; ox < outWidth; ox++) {
        const x = placeOf(layer, ox * stride + kx - padding, width)
        if (x === null) {
          isOpen = false
          continue
        }
        const from = (channel * height + y) * width + x
        // A run ends where the image ends, be it at the padding or at a wrap.
        isOpen &&= from === runs[runs.length - 2] + runs[runs.length - 1] * stride
        if (isOpen) runs[runs.length - 1]++
        else runs.push((tap * outHeight + oy) * outWidth + ox, from, 1)
        isOpen = true
      }
    }
  }
  channelStarts[inChannels] = runs.length
  return { runs: Int32Array.from(runs), channelStarts }
}

/** Row or column of an image; null in zero padding. */
function placeOf({ paddingMode }: ConvLayerSpec, at: number, side: number): number | null {
  if (paddingMode === 'circular') return ((at % side) + side) % side
  return at >= 0 && at < side ? at : null
}
