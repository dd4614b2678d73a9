// How do edges leave the convolution kernels? Images are laid on a larger frame first; then every tap has its entry.
//
// Zero or circular padding, and the holes that a stride leaves when a delta travels back: entry j of the frame shows
// place t = j - offset, where image entry i lies at t = dilation * i; circular places repeat with the period.
import type { Tensor3D } from '@tensorflow/tfjs-core'
import { runKernel, type Kernel } from './kernel.ts'

export interface FrameShape {
  readonly channels: number
  readonly height: number
  readonly width: number
  readonly frameHeight: number
  readonly frameWidth: number
  readonly offset: number
  readonly dilation: number
  /** Places after which the image repeats; null for zeros around it. */
  readonly period: readonly [number, number] | null
}

/** Further than any place: no repetition. */
const NEVER = 1 << 20

const UNIFORMS = {
  height: 'i32',
  width: 'i32',
  frameHeight: 'i32',
  frameWidth: 'i32',
  shiftRow: 'i32',
  shiftColumn: 'i32',
  dilation: 'i32',
  periodHeight: 'i32',
  periodWidth: 'i32',
  lastRow: 'i32',
  lastColumn: 'i32',
} as const

/** Any dilation, any overlap. */
const FRAME: Kernel<keyof typeof UNIFORMS> = {
  name: 'frame',
  shape: 'elementwise',
  inputs: ['X'],
  uniforms: UNIFORMS,
  body: `
    let column = index % uniforms.frameWidth;
    let above = index / uniforms.frameWidth;
    let row = above % uniforms.frameHeight;
    let base = (above / uniforms.frameHeight) * uniforms.height * uniforms.width;
    let firstRow = (row + uniforms.shiftRow) % uniforms.periodHeight;
    let firstColumn = (column + uniforms.shiftColumn) % uniforms.periodWidth;
    var sum = 0.0;
    for (var y = firstRow; y <= uniforms.lastRow; y = y + uniforms.periodHeight) {
      if (y % uniforms.dilation != 0) { continue; }
      for (var x = firstColumn; x <= uniforms.lastColumn; x = x + uniforms.periodWidth) {
        if (x % uniforms.dilation == 0) { sum = sum + X[base + (y / uniforms.dilation) * uniforms.width + x / uniforms.dilation]; }
      }
    }
    result[index] = sum;`,
}

/** Without holes and overlaps, a thread to a row: a software adapter pays for every division. */
const FRAME_ROWS: Kernel<keyof typeof UNIFORMS | 'rows'> = {
  name: 'frameRows',
  shape: 'blocks',
  inputs: ['X'],
  uniforms: { ...UNIFORMS, rows: 'i32' },
  body: `
    if (index >= uniforms.rows) { return; }
    let y = (index % uniforms.frameHeight + uniforms.shiftRow) % uniforms.periodHeight;
    let base = ((index / uniforms.frameHeight) * uniforms.height + y) * uniforms.width;
    let inside = y <= uniforms.lastRow;
    var x = uniforms.shiftColumn;
    let to = index * uniforms.frameWidth;
    for (var column = 0; column < uniforms.frameWidth; column = column + 1) {
      var value = 0.0;
      if (inside && x <= uniforms.lastColumn) { value = X[base + x]; }
      result[to + column] = value;
      x = x + uniforms.dilation;
      if (x == uniforms.periodWidth) { x = 0; }
    }`,
}

/** [lanes, n, channels * height * width] laid on frames [lanes, n, channels * frameHeight * frameWidth]. */
export function onFrame(image: Tensor3D, shape: FrameShape): Tensor3D {
  const { channels, height, width, frameHeight, frameWidth, offset, dilation, period } = shape
  const [periodHeight, periodWidth] = period ?? [NEVER, NEVER]
  const size = [image.shape[0], image.shape[1], channels * frameHeight * frameWidth]
  const uniforms = {
    height,
    width,
    frameHeight,
    frameWidth,
    shiftRow: remainder(-offset, periodHeight),
    shiftColumn: remainder(-offset, periodWidth),
    dilation,
    periodHeight,
    periodWidth,
    lastRow: (height - 1) * dilation,
    lastColumn: (width - 1) * dilation,
  }
  const overlaps = uniforms.lastRow >= periodHeight || uniforms.lastColumn >= periodWidth
  if (dilation !== 1 || overlaps) return runKernel(FRAME, [image], size, uniforms) as Tensor3D
  const rows = image.shape[0] * image.shape[1] * channels * frameHeight
  return runKernel(FRAME_ROWS, [image], size, { ...uniforms, rows }, undefined, rows) as Tensor3D
}

/** Never negative. */
function remainder(value: number, period: number): number {
  return ((value % period) + period) % period
}
