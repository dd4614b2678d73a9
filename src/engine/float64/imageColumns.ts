// Where do the windows of a convolution stand in an image?
//
// A window is a row of numbers (im2col), so that a convolution becomes three matrix products. Windows are gathered by a
// table of positions: zero padding is one more entry behind the image, circular padding is only other positions.
import { imageAfter, inputWidthOf, type ConvLayerSpec } from '../../core/networkSpec.ts'

/** Windows of one layer; the arrays are scratch for one sample at a time. */
export interface ImageColumns {
  /** Windows of an image. */
  readonly positions: number
  /** Entries of a window, [inChannels, kernel, kernel] as in W. */
  readonly taps: number
  /** into [positions, taps] = windows of the image that starts at `start`. */
  gather(images: Float64Array, start: number, into: Float64Array): void
  /** The image at `start` = sums of the entries of windows [positions, taps] that stand at each place: the transpose of `gather`. */
  scatter(windows: Float64Array, images: Float64Array, start: number): void
}

export function imageColumns(layer: ConvLayerSpec): ImageColumns {
  const [outHeight, outWidth] = imageAfter(layer)
  const positions = outHeight * outWidth
  const taps = layer.inChannels * layer.kernel * layer.kernel
  const width = inputWidthOf(layer)
  const table = windowTable(layer, outHeight, outWidth)
  /** One image and, behind it, the padding. */
  const padded = new Float64Array(width + 1)
  return {
    positions,
    taps,
    gather(images, start, into) {
      for (let i = 0; i < width; i++) padded[i] = images[start + i]
      padded[width] = 0
      for (let i = 0; i < table.length; i++) into[i] = padded[table[i]]
    },
    scatter(windows, images, start) {
      padded.fill(0)
      for (let i = 0; i < table.length; i++) padded[table[i]] += windows[i]
      for (let i = 0; i < width; i++) images[start + i] = padded[i]
    },
  }
}

/** [positions, taps] places in an image; its width means padding. */
function windowTable(layer: ConvLayerSpec, outHeight: number, outWidth: number): Int32Array {
  const { inChannels, height, width, kernel, stride, padding, paddingMode } = layer
  const outside = inChannels * height * width
  const wrapped = (at: number, side: number) => (paddingMode === 'circular' ? ((at % side) + side) % side : at)
  const table = new Int32Array(outHeight * outWidth * inChannels * kernel * kernel)
  let next = 0
  for (let oy = 0; oy < outHeight; oy++) {
    for (let ox = 0; ox < outWidth; ox++) {
      for (let channel = 0; channel < inChannels; channel++) {
        for (let ky = 0; ky < kernel; ky++) {
          const y = wrapped(oy * stride + ky - padding, height)
          for (let kx = 0; kx < kernel; kx++) {
            const x = wrapped(ox * stride + kx - padding, width)
            const isInside = y >= 0 && y < height && x >= 0 && x < width
            table[next++] = isInside ? (channel * height + y) * width + x : outside
          }
        }
      }
    }
  }
  return table
}
