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

const FRAME: Kernel<
  | 'height'
  | 'width'
  | 'frameHeight'
  | 'frameWidth'
  | 'shiftRow'
  | 'shiftColumn'
  | 'dilation'
  | 'periodHeight'
  | 'periodWidth'
  | 'lastRow'
  | 'lastColumn'
> = {
  name: 'frame',
  shape: 'elementwise',
  inputs: ['X'],
  uniforms: {
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
  },
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

/** [lanes, n, channels * height * width] laid on frames [lanes, n, channels * frameHeight * frameWidth]. */
export function onFrame(image: Tensor3D, shape: FrameShape): Tensor3D {
  const { channels, height, width, frameHeight, frameWidth, offset, dilation, period } = shape
  const [periodHeight, periodWidth] = period ?? [NEVER, NEVER]
  return runKernel(FRAME, [image], [image.shape[0], image.shape[1], channels * frameHeight * frameWidth], {
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
  }) as Tensor3D
}

/** Never negative. */
function remainder(value: number, period: number): number {
  return ((value % period) + period) % period
}
